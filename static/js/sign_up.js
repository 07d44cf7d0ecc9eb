// @ts-check
/** The sign-up form: proposes an address from the name, and says while it is typed whether it can be had. */

import { part } from "./dom.js";
import { request } from "./http.js";

const PAUSE_MS = 300;
const LONGEST_WORD = 38;

/**
 * The address that a name suggests: `Acme Cloud & Co.` → `acme-cloud-co`.
 * @param {string} name
 * @returns {string}
 */
export function wordOf(name) {
  const plain = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const word = plain.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+/, "");
  return word.slice(0, LONGEST_WORD).replace(/-+$/, "");
}

/** @param {HTMLInputElement} address */
function watch(address) {
  const verdict = part(document, "verdict");
  let asked = 0;
  let timer = 0;

  async function ask() {
    const mine = ++asked;
    try {
      const answer = /** @type {{is_free: boolean, message: string}} */ (
        await request(`/signup/address/?address=${encodeURIComponent(address.value)}`)
      );
      if (mine !== asked) return;
      verdict.textContent = answer.message;
      verdict.classList.toggle("verdict-good", answer.is_free);
      verdict.classList.toggle("verdict-bad", !answer.is_free);
    } catch {
      // Sending the form tells as well.
    }
  }

  return () => {
    window.clearTimeout(timer);
    if (address.value) timer = window.setTimeout(ask, PAUSE_MS);
  };
}

function connect() {
  const address = part(document, "address");
  if (!(address instanceof HTMLInputElement)) return;
  const changed = watch(address);
  let isTheirs = address.value !== "";
  address.addEventListener("input", () => {
    isTheirs = address.value !== "";
    changed();
  });
  const name = document.querySelector('[data-part="name"]');
  if (!(name instanceof HTMLInputElement)) return;
  const propose = () => {
    if (isTheirs) return;
    address.value = wordOf(name.value);
    changed();
  };
  name.addEventListener("input", propose);
  // Somebody may have typed before this script was there.
  propose();
}

if (typeof document !== "undefined") connect();
