// @ts-check
/** The log over HTTP, for networks that block sockets. */

import { waitBefore } from "../backoff.js";
import { request } from "../http.js";

const WAIT_S = 20;
const ANSWER_WITHIN_MS = (WAIT_S + 10) * 1000;

export class Poller {
  /** @type {AbortController | null} */
  #running = null;

  /**
   * @param {string} callId
   * @param {() => string} cursor as parameters of the address
   * @param {(answer: import("../types.js").PolledEvents) => void} onAnswer
   * @param {(isOnline: boolean) => void} onReachable whether the server answered at all
   */
  constructor(callId, cursor, onAnswer, onReachable) {
    this.callId = callId;
    this.cursor = cursor;
    this.onAnswer = onAnswer;
    this.onReachable = onReachable;
  }

  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  /** The network is back: a request sent before may hang for long. */
  revive() {
    if (!this.#running) return;
    this.stop();
    this.start();
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const path = `/api/calls/${this.callId}/events?${this.cursor()}&wait=${WAIT_S}`;
        const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
        const answer = /** @type {import("../types.js").PolledEvents} */ (await request(path, { signal: limited }));
        failures = 0;
        this.onReachable(true);
        this.onAnswer(answer);
      } catch {
        if (signal.aborted) return;
        this.onReachable(false);
        await new Promise((resolve) => setTimeout(resolve, waitBefore(failures)));
        failures += 1;
      }
    }
  }
}
