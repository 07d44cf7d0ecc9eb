// @ts-check
/** The light that says how the call stands and what happens to its audio. */

import { byId, part, say } from "./dom.js";
import { lightFor } from "./ladder.js";
import { clock, timeOfDay } from "./timing.js";

/** Less than this waiting here is the ordinary way of things. */
const WAITING_MS = 5000;

export class StateLight {
  /** @type {import("./types.js").StatePayload | null} */
  #state = null;
  /** @type {import("./ladder.js").Carrier} */
  #carrier = { events: "connecting", audio: "none", unackedMs: 0 };

  constructor() {
    this.root = byId("light");
  }

  /** @param {import("./types.js").StatePayload} state */
  setState(state) {
    this.#state = state;
    this.#render();
  }

  /** @param {Partial<import("./ladder.js").Carrier>} carrier */
  setCarrier(carrier) {
    this.#carrier = { ...this.#carrier, ...carrier };
    this.#render();
  }

  #render() {
    const light = lightFor(this.#state, this.#carrier);
    const waiting = this.#carrier.unackedMs > WAITING_MS ? ` ${clock(this.#carrier.unackedMs)} wait in this browser.` : "";
    this.root.dataset["tone"] = light.tone;
    say(part(this.root, "name"), light.name);
    say(part(this.root, "since"), light.since === undefined ? "" : `since ${timeOfDay(light.since)}`);
    say(part(this.root, "words"), light.words);
    say(part(this.root, "audio"), light.audio + waiting);
  }
}
