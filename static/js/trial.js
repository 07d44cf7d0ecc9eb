// @ts-check
/** The page of a test on stored calls: how far it is, and results as they come, as HTML from our server. */

const EVERY_MS = 1500;
const LONGEST_MS = 10000;

const place = document.getElementById("trial");
const results = document.getElementById("trial-results");

/** @typedef {{done: number, total: number, state: string, is_final: boolean}} Progress */

/** @param {string} id @param {string | number} words */
function tell(id, words) {
  const part = document.getElementById(id);
  if (part && part.textContent !== String(words)) part.textContent = String(words);
}

/** @param {Progress} progress */
function show({ done, total, state }) {
  tell("trial-state", state);
  tell("trial-done", done);
  tell("trial-total", total);
  const bar = document.getElementById("trial-bar");
  if (bar instanceof HTMLProgressElement) {
    bar.max = Math.max(total, 1);
    bar.value = done;
  }
}

/** @param {string} url */
async function get(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  // Signed out: the sign-in page is no result.
  if (response.redirected) window.location.reload();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}

/**
 * @param {string} url
 * @param {number} shown how many answers the page has
 * @param {number} wait
 */
function follow(url, shown, wait) {
  window.setTimeout(async () => {
    try {
      const progress = /** @type {Progress} */ (await (await get(url)).json());
      if (progress.is_final) return window.location.reload();
      show(progress);
      if (results && progress.done !== shown) results.innerHTML = await (await get("?part=results")).text();
      follow(url, progress.done, EVERY_MS);
    } catch {
      tell("trial-state", "No answer from the server: trying again");
      follow(url, shown, Math.min(wait * 2, LONGEST_MS));
    }
    return undefined;
  }, wait);
}

if (place) follow(place.dataset["progress"] ?? "", Number(document.getElementById("trial-done")?.textContent ?? 0), EVERY_MS);
