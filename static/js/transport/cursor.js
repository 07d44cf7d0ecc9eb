// @ts-check
/**
 * How far this page knows the log: a number, and the epoch of the owner that gave it. An owner tells before it has saved;
 * when it dies in between, its successor gives the same numbers to other events, and the server says `rewind`. Pure.
 */

/** @typedef {import("../types.js").CallEvent} CallEvent */

export class LogCursor {
  #seq = 0;
  #epoch = 0;
  /** @type {CallEvent[]} all of them: what is dropped can only be taken off the screen by building it anew */
  #events = [];

  /** For the address of a socket or a poll. */
  get query() {
    return `after=${this.#seq}&epoch=${this.#epoch}`;
  }

  get epoch() {
    return this.#epoch;
  }

  /**
   * @param {CallEvent} event
   * @returns {"new" | "known" | "hole"} at a hole the cursor stays
   */
  take(event) {
    if (event.seq <= this.#seq) return "known";
    if (event.seq > this.#seq + 1) return "hole";
    this.#seq = event.seq;
    this.#events.push(event);
    return "new";
  }

  /** Another owner goes on from here; what is known holds. @param {number} epoch */
  turn(epoch) {
    this.#epoch = epoch;
  }

  /**
   * Events beyond `seq` never came to be.
   * @param {{seq: number, epoch: number}} to
   * @returns {CallEvent[] | null} the events that hold, null when there is nothing to drop
   */
  rewind({ seq, epoch }) {
    if (epoch === this.#epoch) return null;
    this.#epoch = epoch;
    if (seq >= this.#seq) return null;
    this.#seq = seq;
    this.#events = this.#events.filter((event) => event.seq <= seq);
    return [...this.#events];
  }
}
