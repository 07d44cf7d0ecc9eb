// @ts-check
/** Consent on the call's screen: what to say, what was answered, whose audio comes in. */

import { byId, part, say } from "./dom.js";
import { ApiError, request } from "./http.js";

/** @typedef {import("./types.js").Consent} Consent */
/** @typedef {import("./types.js").ConsentAnswer} ConsentAnswer */

/**
 * @typedef {object} ConsentView
 * @property {"good" | "warn" | "bad"} tone
 * @property {string} words
 * @property {string} wording what to say; empty once it is answered
 * @property {[ConsentAnswer, string][]} ways what may be recorded now, with the button's words
 */

/**
 * What stands on the screen. Pure.
 * @param {Consent} consent
 * @returns {ConsentView}
 */
export function consentView({ mode, answer, hears, wording }) {
  if (answer === "no" || answer === "withdrawn") {
    const rest = hears === "rep" ? "Only you are heard from now on." : "Nothing is heard or kept from now on; the call itself can go on.";
    return { tone: "bad", words: `The customer said no. ${rest}`, wording: "", ways: [] };
  }
  if (hears === "all") {
    const words = { yes: "The customer said yes.", stayed: "The customer was told and stayed.", "": "Here nothing has to be asked." };
    return { tone: "good", words: words[answer], wording: "", ways: [["withdrawn", answer ? "They changed their mind" : "They do not want it"]] };
  }
  if (mode === "announce") {
    return { tone: "warn", words: "Tell the customer first: nobody is heard yet.", wording, ways: [["stayed", "Told, and they stayed"], ["no", "They said no"]] };
  }
  return { tone: "warn", words: "Ask the customer first: nobody is heard yet.", wording, ways: [["yes", "They said yes"], ["no", "They said no"]] };
}

/**
 * Silence in the place of what may not leave this browser after a no: all of a single channel, else the customer's.
 * @param {Int16Array<ArrayBuffer>} pcm interleaved; changed in place
 * @param {1 | 2} channels
 */
export function hush(pcm, channels) {
  if (channels === 1) pcm.fill(0);
  else for (let index = 1; index < pcm.length; index += 2) pcm[index] = 0;
}

export class ConsentBar {
  #isRefusedHere = false;

  /**
   * @param {{id: string, source: string, consent: Consent}} call
   * @param {boolean} isRep only the person on the call records answers
   */
  constructor(call, isRep) {
    this.callId = call.id;
    this.state = call.consent;
    this.isRep = isRep;
    this.root = byId("consent");
    // A recording has nobody to ask.
    this.isShown = call.source !== "sample" && call.source !== "replay";
    this.#render();
  }

  /** Whether the customer has said no, as far as this page knows: also before the server has heard of it. */
  get isRefused() {
    return this.#isRefusedHere || this.state.answer === "no" || this.state.answer === "withdrawn";
  }

  /** @param {Omit<Consent, "answers">} state a consent event of the log */
  set(state) {
    this.state = { ...this.state, ...state };
    this.#render();
  }

  /** @param {ConsentAnswer} answer */
  async answer(answer) {
    if (answer === "no" || answer === "withdrawn") this.#isRefusedHere = true;
    for (const button of this.root.querySelectorAll("button")) button.disabled = true;
    say(part(this.root, "problem"), "");
    try {
      this.set(await request(`/api/calls/${this.callId}/consent`, { method: "POST", json: { answer } }));
    } catch (error) {
      const words = error instanceof ApiError && error.status ? error.message : "The answer is not recorded: no connection. Try again.";
      this.#render();
      say(part(this.root, "problem"), this.#isRefusedHere ? `${words} This browser sends silence meanwhile.` : words);
    }
  }

  #render() {
    const view = consentView(this.state);
    this.root.hidden = !this.isShown;
    this.root.dataset["tone"] = view.tone;
    say(part(this.root, "words"), view.words);
    say(part(this.root, "wording"), view.wording);
    say(part(this.root, "problem"), "");
    part(this.root, "ways").replaceChildren(...(this.isRep ? view.ways.map((way, index) => this.#button(way, index === 0 && view.tone === "warn")) : []));
  }

  /**
   * @param {[ConsentAnswer, string]} way
   * @param {boolean} isMain
   */
  #button([answer, words], isMain) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `button button-small${isMain ? " button-primary" : ""}`;
    button.textContent = words;
    button.addEventListener("click", () => void this.answer(answer));
    return button;
  }
}
