// @ts-check
/** Before a call: what it can expect of speech recognition, asked again while the page is looked at. */

import { request } from "./http.js";

const ASK_EVERY_MS = 10_000;
const ASK_SOONER_MS = 4_000;

export class SpeechOutlook {
  /** @type {HTMLElement} */
  #box;
  #timer = 0;
  #isOver = false;

  /** @param {HTMLElement} box a status region; empty while there is nothing to say */
  constructor(box) {
    this.#box = box;
  }

  start() {
    document.addEventListener("visibilitychange", this.#look);
    void this.#ask();
  }

  stop() {
    this.#isOver = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#look);
  }

  #look = () => {
    clearTimeout(this.#timer);
    if (!document.hidden) void this.#ask();
  };

  async #ask() {
    let words = "";
    try {
      const answer = /** @type {{speech: import("./types.js").SpeechOutlook}} */ (await request("/api/preflight"));
      words = answer.speech.words;
    } catch {
      // No answer is no news of speech: what stands in the way shows when the call starts.
    }
    if (this.#isOver) return;
    this.#say(words);
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = window.setTimeout(() => void this.#ask(), words ? ASK_SOONER_MS : ASK_EVERY_MS);
  }

  /** Only when it has changed: a status region is read aloud. @param {string} words */
  #say(words) {
    if (this.#box.textContent === words) return;
    if (!words) {
      this.#box.replaceChildren();
      return;
    }
    const notice = document.createElement("p");
    notice.className = "notice notice-warn";
    notice.textContent = words;
    this.#box.replaceChildren(notice);
  }
}
