// @ts-check
/** Where the outbox puts what memory should not hold: IndexedDB, one database per call, gone with the last ack. */

/** @typedef {import("./outbox.js").Frame} Frame */
/** @typedef {import("./outbox.js").FrameStore} FrameStore */

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @implements {FrameStore} */
export class IndexedFrames {
  /** @type {Promise<IDBDatabase> | null} */
  #database = null;

  /**
   * @param {string} callId
   * @param {1 | 2} channels
   */
  constructor(callId, channels) {
    this.name = `sales-pilot-audio-${callId}`;
    this.channels = channels;
  }

  /** @param {IDBTransactionMode} mode */
  async #frames(mode) {
    this.#database ??= this.#open();
    return (await this.#database).transaction("frames", mode).objectStore("frames");
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    const request = indexedDB.open(this.name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("frames", { keyPath: "first" });
    return done(request);
  }

  /** @param {Frame[]} frames */
  async put(frames) {
    const store = await this.#frames("readwrite");
    await Promise.all(frames.map((frame) => done(store.put(frame))));
  }

  /**
   * @param {number} sample
   * @param {number} limit
   * @returns {Promise<Frame[]>}
   */
  async readFrom(sample, limit) {
    const store = await this.#frames("readonly");
    const count = Math.min(limit, 0xffffffff);
    return done(store.getAll(IDBKeyRange.lowerBound(sample), count));
  }

  /** @param {number} sample */
  async dropBefore(sample) {
    const store = await this.#frames("readwrite");
    await done(store.delete(IDBKeyRange.upperBound(sample - 1600)));
  }

  /** The call is over and everything acknowledged. */
  async destroy() {
    const database = await this.#database;
    database?.close();
    this.#database = null;
    await done(indexedDB.deleteDatabase(this.name));
  }
}
