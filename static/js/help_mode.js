// @ts-check
/** How much help the rep wants: chosen on the call page, kept for later calls. */

import { byId, part } from "./dom.js";
import { listenForKeys } from "./keys.js";

/** @typedef {Extract<import("./types.js").ClientMessage, {type: "help"}>} HelpMessage */
/** @typedef {HelpMessage["mode"]} HelpMode */

/** @type {Readonly<Record<HelpMode, string>>} what an empty place for cards says */
const WORDS = {
  full: "Listening. A card appears here when it helps.",
  key_moments: "Listening for objections, competitors and buying signals.",
  silent: "Silent. Only what your compliance rules demand and your manager's notes appear here.",
};

/** @param {string} value @returns {value is HelpMode} */
const isMode = (value) => value in WORDS;

/** @param {(message: HelpMessage) => Promise<void>} send */
export function listenForHelpMode(send) {
  const choice = byId("help-mode", HTMLSelectElement);
  const answer = byId("help-mode-answer");
  let kept = choice.value;

  function show() {
    if (isMode(choice.value)) part(byId("no-card"), "words").textContent = WORDS[choice.value];
  }

  async function choose() {
    const mode = choice.value;
    if (!isMode(mode)) return;
    show();
    answer.textContent = "";
    try {
      await send({ type: "help", mode });
      kept = mode;
    } catch {
      if (choice.value !== mode) return;
      choice.value = kept;
      show();
      answer.textContent = "This could not be changed. Try again.";
    }
  }

  choice.addEventListener("change", () => void choose());
  listenForKeys({
    h: () => {
      choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length;
      void choose();
    },
  });
  show();
}
