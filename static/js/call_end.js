// @ts-check
/** The end of the rep's own call: told to the server as soon as that can be, and in plain words what happens to the audio. */

import { waitBefore } from "./backoff.js";
import { ApiError, request } from "./http.js";
import { notify, withdraw } from "./notices.js";
import { lasting, sleep } from "./transport/delivery.js";

const ANSWER_WITHIN_MS = 45_000;

/**
 * Hangs up, however long the network is away.
 * @param {string} callId
 * @param {{unackedMs: () => number, isOver: () => boolean}} call `isOver`: it has ended in another way
 * @returns {Promise<ApiError | null>} what the server had against it
 */
export async function tellEnd(callId, { unackedMs, isOver }) {
  for (let attempt = 0; !isOver(); attempt += 1) {
    try {
      await request(`/api/calls/${callId}/end`, { method: "POST", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      break;
    } catch (error) {
      if (error instanceof ApiError && !error.isRetryable) return error;
      const waiting = unackedMs();
      notify("hang-up", {
        tone: "warn",
        title: "The call ends as soon as the connection is back.",
        text: `The microphone is off. ${waiting > 0 ? `The last ${lasting(waiting)} of the recording wait in this browser.` : ""}`,
      });
      await sleep(waitBefore(attempt));
    }
  }
  withdraw("hang-up");
  return null;
}

/** @param {number} unackedMs */
export function sayRest(unackedMs) {
  if (unackedMs <= 0) return;
  notify("rest", {
    title: `Sending the last ${lasting(unackedMs)} of the recording…`,
    text: "The call is over. Keep this page open: then its report opens.",
  });
}

/** The network was away for so long that the server ended the call; the rep may still be talking. */
export function sayLate() {
  notify("rest", {
    tone: "warn",
    title: "There is no live help any more: the connection was away for too long.",
    text: "What is said is still recorded and transcribed until you hang up.",
  });
}

/** @param {import("./transport/outbox.js").Trouble} trouble */
export function sayTrouble(trouble) {
  if (trouble === "") withdraw("store");
  else if (trouble === "memory") {
    notify("store", {
      tone: "warn",
      title: "This browser can not store audio right now.",
      text: "Keep this page open: what is not sent yet is in its memory alone.",
    });
  } else {
    notify("store", {
      tone: "bad",
      title: "Audio was lost: this page can hold no more.",
      text: "The oldest audio that was not sent had to go. What is said now is kept.",
    });
  }
}
