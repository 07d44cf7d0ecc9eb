// @ts-check
/** Times as people read them, and the capture clock. Pure. */

/**
 * `95000` → `1:35`, from an hour on `1:02:03`.
 * @param {number} milliseconds
 */
export function clock(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const seconds = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/**
 * As the clock on this computer's wall shows it.
 * @param {number} at milliseconds since 1970
 */
export function timeOfDay(at) {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/**
 * Ties sample offsets to this page's clock: when did sample 0 happen, in `performance.now()` milliseconds?
 * Each frame arrives at its end or later, never earlier, so the smallest difference seen is the best estimate.
 */
export class CaptureClock {
  /** @type {number | null} */
  #zero = null;

  /**
   * @param {number} endSample the sample after the frame's last one
   * @param {number} now when the frame arrived
   */
  note(endSample, now) {
    const zero = now - endSample / 16;
    if (this.#zero === null || zero < this.#zero) this.#zero = zero;
  }

  /** The audio before belonged to another recording of this page (device lost for a while): estimate afresh. */
  restart() {
    this.#zero = null;
  }

  /**
   * Milliseconds on the capture clock, or null while nothing has been captured here.
   * @param {number} now
   */
  at(now) {
    return this.#zero === null ? null : now - this.#zero;
  }
}
