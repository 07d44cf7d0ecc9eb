// @ts-check
/** The moments of the call so far, newest first, each with its state. */

import { byId, fromTemplate, part, say } from "./dom.js";
import { clock } from "./timing.js";

/** @typedef {import("./types.js").MomentPayload} Moment */

/** @type {Readonly<Record<Moment["state"], string>>} */
const STATES = { raised: "Raised", handled: "Handled", returned: "Came back", open: "Open" };

/** @param {string} name */
function words(name) {
  const spaced = name.replaceAll("_", " ").replaceAll("-", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/**
 * What a moment is called: `Objection: price`. A competitor's topic is a name: `Competitor: Brightdesk`.
 * @param {Pick<Moment, "kind" | "topic">} moment
 */
export function momentTitle({ kind, topic }) {
  if (!topic || topic === kind) return words(kind);
  const named = topic.split("-").map(words).join(" ");
  return `${words(kind)}: ${kind === "competitor" ? named : words(topic).toLowerCase()}`;
}

export class Moments {
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();

  constructor() {
    this.list = byId("moments");
    this.empty = byId("moments-empty");
    this.count = byId("moments-count");
  }

  /** What was shown never came to be. */
  clear() {
    for (const element of this.#shown.values()) element.remove();
    this.#shown.clear();
    this.empty.hidden = false;
    say(this.count, "");
  }

  /** @param {Moment} moment a new one, or one whose state changed */
  set(moment) {
    const element = this.#shown.get(moment.id) ?? fromTemplate("moment-template");
    element.dataset["kind"] = moment.kind;
    element.dataset["state"] = moment.state;
    part(element, "title").textContent = momentTitle(moment);
    part(element, "at").textContent = clock(moment.start_ms);
    part(element, "quote").textContent = `“${moment.quote}”`;
    say(part(element, "state"), moment.kind === "objection" ? STATES[moment.state] : "");
    if (!this.#shown.has(moment.id)) this.list.prepend(element);
    this.#shown.set(moment.id, element);
    this.empty.hidden = true;
    say(this.count, String(this.#shown.size));
  }
}
