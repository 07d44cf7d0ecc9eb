// @ts-check
/**
 * All audio the server has not acknowledged. The browser is the last copy: what is here can be sent again after any
 * interruption. As soon as more than a second waits, frames are written to the store (IndexedDB) as well, so that a
 * page that dies takes next to nothing along; only the newest stay in memory. Pure but for the store.
 *
 * A store that refuses is tried again: meanwhile memory holds up to `MOST_FRAMES`, then the oldest are lost and the
 * owner is told. A store that can not be read yields nothing rather than a hole: ask again.
 */

/** @typedef {{first: number, pcm: Uint8Array<ArrayBuffer>}} Frame first: offset of its first sample on the capture clock */

/**
 * @typedef {object} FrameStore
 * @property {(frames: Frame[]) => Promise<void>} put
 * @property {(sample: number, limit: number) => Promise<Frame[]>} readFrom frames with `first >= sample`, in order
 * @property {(sample: number) => Promise<void>} dropBefore removes frames that end at or before `sample`
 * @property {() => Promise<{first: number, last: Frame} | null>} edges where the oldest frame begins, and the newest frame
 */

/** @typedef {"" | "memory" | "full"} Trouble memory: nothing can be stored; full: the oldest audio had to go */

/** Frames kept in memory although they are stored: 10 s. */
export const MEMORY_FRAMES = 100;
/** Frames kept in memory while nothing can be stored: 15 min, 58 MB of two channels. */
export const MOST_FRAMES = 9000;
/** More than this unacknowledged: it goes to the store. */
const UNSAFE_SAMPLES = 16_000;
const LEAST_WRITE = 5;
const MOST_WRITE = 200;
const READ_AHEAD = 50;
const RETRY_MS = 5000;
const FRAME_SAMPLES = 1600;
const LOAD_ATTEMPTS = 3;

export class Outbox {
  /** @type {Frame[]} */
  #memory = [];
  /** @type {Frame[]} */
  #read = [];
  #cursor = 0;
  /** Where the live audio began that goes before the rest, and how far it has gone; Infinity while all goes in order. */
  #liveFrom = Infinity;
  #live = Infinity;
  #acked = 0;
  #next = 0;
  /** Every frame that ends before this and is not in memory is in the store. */
  #storedUntil = 0;
  #droppedUntil = 0;
  /** @type {Promise<void> | null} */
  #writing = null;
  #isDropping = false;
  #writeFrom = 0;
  /** @type {Trouble} */
  #trouble = "";

  /**
   * @param {1 | 2} channels
   * @param {FrameStore} store
   * @param {object} [options]
   * @param {(trouble: Trouble) => void} [options.onTrouble] whenever that changes
   * @param {() => number} [options.now] milliseconds
   */
  constructor(channels, store, { onTrouble = () => {}, now = () => performance.now() } = {}) {
    this.channels = channels;
    this.store = store;
    this.onTrouble = onTrouble;
    this.now = now;
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
    return this.#cursor < Math.min(this.#next, this.#liveFrom);
  }

  /** The first sample that can still be sent. */
  get oldest() {
    return this.#acked;
  }

