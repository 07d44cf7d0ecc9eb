// @ts-check
/** The recording on the report page: what is chosen in the report moves it, and it shows the line that is heard. */

const NOT_PLAYED = "The recording can not be played just now. Reload the page to see why, or to try again.";

/** @param {Element} line @returns {number} */
export function startOf(line) {
  return Number(line instanceof HTMLElement ? line.dataset["startMs"] : "") || 0;
}

/**
 * The line that is heard at `atMs`: the last that has begun. Lines are in the order they were spoken.
 * @template T
 * @param {readonly T[]} lines
 * @param {(line: T) => number} start
 * @param {number} atMs
 * @returns {T | undefined}
 */
export function heardAt(lines, start, atMs) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(/** @type {T} */ (lines[middle])) <= atMs) low = middle + 1;
    else high = middle;
  }
  return lines[low - 1];
}

/**
 * Where on the call's clock a click on the timeline points to, in milliseconds.
 * @param {{left: number, width: number}} box
 * @param {number} x
 * @param {number} lengthMs
 */
export function placeOf(box, x, lengthMs) {
  const share = box.width > 0 ? (x - box.left) / box.width : 0;
  return Math.round(Math.min(Math.max(share, 0), 1) * lengthMs);
}

/** Nothing happens on a page without a recording. */
export function connectPlayer() {
  const audio = document.getElementById("recording");
  if (!(audio instanceof HTMLAudioElement)) return;
  const lines = [...document.querySelectorAll(".line[data-start-ms]")];
  /** @type {Element | undefined} */
  let heard;

  /** @param {number} atMs @param {boolean} [andPlay] as it is, when left out */
  const go = (atMs, andPlay = false) => {
    audio.currentTime = atMs / 1000;
    if (andPlay) audio.play().catch(() => undefined);
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const drawing = target?.closest("svg#timeline");
    const link = target?.closest("a[data-at-ms], a[href^='#line-']");
    if (drawing instanceof SVGElement) {
      go(placeOf(drawing.getBoundingClientRect(), event.clientX, Number(drawing.dataset["length"])));
    } else if (link instanceof HTMLElement) {
      const line = document.getElementById(link.getAttribute("href")?.slice(1) ?? "");
      go(Number(link.dataset["atMs"] ?? (line ? startOf(line) : 0)));
    } else if (target?.closest(".line-time")) {
      const line = target.closest(".line");
      if (line) go(startOf(line), true);
    }
  });
  document.addEventListener("keydown", (event) => {
    const line = event.target instanceof HTMLElement && event.target.matches(".line") ? event.target : null;
    if (line && event.key === "Enter") go(startOf(line), true);
  });
  audio.addEventListener("timeupdate", () => {
    const now = heardAt(lines, startOf, audio.currentTime * 1000);
    if (now === heard) return;
    heard?.removeAttribute("aria-current");
    now?.setAttribute("aria-current", "true");
    heard = now;
  });
  audio.addEventListener("error", () => {
    const state = document.getElementById("player-state");
    if (state) state.textContent = NOT_PLAYED;
  });
  document.documentElement.classList.add("has-recording");
}
