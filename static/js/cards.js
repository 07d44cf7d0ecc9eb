// @ts-check
/** The cards on the screen: one large, one folded. What is shown, `deck.js` decides. */

import { Deck } from "./deck.js";
import { byId, part, say } from "./dom.js";

/** @typedef {import("./deck.js").ShownCard} ShownCard */
/** @typedef {Exclude<import("./types.js").ActionName, "painted">} RepAction */

/** A card of an older moment is not put before a rep who opens the page now. */
const STALE_MS = 45_000;

export class Cards {
  #deck = new Deck();
  #shownId = "";
  #timer = 0;

  /**
   * @param {object} options
   * @param {((id: string, action: RepAction) => void) | null} options.onAct null: only watching
   * @param {(id: string, triggerEndMs: number | null) => void} options.onPainted right after a paint that shows it
   */
  constructor({ onAct, onPainted }) {
    this.onAct = onAct;
    this.onPainted = onPainted;
    this.primary = byId("primary-card");
    this.collapsed = byId("collapsed-card", HTMLButtonElement);
    this.quiet = byId("no-card");
    this.collapsed.addEventListener("click", () => this.swap());
    for (const button of this.primary.querySelectorAll("button[data-action]")) {
      button.addEventListener("click", () => this.act(/** @type {RepAction} */ (button.getAttribute("data-action"))));
    }
    this.#timer = window.setInterval(() => this.#deck.tick(Date.now()) && this.#render(), 1000);
  }

  /** What was shown never came to be. */
  clear() {
    this.#deck = new Deck();
    this.#render();
  }

  /** The call goes on without help: what is shown stays, and nothing is promised. */
  rest() {
    part(this.quiet, "words").textContent = "No more cards on this call.";
  }

  stop() {
    window.clearInterval(this.#timer);
  }

  /**
   * @param {import("./types.js").CardPayload} card
   * @param {number} at when it was logged, milliseconds since 1970
   */
  add(card, at) {
    if (Date.now() - at > STALE_MS) return;
    this.#deck.add(card, Date.now());
    this.#render();
  }

  /** @param {import("./types.js").CardText} text */
  grow({ id, say: words }) {
    this.#deck.grow(id, words, Date.now());
    this.#render();
  }

  /** Someone acted on a card: here before, or on another screen. @param {import("./types.js").CardActionPayload} action */
  noteAction({ card_id, action }) {
    this.#deck.act(card_id, action, Date.now());
    this.#render();
  }

  /** @param {RepAction} action on the primary card */
  act(action) {
    const card = this.#deck.primary;
    if (!card || !this.onAct) return;
    if (action === "pinned" && card.isPinned) this.#deck.unpin(Date.now());
    else {
      this.#deck.act(card.id, action, Date.now());
      this.onAct(card.id, action);
    }
    this.#render();
  }

  swap() {
    this.#deck.swap(Date.now());
    this.#render();
  }

  #render() {
    const { primary, collapsed } = this.#deck;
    this.primary.hidden = !primary;
    this.quiet.hidden = Boolean(primary);
    if (primary) this.#renderPrimary(primary);
    else this.#shownId = "";
    this.collapsed.hidden = !collapsed;
    if (collapsed) {
      part(this.collapsed, "lane").textContent = collapsed.label;
      part(this.collapsed, "say").textContent = collapsed.say;
    }
  }

  /** @param {ShownCard} card */
  #renderPrimary(card) {
    const root = this.primary;
    if (this.#shownId !== card.id) {
      root.classList.remove("is-new");
      // Reading a size restarts the fade for the new card.
      void root.offsetWidth;
      root.classList.add("is-new");
    }
    this.#shownId = card.id;
    root.dataset["cardId"] = card.id;
    root.dataset["lane"] = card.lane;
    root.classList.toggle("is-pinned", card.isPinned);
    root.setAttribute("aria-busy", String(card.isGrowing));
    say(part(root, "lane"), card.label);
    say(part(root, "title"), card.title === card.label ? "" : card.title);
    say(part(root, "say"), card.say);
    say(part(root, "question"), card.question);
    say(part(root, "why"), card.why);
    say(part(root, "source"), sourceWords(card));
    root.querySelector('[data-action="pinned"]')?.setAttribute("aria-pressed", String(card.isPinned));
    // In this callback the card is laid out for the frame about to be shown. A note answers no word: no latency.
    requestAnimationFrame(() => this.onPainted(card.id, card.lane === "manager" ? null : card.triggerEndMs));
  }
}

/**
 * Which of the business's facts or plays the card leans on, and where a fact is from.
 * @param {ShownCard} card
 */
function sourceWords({ source, title }) {
  if (!source) return "";
  const names = [source.title === title ? "" : source.title, source.origin ?? ""].filter(Boolean);
  return names.length ? `From your material: ${names.join(", ")}` : "";
}
