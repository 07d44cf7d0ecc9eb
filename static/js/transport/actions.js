// @ts-check
/** What people do in a call, sent until the server has it: a socket that died silently would take it along unseen. */

import { waitBefore } from "../backoff.js";
import { ApiError, request } from "../http.js";
import { sleep } from "./delivery.js";

/** About ten minutes without network; by then the card is long gone from the screen. */
const MOST_TRIES = 60;
/** A connection that only looks open says nothing for minutes. */
const ANSWER_WITHIN_MS = 10_000;

/** @typedef {import("../types.js").ClientMessage} ClientMessage */

/**
 * @typedef {object} ActionTools what tests replace
 * @property {(path: string, message: ClientMessage) => Promise<unknown>} post
 * @property {(ms: number) => Promise<void>} pause
 */

/** @returns {ActionTools} */
function browserTools() {
  return {
    post: (path, message) =>
      request(path, { method: "POST", json: message, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }),
    pause: sleep,
  };
}

export class Actions {
  /** @type {Promise<unknown>} */
  #before = Promise.resolve();
  #isClosed = false;

  /**
   * @param {string} callId
   * @param {ActionTools} tools
   */
  constructor(callId, tools = browserTools()) {
    this.path = `/api/calls/${callId}/actions`;
    this.tools = tools;
  }

  /**
   * In the order of the calls. What happens to a card is sent again until an answer comes; a note is sent once, since
   * twice would be two notes.
   * @param {ClientMessage} message
   * @returns {Promise<void>}
   * @throws {ApiError} refused, or not delivered
   */
  send(message) {
    const sent = this.#before.then(() => this.#deliver(message));
    this.#before = sent.catch(() => {});
    return sent;
  }

  /** Nothing is tried again from here on. */
  close() {
    this.#isClosed = true;
  }

  /** @param {ClientMessage} message */
  async #deliver(message) {
    const most = message.type === "note" ? 1 : MOST_TRIES;
    for (let tried = 1; ; tried += 1) {
      try {
        await this.tools.post(this.path, message);
        return;
      } catch (error) {
        const isWorthIt = error instanceof ApiError && error.isRetryable && tried < most && !this.#isClosed;
        if (!isWorthIt) throw error;
        await this.tools.pause(waitBefore(tried - 1));
      }
    }
  }
}
