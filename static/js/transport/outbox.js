// @ts-check
/**
 * All audio the server has not acknowledged. The browser is the last copy: what is here can be sent again after any
 * interruption. Recent frames stay in memory; older ones move to the store (IndexedDB). Pure but for the store.
 */

/** @typedef {{first: number, pcm: Uint8Array<ArrayBuffer>}} Frame first: offset of its first sample on the capture clock */

/**
 * @typedef {object} FrameStore
 * @property {(frames: Frame[]) => Promise<void>} put
 * @property {(sample: number, limit: number) => Promise<Frame[]>} readFrom frames with `first >= sample`, in order
 * @property {(sample: number) => Promise<void>} dropBefore removes frames that end at or before `sample`
 */

/** Frames kept in memory before the oldest half moves to the store: 10 s. */
export const MEMORY_FRAMES = 100;
const READ_AHEAD = 50;

export class Outbox {
  /** @type {Frame[]} */
  #memory = [];
  /** @type {Frame[]} */
  #read = [];
  #cursor = 0;
  #acked = 0;
  #next = 0;
  #spilledUntil = 0;
  /** @type {Promise<void>} */
  #storing = Promise.resolve();
  #isStoreBroken = false;

  /**
   * @param {1 | 2} channels
   * @param {FrameStore} store
   */
  constructor(channels, store) {
    this.channels = channels;
    this.store = store;
  }

  /** The sample after the last one captured. */
  get nextSample() {
    return this.#next;
  }

  /** The sample the next frame sent begins with. */
  get cursor() {
    return this.#cursor;
  }

  /** Milliseconds of audio the server has not acknowledged. */
  get unackedMs() {
    return (this.#next - this.#acked) / 16;
  }

  get hasMore() {
    return this.#cursor < this.#next;
  }

  /** The first sample that can still be sent. */
  get oldest() {
    return this.#acked;
  }

  /** What an earlier page of this call left in the store. Before anything is captured. */
  async load() {
    const stored = await this.store.readFrom(0, Number.MAX_SAFE_INTEGER).catch(() => []);
    const first = stored[0];
    const last = stored.at(-1);
    if (!first || !last) return;
    this.#acked = first.first;
    this.#cursor = first.first;
    this.#next = this.#end(last);
    this.#spilledUntil = this.#next;
  }

  /** @param {Uint8Array<ArrayBuffer>} pcm interleaved 16-bit samples */
  push(pcm) {
    const frame = { first: this.#next, pcm };
    this.#memory.push(frame);
    this.#next = this.#end(frame);
    if (this.#memory.length > MEMORY_FRAMES && !this.#isStoreBroken) this.#spill();
  }

  /**
   * Everything before `samples` is safe.
   * @param {number} samples
   */
  ack(samples) {
    if (samples <= this.#acked) return;
    const wasSpilled = this.#acked < this.#spilledUntil;
    this.#acked = Math.min(samples, this.#next);
    this.#memory = this.#memory.filter((frame) => this.#end(frame) > samples);
    this.#read = this.#read.filter((frame) => this.#end(frame) > samples);
    this.#cursor = Math.max(this.#cursor, this.#acked);
    if (wasSpilled) this.#storing = this.#storing.then(() => this.store.dropBefore(samples)).catch(() => {});
  }

  /**
   * The server expects this sample next: send again from there. When it knows more than this page ever captured
   * (the page was loaded anew), capture goes on behind it.
   * @param {number} sample
   */
  rewind(sample) {
    if (sample > this.#next) {
      this.#next = sample;
      this.#acked = sample;
    }
    this.#cursor = Math.max(this.#acked, Math.min(sample, this.#next));
    this.#read = [];
  }

  /**
   * The next frame to send, or null when everything captured was handed out. One caller at a time.
   * @returns {Promise<Frame | null>}
   */
  async take() {
    const frame = await this.#find();
    if (frame) this.#cursor = this.#end(frame);
    return frame;
  }

  /** @returns {Promise<Frame | null>} */
  async #find() {
    const stored = this.#cursor < this.#spilledUntil ? await this.#findStored() : null;
    const kept = this.#memory.find((frame) => this.#end(frame) > this.#cursor) ?? null;
    return stored && kept && kept.first < stored.first ? kept : (stored ?? kept);
  }

  /** @returns {Promise<Frame | null>} */
  async #findStored() {
    const isNext = (/** @type {Frame} */ frame) => this.#end(frame) > this.#cursor;
    if (!this.#read.some(isNext)) {
      await this.#storing;
      this.#read = await this.store.readFrom(Math.max(0, this.#cursor - 1600), READ_AHEAD).catch(() => []);
    }
    return this.#read.find(isNext) ?? null;
  }

  /** Moves the older half to the store. A store that fails keeps its frames here: memory is the better loser. */
  #spill() {
    const frames = this.#memory.splice(0, MEMORY_FRAMES / 2);
    const last = frames.at(-1);
    this.#spilledUntil = last ? this.#end(last) : this.#spilledUntil;
    this.#storing = this.#storing
      .then(() => this.store.put(frames))
      .catch(() => {
        this.#isStoreBroken = true;
        this.#memory = [...frames, ...this.#memory].sort((one, other) => one.first - other.first);
      });
  }

  /** @param {Frame} frame */
  #end(frame) {
    return frame.first + frame.pcm.byteLength / (2 * this.channels);
  }
}
