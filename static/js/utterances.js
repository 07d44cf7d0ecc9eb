// @ts-check
/** Interims and lines in the order they were spoken, each utterance once. Pure. */

/** @typedef {import("./types.js").LinePayload} LinePayload */
/** @typedef {import("./types.js").Interim} Interim */

/**
 * @typedef {object} Entry
 * @property {string} key
 * @property {import("./types.js").ChannelName} channel
 * @property {string} text
 * @property {number} startMs
 * @property {boolean} isFinal
 * @property {boolean} isRecovered
 */

export class Utterances {
  /** @type {Entry[]} sorted by start */
  entries = [];
  /** @type {Set<string>} utterances that have a final line: late interims do not bring them back */
  #closed = new Set();

  /**
   * A final line takes the place of its utterance's interim. One utterance may have several finals.
   * @param {LinePayload} line
   * @param {number} seq
   * @returns {Entry}
   */
  addLine(line, seq) {
    if (!line.recovered) {
      this.#closed.add(interimKey(line));
      this.#remove(interimKey(line));
    }
    const entry = {
      key: `line-${seq}`,
      channel: line.channel,
      text: line.text,
      startMs: line.start_ms,
      isFinal: true,
      isRecovered: line.recovered,
    };
    this.#insert(entry);
    return entry;
  }

  /**
   * @param {Interim} interim
   * @returns {Entry | null} null when its line has come already
   */
  setInterim(interim) {
    const key = interimKey(interim);
    if (this.#closed.has(key)) return null;
    this.#remove(key);
    if (!interim.text) return null;
    const entry = {
      key,
      channel: interim.channel,
      text: interim.text,
      startMs: interim.start_ms,
      isFinal: false,
      isRecovered: false,
    };
    this.#insert(entry);
    return entry;
  }

  /** Nothing more will come of what was not finished. @returns {string[]} the keys removed */
  dropInterims() {
    const keys = this.entries.filter((entry) => !entry.isFinal).map((entry) => entry.key);
    keys.forEach((key) => this.#remove(key));
    return keys;
  }

  /**
   * The entry that stands after `entry`, so that a screen can insert before it.
   * @param {Entry} entry
   */
  after(entry) {
    return this.entries[this.entries.indexOf(entry) + 1] ?? null;
  }

  /** @param {Entry} entry */
  #insert(entry) {
    let index = this.entries.length;
    while (index > 0 && /** @type {Entry} */ (this.entries[index - 1]).startMs > entry.startMs) index -= 1;
    this.entries.splice(index, 0, entry);
  }

  /** @param {string} key */
  #remove(key) {
    const index = this.entries.findIndex((entry) => entry.key === key);
    if (index >= 0) this.entries.splice(index, 1);
  }
}

/** @param {{channel: string, utterance: number}} of */
function interimKey({ channel, utterance }) {
  return `${channel}/${utterance}`;
}
