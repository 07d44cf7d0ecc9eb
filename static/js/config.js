// @ts-check
/** What the server tells the page, and the way back to it. */

/**
 * The page's settings, from the JSON element with id `config`.
 * @template T
 * @returns {T}
 */
export function readConfig() {
  const element = document.getElementById("config");
  if (!element) throw new Error("The page has no configuration.");
  return JSON.parse(element.textContent ?? "{}");
}

/** @returns {string} the token every POST carries */
export function csrfToken() {
  return document.querySelector('meta[name="csrf"]')?.getAttribute("content") ?? "";
}
