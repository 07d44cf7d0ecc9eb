// @ts-check
/** The rest of a call's audio, by HTTP, after the call has ended or its live connection was given up. */

import { waitBefore } from "../backoff.js";
import { ApiError, request } from "../http.js";
import { joinFrames } from "./audio_frame.js";

/** 10 s a request: 640 KB of two channels. */
const MOST_FRAMES = 100;
const LOOK_MS = 1000;
const ANSWER_WITHIN_MS = 60_000;

/**
 * @typedef {"done" | "over" | "refused"} Outcome done: all of it is safe; over: the server takes no more of this call;
 * refused: not now, not from here (signed out, somebody else's), so the copy has to stay
 */

/**
 * @typedef {object} DeliveryOptions
 * @property {() => void} [onProgress] after every answer, and before the first
 * @property {() => boolean} [isMore] more may still be captured: go on when everything is delivered
 * @property {(path: string, audio: Uint8Array<ArrayBuffer>) => Promise<import("../types.js").AudioTaken>} [post]
 * @property {(ms: number) => Promise<void>} [pause]
 */

/**
 * Delivers everything in the outbox. Goes on through every failure that may pass; nothing is forgotten before its ack.
 * @param {string} callId
 * @param {import("./outbox.js").Outbox} outbox nobody else sends from it meanwhile
 * @param {DeliveryOptions} [options]
 * @returns {Promise<Outcome>}
 */
export async function deliver(callId, outbox, { onProgress = () => {}, isMore = () => false, post = send, pause = sleep } = {}) {
  let most = MOST_FRAMES;
  let failures = 0;
  outbox.rewind(outbox.oldest);
  while (outbox.unackedMs > 0 || isMore()) {
    onProgress();
    const isWorthIt = outbox.unackedMs >= most * 100 || !isMore();
    const frames = isWorthIt ? await outbox.takeRun(most) : [];
    const first = frames[0];
    if (!first) {
      // All that is left was sent without an ack, or the store can not be read yet.
      if (isWorthIt) outbox.rewind(outbox.oldest);
      await pause(LOOK_MS);
      continue;
    }
    try {
      const path = `/api/calls/${callId}/audio?first_sample=${first.first}&resume=${outbox.oldest}`;
      const { ack, next_sample } = await post(path, joinFrames(frames));
      failures = ack > outbox.oldest ? 0 : failures + 1;
      outbox.ack(ack);
      if (next_sample < first.first) outbox.rewind(next_sample);
      if (failures) await pause(waitBefore(failures - 1));
    } catch (error) {
      const { status, code } = error instanceof ApiError ? error : { status: 0, code: "" };
      if (status === 404 || code === "call_ended") return "over";
      if (status === 413 && most > 1) most = Math.ceil(most / 2);
      else if (status >= 400 && status < 500 && status !== 429) return "refused";
      else await pause(waitBefore((failures += 1)));
      outbox.rewind(outbox.oldest);
    }
  }
  return "done";
}

/**
 * @param {string} path
 * @param {Uint8Array<ArrayBuffer>} audio
 */
async function send(path, audio) {
  return /** @type {Promise<import("../types.js").AudioTaken>} */ (
    request(path, { method: "POST", audio, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
  );
}

/**
 * @param {number} ms
 * @returns {Promise<void>} earlier when the network comes back
 */
export function sleep(ms) {
  return new Promise((resolve) => {
    const wake = () => {
      window.removeEventListener("online", wake);
      window.clearTimeout(timer);
      resolve();
    };
    const timer = window.setTimeout(wake, ms);
    window.addEventListener("online", wake);
  });
}

/**
 * @param {number} ms
 * @returns {string} for people
 */
export function lasting(ms) {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
