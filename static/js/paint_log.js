// @ts-check
/** Card latency as the rep sees it: from the end of the triggering word to the paint, once per card. Pure. */

/** Older than this it was not painted live: the page was loaded anew, or the tab slept. */
const LONGEST_MS = 60_000;

export class PaintLog {
  /** @type {Map<string, number>} card id → capture clock at its first paint */
  #painted = new Map();
  /** @type {Set<string>} */
  #reported = new Set();

  /**
   * @param {string} id
   * @param {number | null} atMs the capture clock at the paint, null when nothing is captured here
   */
  painted(id, atMs) {
    if (atMs !== null && !this.#painted.has(id)) this.#painted.set(id, atMs);
  }

  /**
   * The message for the server, or null: not painted here, said before, or not a live paint.
   * @param {string} id
   * @param {number | null} triggerEndMs
   * @returns {{type: "painted", card_id: string, latency_ms: number} | null}
   */
  report(id, triggerEndMs) {
    const at = this.#painted.get(id);
    if (at === undefined || triggerEndMs === null || this.#reported.has(id)) return null;
    this.#reported.add(id);
    const latency = Math.round(at - triggerEndMs);
    return latency >= 0 && latency <= LONGEST_MS ? { type: "painted", card_id: id, latency_ms: latency } : null;
  }
}
