// @ts-check
/** Keeps the screen on during a call. The browser lets go when the tab is hidden; seen again, it is asked again. */

/** @returns {() => void} lets the screen sleep again */
export function keepAwake() {
  /** @type {WakeLockSentinel | null} */
  let lock = null;
  let isWanted = true;
  const hold = async () => {
    if (!isWanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (!isWanted) await lock.release();
    } catch {
      lock = null;
    }
  };
  document.addEventListener("visibilitychange", hold);
  void hold();
  return () => {
    isWanted = false;
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
}
