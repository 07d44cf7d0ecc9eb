// @ts-check
/** How long to wait before trying again. Pure. */

/** From this attempt on, HTTP polling carries the call while the socket is tried in the background. */
export const SOCKET_ATTEMPTS = 5;
export const LONGEST_WAIT_MS = 10_000;

/**
 * `min(1000 · 2^attempt, 10000)` with jitter: 75–100 % of it, so that many browsers do not return at once.
 * @param {number} attempt 0 for the first retry
 * @param {() => number} random 0 ≤ value < 1
 * @returns {number} milliseconds
 */
export function waitBefore(attempt, random = Math.random) {
  const full = Math.min(1000 * 2 ** Math.max(0, attempt), LONGEST_WAIT_MS);
  return Math.round(full * (0.75 + 0.25 * random()));
}
