// @ts-check
/** A page that waits for a business: asks how far it is, and shows itself anew when that changes. */

import { readConfig } from "./config.js";
import { request } from "./http.js";

const FIRST_MS = 500;
const LONGEST_MS = 4000;

/** @type {{stateUrl: string, state: string}} */
const config = readConfig();

/** @param {number} wait */
function ask(wait) {
  window.setTimeout(async () => {
    try {
      const answer = /** @type {{state: string, is_final: boolean}} */ (await request(config.stateUrl));
      if (answer.is_final) window.location.reload();
      else ask(Math.min(wait * 1.2, LONGEST_MS));
    } catch {
      ask(LONGEST_MS);
    }
  }, wait);
}

if (document.getElementById("waiting")) ask(FIRST_MS);
