// @ts-check
/** A page that waits for a business: asks how far it is, and shows itself anew when that changes. */

import { readConfig } from "./config.js";
import { request } from "./http.js";

const FIRST_MS = 500;
const LONGEST_MS = 4000;

/**
 * @param {{stateUrl: string}} config
 * @param {number} wait
 */
function ask(config, wait) {
  window.setTimeout(async () => {
    try {
      const answer = /** @type {{state: string, is_final: boolean}} */ (await request(config.stateUrl));
      if (answer.is_final) window.location.reload();
      else ask(config, Math.min(wait * 1.2, LONGEST_MS));
    } catch {
      ask(config, LONGEST_MS);
    }
  }, wait);
}

if (document.getElementById("waiting")) ask(readConfig(), FIRST_MS);
