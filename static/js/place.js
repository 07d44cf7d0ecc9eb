// @ts-check
/** Where the customer is, chosen before the call and remembered: it decides what has to be said first. */

import { byId, part, say } from "./dom.js";

const REMEMBERED = "salespilot.place";

/** @typedef {{mode: import("./types.js").ConsentMode, wording: string}} Ruling */

const HEADS = {
  one_party: "Here nothing has to be asked.",
  announce: "When the call begins, tell the customer:",
  ask: "When the call begins, ask the customer:",
};

export class PlaceChoice {
  #select = byId("place", HTMLSelectElement);

  /** @param {{ofPlace: Record<string, number>, rulings: Ruling[]}} consent */
  constructor(consent) {
    this.consent = consent;
    const before = remembered();
    if (before && before in consent.ofPlace) this.#select.value = before;
    this.#select.addEventListener("change", () => this.#changed());
    this.#tell();
  }

  get value() {
    return this.#select.value;
  }

  #changed() {
    try {
      window.localStorage.setItem(REMEMBERED, this.value);
    } catch {
      // A browser that keeps nothing: the choice holds for this call.
    }
    this.#tell();
  }

  #tell() {
    const ruling = this.consent.rulings[this.consent.ofPlace[this.value] ?? -1];
    const root = byId("place-says");
    say(part(root, "head"), ruling ? HEADS[ruling.mode] : "");
    say(part(root, "wording"), ruling ? ruling.wording : "");
  }
}

/** @returns {string | null} */
function remembered() {
  try {
    return window.localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}
