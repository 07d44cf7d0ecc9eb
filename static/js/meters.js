// @ts-check
/** Levels and the balance of talk. */

import { byId, part } from "./dom.js";
import { TalkMeter } from "./talk.js";

/**
 * @param {HTMLElement} meter an element of class `level`
 * @param {number} level 0–1
 */
export function setLevel(meter, level) {
  meter.style.setProperty("--level", level.toFixed(3));
}

export class Meters {
  /** @type {TalkMeter} */
  #talk;

  /** @param {1 | 2} channels */
  constructor(channels) {
    this.#talk = new TalkMeter(channels);
    this.root = byId("talk");
    this.root.classList.toggle("is-single", channels === 1);
    this.levels = [byId("level-rep"), byId("level-customer")];
    byId("customer-meter").hidden = channels === 1;
  }

  /** @param {import("./types.js").Meters} meters */
  update(meters) {
    const view = this.#talk.update(meters, Date.now());
    const share = view.ratio === null ? "–" : `${Math.round(view.ratio * 100)} %`;
    this.root.dataset["mood"] = view.mood;
    this.root.style.setProperty("--ratio", String(view.ratio ?? 0.5));
    part(this.root, "share").textContent = share;
    part(this.root, "words").textContent = view.words;
    this.setLevels([meters.rep, meters.customer]);
  }

  /** @param {number[]} levels */
  setLevels(levels) {
    this.levels.forEach((meter, index) => setLevel(meter, levels[index] ?? 0));
  }
}
