// @ts-check
/** Elements of our own templates: there or an error, never null. */

/**
 * @template {Element} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [type]
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!element || (type && !(element instanceof type))) throw new Error(`The page has no #${id}.`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

/**
 * The part of `root` marked with `data-part`.
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement}
 */
export function part(root, name) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!(element instanceof HTMLElement)) throw new Error(`No part ${name}.`);
  return element;
}

/**
 * A copy of a `<template>`'s one element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function fromTemplate(id) {
  const copy = byId(id, HTMLTemplateElement).content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`Template ${id} is empty.`);
  return copy;
}

/**
 * Shows `text`, or hides the element when there is none.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = text === "";
}