  /**
   * What an earlier page of this call left in the store: found, not read. Before anything is captured. A store that
   * can not be opened is left alone from then on, so that nothing in it is written over.
   */
  async load() {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const edges = await this.store.edges();
        if (!edges) return;
        this.#acked = this.#cursor = this.#droppedUntil = edges.first;
        this.#next = this.#storedUntil = this.#end(edges.last);
        return;
      } catch {
        if (attempt < LOAD_ATTEMPTS) continue;
        this.#writeFrom = Infinity;
        this.#tell("memory");
        return;
      }
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} pcm interleaved 16-bit samples */
  push(pcm) {
    const frame = { first: this.#next, pcm };
    this.#memory.push(frame);
    this.#next = this.#end(frame);
    if (this.#next - this.#acked > UNSAFE_SAMPLES) this.#write(LEAST_WRITE);
    this.#trim();
  }

  /**
   * Everything before `samples` is safe.
   * @param {number} samples
   */
  ack(samples) {
    if (samples <= this.#acked) return;
    this.#acked = Math.min(samples, this.#next);
    this.#memory.splice(0, this.#after(this.#memory, this.#acked));
    this.#cursor = Math.max(this.#cursor, this.#acked);
    if (this.#acked >= this.#liveFrom) {
      // The rest has caught up: one line again.
      this.#cursor = Math.max(this.#acked, this.#live);
      this.#liveFrom = this.#live = Infinity;
    }
    this.#drop();
  }

  /**
   * The server expects this sample next: send again from there. When it knows more than this page ever captured
   * (the page was loaded anew), capture goes on behind it; what is at hand stays until it is acknowledged.
   * @param {number} sample
   */
  rewind(sample) {
    if (sample > this.#next) {
      if (this.#acked === this.#next) this.#acked = sample;
      this.#next = sample;
    }
    this.#cursor = Math.max(this.#acked, Math.min(sample, this.#next));
    this.#liveFrom = this.#live = Infinity;
  }

  /** What is captured from now on comes by `takeLive`, at once; `take` hands out what is older, beside it. */
  goLive() {
    this.#liveFrom = this.#live = this.#next;
  }

  /** Whether `goLive` holds: until everything before it is acknowledged, or the next `rewind`. */
  get isLiveFirst() {
    return this.#liveFrom < Infinity;
  }

  /** Whether no live frame has gone yet: the first one must, before older ones, to be seen as a jump. */
  get awaitsLive() {
    return this.isLiveFirst && this.#live === this.#liveFrom;
  }

  /** @returns {Frame | null} the next frame since `goLive`; null when there is none, or all goes in order */
  takeLive() {
    const frame = this.#memory[this.#after(this.#memory, this.#live)] ?? null;
    if (frame) this.#live = this.#end(frame);
    return frame;
  }

  /**
   * The next frame to send, or null when everything captured was handed out, or the store can not be read just now.
   * One caller at a time.
   * @returns {Promise<Frame | null>}
   */
  async take() {
    const frame = await this.#find();
    if (frame) this.#cursor = this.#end(frame);
    return frame;
  }

  /**
   * As `take`, for up to `limit` frames without a hole between them.
   * @param {number} limit
   * @returns {Promise<Frame[]>}
   */
  async takeRun(limit) {
    /** @type {Frame[]} */
    const frames = [];
    while (frames.length < limit) {
      const frame = await this.#find();
      if (!frame || (frames.length > 0 && frame.first > this.#cursor)) break;
      frames.push(frame);
      this.#cursor = this.#end(frame);
    }
    return frames;
  }

  /** Writes what is only in memory: before the page may go. Never rejects. */
  async flush() {
    for (let before = -1; this.#storedUntil > before; ) {
      before = this.#storedUntil;
      await this.#writing;
      this.#write(1);
      await this.#writing;
    }
  }

  /** @returns {Promise<Frame | null>} */
  async #find() {
    if (!this.hasMore) return null;
    const kept = this.#kept();
    if (this.#cursor >= this.#storedUntil || (kept && kept.first <= this.#cursor)) return kept;
    const stored = await this.#stored();
    if (stored === null) return null;
    // Memory may have moved on while the store was read.
    const now = this.#kept();
    return stored && (!now || stored.first < now.first) ? stored : now;
  }

  #kept() {
    return this.#memory[this.#after(this.#memory, this.#cursor)] ?? null;
  }

  /** @returns {Promise<Frame | undefined | null>} undefined: the store has none; null: it can not be read */
  async #stored() {
    const oldest = this.#read[0];
    const found = oldest && oldest.first <= this.#cursor ? this.#read[this.#after(this.#read, this.#cursor)] : undefined;
    if (found) return found;
    try {
      this.#read = await this.store.readFrom(Math.max(0, this.#cursor - FRAME_SAMPLES + 1), READ_AHEAD);
    } catch {
      return null;
    }
    return this.#read[this.#after(this.#read, this.#cursor)];
  }

  /** @param {number} least fewer frames than this are not worth a write yet */
  #write(least) {
    if (this.#writing || this.now() < this.#writeFrom) return;
    const from = this.#after(this.#memory, this.#storedUntil);
    const frames = this.#memory.slice(from, from + MOST_WRITE);
    const last = frames.at(-1);
    if (!last || frames.length < least) return;
    const written = () => {
      this.#storedUntil = Math.max(this.#storedUntil, this.#end(last));
      if (this.#trouble === "memory") this.#tell("");
    };
    const refused = () => {
      this.#writeFrom = this.now() + RETRY_MS;
      if (this.#trouble === "") this.#tell("memory");
    };
    this.#writing = this.store
      .put(frames)
      .then(written, refused)
      .then(() => {
        this.#writing = null;
        this.#trim();
        this.#drop();
      });
  }

  /** What is stored leaves memory; beyond the bound the oldest leave it in any case. */
  #trim() {
    const extra = this.#memory.length - MEMORY_FRAMES;
    if (extra > 0) this.#memory.splice(0, Math.min(extra, this.#after(this.#memory, this.#storedUntil)));
    if (this.#memory.length <= MOST_FRAMES) return;
    this.#memory.splice(0, this.#memory.length - MOST_FRAMES);
    this.#tell("full");
  }

  /** Acknowledged frames leave the store, one request at a time. */
  #drop() {
    const until = this.#acked;
    if (this.#isDropping || Math.min(until, this.#storedUntil) <= this.#droppedUntil) return;
    this.#isDropping = true;
    this.store
      .dropBefore(until)
      .then(() => {
        this.#droppedUntil = until;
      })
      .catch(() => {})
      .finally(() => {
        this.#isDropping = false;
      });
  }

  /** @param {Trouble} trouble */
  #tell(trouble) {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.onTrouble(trouble);
  }

  /**
   * Where the first frame stands that ends after `sample`; the length when none does.
   * @param {readonly Frame[]} frames in order
   * @param {number} sample
   */
  #after(frames, sample) {
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const frame = frames[middle];
      if (frame && this.#end(frame) > sample) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** @param {Frame} frame */
  #end(frame) {
    return frame.first + frame.pcm.byteLength / (2 * this.channels);
  }
}
