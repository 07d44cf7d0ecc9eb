// @ts-check
/**
 * On every page of the app: audio that an earlier page could not send (the window was closed, the network gone) goes up
 * now. Its call's own page does this itself; a call that is still open is left to whoever finds it again, or to its end.
 */

import { ApiError, request } from "./http.js";
import { deliver, lasting } from "./transport/delivery.js";
import { alone, IndexedFrames, storedCalls } from "./transport/frame_store.js";
import { Outbox } from "./transport/outbox.js";

const LOOK_AGAIN_MS = 30_000;

/** @param {string} callId */
async function sendOne(callId) {
  const store = new IndexedFrames(callId);
  if (!(await store.edges())) {
    await store.destroy();
    return;
  }
  const call = await stateOf(callId);
  if (call?.state === "gone") await store.destroy();
  if (call?.state !== "ended") return;
  const outbox = new Outbox(call.channels, store);
  await outbox.load();
  const outcome = await deliver(callId, outbox, {
    onProgress: () => tell(`Sending the last ${lasting(outbox.unackedMs)} of an earlier call’s recording…`),
  });
  if (outcome === "refused") {
    tell("");
    return;
  }
  await store.destroy();
  tell(outcome === "done" ? "The rest of an earlier call’s recording is safe now." : "", `/calls/${callId}/report/`);
}

/**
 * @param {string} callId
 * @returns {Promise<{state: string, channels: 1 | 2} | null>} null: not ours to ask, or not now
 */
async function stateOf(callId) {
  try {
    return await request(`/api/calls/${callId}`);
  } catch (error) {
    return error instanceof ApiError && error.status === 404 ? { state: "gone", channels: 1 } : null;
  }
}

/**
 * @param {string} words nothing: away with it
 * @param {string} [href] where the report is
 */
function tell(words, href = "") {
  const before = document.getElementById("left-over");
  const place = before ?? document.createElement("p");
  place.id = "left-over";
  place.className = "notice notice-info";
  place.setAttribute("role", "status");
  place.hidden = words === "";
  place.textContent = words;
  if (href && words) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = "See its report";
    place.append(" ", link);
  }
  if (!before) document.getElementById("main")?.prepend(place);
}

async function sendAll() {
  const elsewhere = (await storedCalls()).filter((callId) => window.location.pathname !== `/calls/${callId}/`);
  for (const callId of elsewhere) await alone(callId, { isPatient: false }, () => sendOne(callId)).catch(() => {});
  return elsewhere.length > 0;
}

/** Calls that were still open may have ended meanwhile. */
async function look() {
  if (await sendAll().catch(() => false)) window.setTimeout(() => void look(), LOOK_AGAIN_MS);
}

void look();
