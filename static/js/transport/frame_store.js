// @ts-check
/** Where the outbox puts what memory should not hold: IndexedDB, one database per call, gone with the last ack. */

/** @typedef {import("./outbox.js").Frame} Frame */
/** @typedef {import("./outbox.js").FrameStore} FrameStore */

const PREFIX = "sales-pilot-audio-";

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

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>} once it is on the disk, as far as the browser says
 */
function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** @returns {Promise<string[]>} the calls whose audio lies in this browser */
export async function storedCalls() {
  const databases = await indexedDB.databases();
  return databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
}

/**
 * Runs `work` while no other window of this browser works on the call's audio. Waits for its turn, or gives up at once.
 * @param {string} callId
 * @param {{isPatient: boolean}} how
 * @param {() => Promise<void>} work
 */
export async function alone(callId, { isPatient }, work) {
  if (!navigator.locks) await work();
  else await navigator.locks.request(PREFIX + callId, { ifAvailable: !isPatient }, async (lock) => lock && work());
}

/** @implements {FrameStore} */
export class IndexedFrames {
  /** @type {Promise<IDBDatabase> | null} */
  #database = null;

  /** @param {string} callId */
  constructor(callId) {
    this.name = PREFIX + callId;
  }

  /** @param {IDBTransactionMode} mode */
  async #frames(mode) {
    this.#database ??= this.#open();
    return (await this.#database).transaction("frames", mode).objectStore("frames");
  }

  /** @returns {Promise<IDBDatabase>} a failure is not remembered: the next one who asks tries again */
  async #open() {
    try {
      // The browser may throw away what is only best effort when the disk fills up.
      void navigator.storage?.persist?.().catch(() => false);
      const request = indexedDB.open(this.name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("frames", { keyPath: "first" });
      const database = await done(request);
      database.onclose = () => (this.#database = null);
      database.onversionchange = () => database.close();
      return database;
    } catch (error) {
      this.#database = null;
      throw error;
    }
  }

  /** @param {Frame[]} frames */
  async put(frames) {
    const store = await this.#frames("readwrite");
    for (const frame of frames) store.put(frame);
    await committed(store.transaction);
  }

  /**
   * @param {number} sample
   * @param {number} limit
   * @returns {Promise<Frame[]>}
   */
  async readFrom(sample, limit) {
    const store = await this.#frames("readonly");
    return done(store.getAll(IDBKeyRange.lowerBound(sample), limit));
  }

  /** @returns {Promise<{first: number, last: Frame} | null>} */
  async edges() {
    const store = await this.#frames("readonly");
    const [oldest, newest] = await Promise.all([done(store.openKeyCursor()), done(store.openCursor(null, "prev"))]);
    return oldest && newest ? { first: /** @type {number} */ (oldest.key), last: newest.value } : null;
  }

  /** @param {number} sample */
  async dropBefore(sample) {
    const store = await this.#frames("readwrite");
    store.delete(IDBKeyRange.upperBound(sample - 1600));
    await committed(store.transaction);
  }

  /** The call is over and everything acknowledged. */
  async destroy() {
    const database = await this.#database?.catch(() => null);
    database?.close();
    this.#database = null;
    const request = indexedDB.deleteDatabase(this.name);
    // Until the last request of this or another window has gone through; it needs nobody who waits for it.
    await Promise.race([done(request), new Promise((resolve) => (request.onblocked = resolve))]);
  }
}
