// @ts-check
/** Keeps the list of calls in flight fresh. The rows come as HTML from our own server. */

const EVERY_MS = 2000;

const rows = document.getElementById("live-rows");
const state = document.getElementById("board-state");

/** @param {string} words */
function tell(words) {
  if (state && state.textContent !== words) state.textContent = words;
}

/**
 * Puts the new rows in place of the old and gives the focus back to the call that had it.
 * @param {HTMLElement} place
 * @param {string} html
 */
function replaceRows(place, html) {
  if (place.innerHTML === html) return;
  const focused = document.activeElement instanceof HTMLAnchorElement && place.contains(document.activeElement) ? document.activeElement.href : "";
  place.innerHTML = html;
  if (!focused) return;
  const same = [...place.querySelectorAll("a")].find((link) => link.href === focused);
  same?.focus({ preventScroll: true });
}

/** @param {HTMLElement} place */
async function renew(place) {
  if (document.visibilityState === "hidden") return;
  try {
    const response = await fetch(place.dataset["source"] ?? "", { credentials: "same-origin" });
    // Signed out: the sign-in page is no list of calls.
    if (response.redirected) window.location.reload();
    else if (response.ok) {
      replaceRows(place, await response.text());
      tell("");
    } else tell("The list can not be renewed just now.");
  } catch {
    tell("No connection: the list may be old.");
  }
}

if (rows) {
  const again = async () => {
    await renew(rows);
    window.setTimeout(again, EVERY_MS);
  };
  window.setTimeout(again, EVERY_MS);
}
