// @ts-check
/** One key for every action. Keys typed into a field belong to the field. */

/**
 * @param {Readonly<Record<string, () => void>>} actions key (lower case, or `Escape`) → what it does
 * @returns {() => void} stops listening
 */
export function listenForKeys(actions) {
  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    if (target instanceof Element && target.closest("input, select, textarea, [contenteditable]")) return;
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}
