// @ts-check
/** The report page: waits for a report that is being written, shows the line a moment points to, plays the call. */

import { readConfig } from "./config.js";
import { request } from "./http.js";
import { connectPlayer } from "./player.js";
import { explainFigures } from "./spans.js";

const FIRST_MS = 1000;
const LONGEST_MS = 5000;

/** @type {{stateUrl: string, state: string}} */
const config = readConfig();

/** @param {number} wait */
function ask(wait) {
  window.setTimeout(async () => {
    try {
      const answer = /** @type {{state: string, is_final: boolean}} */ (await request(config.stateUrl));
      if (answer.is_final) window.location.reload();
      else ask(Math.min(wait * 1.3, LONGEST_MS));
    } catch {
      ask(LONGEST_MS);
    }
  }, wait);
}

/** The focus follows the jump, so that keyboard and screen reader are there as well. */
function follow() {
  const target = document.getElementById(window.location.hash.slice(1));
  if (!target?.classList.contains("line")) return;
  target.setAttribute("tabindex", "-1");
  target.focus({ preventScroll: true });
}

if (document.getElementById("waiting")) ask(FIRST_MS);
explainFigures();
connectPlayer();
window.addEventListener("hashchange", follow);
