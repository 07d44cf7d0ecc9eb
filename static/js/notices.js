// @ts-check
/** What the rep must know and can do something about: plain words and at most two buttons. */

import { byId, fromTemplate, part } from "./dom.js";

/** @typedef {{label: string, run: () => void}} Way */

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/**
 * @param {string} id a later notice of the same id takes its place
 * @param {object} notice
 * @param {"info" | "warn" | "bad"} [notice.tone]
 * @param {string} notice.title
 * @param {string} [notice.text]
 * @param {Way[]} [notice.ways]
 */
export function notify(id, { tone = "info", title, text = "", ways = [] }) {
  const element = fromTemplate("notice-template");
  element.classList.add(`notice-${tone}`);
  part(element, "title").textContent = title;
  part(element, "text").textContent = text;
  const place = part(element, "ways");
  for (const way of ways) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.textContent = way.label;
    button.addEventListener("click", way.run);
    place.append(button);
  }
  const before = shown.get(id);
  if (before) before.replaceWith(element);
  else byId("notices").append(element);
  shown.set(id, element);
}

/** @param {string} id */
export function withdraw(id) {
  shown.get(id)?.remove();
  shown.delete(id);
}
