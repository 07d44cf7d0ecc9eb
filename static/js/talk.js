// @ts-check
/** Who has spoken how much, as one glance. Pure. */

/** Above this share the rep talks too much (METRICS.md, Gong Labs: best near 43 %, harm above 65 %). */
export const RATIO_HIGH = 0.65;
/** Below this much speech a share says nothing yet. */
const LEAST_SPEECH_MS = 10_000;
/** Both silent for this long. */
const QUIET_MS = 4000;

/**
 * @typedef {object} TalkView
 * @property {number | null} ratio the rep's share of all speech, null while too little was said or with one channel
 * @property {"even" | "high" | "quiet"} mood
 * @property {string} words
 */

export class TalkMeter {
  #spoken = 0;
  #changedAt = 0;

  /** @param {1 | 2} channels */
  constructor(channels) {
    this.channels = channels;
  }

  /**
   * @param {{rep_ms: number, customer_ms: number}} meters
   * @param {number} now
   * @returns {TalkView}
   */
  update({ rep_ms, customer_ms }, now) {
    const spoken = rep_ms + customer_ms;
    if (spoken !== this.#spoken || this.#changedAt === 0) this.#changedAt = now;
    this.#spoken = spoken;
    const isQuiet = now - this.#changedAt > QUIET_MS;
    if (this.channels === 1) return { ratio: null, mood: isQuiet ? "quiet" : "even", words: isQuiet ? "Quiet" : "One channel" };
    if (spoken < LEAST_SPEECH_MS) return { ratio: null, mood: isQuiet ? "quiet" : "even", words: isQuiet ? "Quiet" : "Listening" };
    const ratio = rep_ms / spoken;
    if (isQuiet) return { ratio, mood: "quiet", words: "Quiet" };
    if (ratio > RATIO_HIGH) return { ratio, mood: "high", words: "You talk a lot: ask something" };
    return { ratio, mood: "even", words: "Good balance" };
  }
}
