// @ts-check
/** Both sides on the screen. Follows the newest line unless the reader has scrolled away. */

import { byId, fromTemplate, part } from "./dom.js";
import { clock } from "./timing.js";
import { Utterances } from "./utterances.js";

/** Within this distance of the end the reader counts as following. */
const FOLLOW_PX = 80;

export class Transcript {
  #utterances = new Utterances();
  /** @type {Map<string, HTMLElement>} */
  #shown = new Map();
  #isFollowing = true;

  /** @param {Record<import("./types.js").ChannelName, string>} names how each side is called on the screen */
  constructor(names) {
    this.names = names;
    this.list = byId("lines");
    this.scroller = byId("transcript");
    this.newest = byId("to-newest");
    this.empty = byId("transcript-empty");
    this.scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    this.newest.addEventListener("click", () => this.toNewest());
  }

  /**
   * @param {import("./types.js").LinePayload} line
   * @param {number} seq
   */
  addLine(line, seq) {
    this.#drop(`${line.channel}/${line.utterance}`);
    this.#show(this.#utterances.addLine(line, seq));
  }

  /** @param {import("./types.js").Interim} interim */
  setInterim(interim) {
    const entry = this.#utterances.setInterim(interim);
    if (entry) this.#show(entry);
    else this.#drop(`${interim.channel}/${interim.utterance}`);
  }

  /** The call is over. */
  finish() {
    this.#utterances.dropInterims().forEach((key) => this.#drop(key));
  }

  /** What was shown never came to be. */
  clear() {
    for (const key of [...this.#shown.keys()]) this.#drop(key);
    this.#utterances = new Utterances();
    this.empty.hidden = false;
  }

  toNewest() {
    this.#isFollowing = true;
    this.#follow();
  }

  /** @param {import("./utterances.js").Entry} entry */
  #show(entry) {
    const element = this.#shown.get(entry.key) ?? fromTemplate("line-template");
    element.dataset["channel"] = entry.channel;
    element.classList.toggle("is-interim", !entry.isFinal);
    part(element, "who").textContent = this.names[entry.channel];
    part(element, "at").textContent = clock(entry.startMs);
    part(element, "text").textContent = entry.text;
    part(element, "recovered").hidden = !entry.isRecovered;
    this.#shown.set(entry.key, element);
    const after = this.#utterances.after(entry);
    const before = (after && this.#shown.get(after.key)) ?? null;
    if (!element.isConnected || element.nextElementSibling !== before) this.list.insertBefore(element, before);
    this.empty.hidden = true;
    this.#follow();
  }

  /** @param {string} key */
  #drop(key) {
    this.#shown.get(key)?.remove();
    this.#shown.delete(key);
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
    if (this.#isFollowing) this.newest.hidden = true;
  }

  #follow() {
    if (this.#isFollowing) this.scroller.scrollTop = this.scroller.scrollHeight;
    this.newest.hidden = this.#isFollowing;
  }
}
