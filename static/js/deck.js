// @ts-check
/**
 * Which cards are on the screen: one primary, one collapsed. Pure: times come in as arguments.
 *
 * A new card becomes primary and the former one collapses, unless that one is pinned or a manager's note: those stay
 * until the rep deals with them. A card nobody touched steps aside by itself, so that the screen is calm again.
 */

/** @typedef {import("./types.js").CardPayload} CardPayload */
/** @typedef {import("./types.js").ActionName} ActionName */

/** An untouched primary card collapses after this, a collapsed one leaves. */
export const PRIMARY_MS = 25_000;
export const COLLAPSED_MS = 60_000;
/** A model card whose text stopped growing and never became an event was discarded by the server. */
export const GROWING_MS = 4000;

/**
 * @typedef {object} ShownCard
 * @property {string} id
 * @property {CardPayload["lane"]} lane
 * @property {string} label where it comes from, as the rep reads it
 * @property {string} kind
 * @property {string} title
 * @property {string} say
 * @property {string} question one more to ask, or empty
 * @property {string} why
 * @property {CardPayload["source"]} source
 * @property {string} author
 * @property {number | null} triggerEndMs null while only its first words are known
 * @property {boolean} isGrowing
 * @property {boolean} isPinned
 * @property {number} since when it took its place, on the caller's clock
 */

export class Deck {
  /** @type {ShownCard | null} */
  primary = null;
  /** @type {ShownCard | null} */
  collapsed = null;
  /** @type {Set<string>} cards the rep has dealt with: they, and what would replace them, stay away */
  #gone = new Set();

  /**
   * A card of the log.
   * @param {CardPayload} payload
   * @param {number} now
   */
  add(payload, now) {
    if (this.#gone.has(payload.id) || (payload.replaces && this.#gone.has(payload.replaces))) return;
    const place = this.find(payload.id) ?? (payload.replaces ? this.find(payload.replaces) : null);
    const card = shown(payload, now);
    if (place) Object.assign(place, card, { isPinned: place.isPinned });
    else this.#enter(card, now);
    // Its words grew beside the card it replaces: one moment, one card, unless the rep keeps the old one.
    const replaced = payload.replaces ? this.find(payload.replaces) : null;
    if (replaced && !stays(replaced)) this.#remove(replaced, now);
  }

  /**
   * The first words of a model card, before its event. No words: it will not come, what stood before stays.
   * @param {string} id
   * @param {string} say
   * @param {number} now
   */
  grow(id, say, now) {
    if (this.#gone.has(id)) return;
    const place = this.find(id);
    if (!say) {
      if (place?.isGrowing) this.#remove(place, now);
    } else if (!place) this.#enter(growing(id, say, now), now);
    else if (place.isGrowing) Object.assign(place, { say, since: now });
  }

  /**
   * What the rep did, here or (from the log) elsewhere. Pin is a switch.
   * @param {string} id
   * @param {ActionName} action
   * @param {number} now
   */
  act(id, action, now) {
    if (action === "painted") return;
    const place = this.find(id);
    if (action === "pinned") {
      if (place) Object.assign(place, { isPinned: true, since: now });
      return;
    }
    this.#gone.add(id);
    if (place) this.#remove(place, now);
  }

  /** @param {number} now */
  unpin(now) {
    if (this.primary) Object.assign(this.primary, { isPinned: false, since: now });
  }

  /** The collapsed card opens, the primary one collapses. @param {number} now */
  swap(now) {
    if (!this.collapsed) return;
    [this.primary, this.collapsed] = [this.collapsed, this.primary];
    for (const card of [this.primary, this.collapsed]) if (card) card.since = now;
  }

  /**
   * Lets time pass.
   * @param {number} now
   * @returns {boolean} whether anything on the screen changed
   */
  tick(now) {
    const before = `${this.primary?.id}/${this.collapsed?.id}`;
    for (const card of [this.primary, this.collapsed]) {
      if (card?.isGrowing && now - card.since > GROWING_MS) this.#remove(card, now);
    }
    if (this.collapsed && !stays(this.collapsed) && now - this.collapsed.since > COLLAPSED_MS) this.collapsed = null;
    if (this.primary && !stays(this.primary) && !this.primary.isGrowing && now - this.primary.since > PRIMARY_MS) {
      this.collapsed = this.collapsed && stays(this.collapsed) ? this.collapsed : { ...this.primary, since: now };
      this.primary = null;
    }
    return before !== `${this.primary?.id}/${this.collapsed?.id}`;
  }

  /** @param {string} id */
  find(id) {
    return [this.primary, this.collapsed].find((card) => card?.id === id) ?? null;
  }

  /**
   * @param {ShownCard} card
   * @param {number} now
   */
  #enter(card, now) {
    if (this.primary && stays(this.primary) && card.lane !== "manager") {
      this.collapsed = card;
      return;
    }
    if (this.primary && !this.primary.isGrowing) this.collapsed = { ...this.primary, since: now };
    this.primary = card;
  }

  /**
   * @param {ShownCard} card
   * @param {number} now
   */
  #remove(card, now) {
    if (this.collapsed === card) this.collapsed = null;
    if (this.primary !== card) return;
    this.primary = this.collapsed;
    this.collapsed = null;
    if (this.primary) this.primary.since = now;
  }
}

/**
 * Only the rep puts it away.
 * @param {ShownCard} card
 */
function stays(card) {
  return card.isPinned || card.lane === "manager";
}

/**
 * @param {CardPayload} payload
 * @param {number} now
 * @returns {ShownCard}
 */
function shown(payload, now) {
  const { id, lane, kind, title, say, question = "", why, source, author } = payload;
  return {
    id, lane, label: laneLabel(payload), kind, title, say, question, why, source, author,
    triggerEndMs: payload.trigger_end_ms,
    isGrowing: false,
    isPinned: false,
    since: now,
  };
}

/**
 * @param {string} id
 * @param {string} say
 * @param {number} now
 * @returns {ShownCard}
 */
function growing(id, say, now) {
  return {
    id, say, lane: "model", label: "Model", kind: "", title: "", question: "", why: "", source: null, author: "",
    triggerEndMs: null, isGrowing: true, isPinned: false, since: now,
  };
}

/**
 * Where a card comes from, as the rep reads it. An instant card that no play made is the model's from earlier in the
 * call, or a general line.
 * @param {Pick<CardPayload, "lane" | "author" | "play" | "prompt_version">} payload
 */
export function laneLabel({ lane, author, play, prompt_version: promptVersion }) {
  if (lane === "manager") return author ? `From ${author}` : "From your manager";
  if (lane === "model") return "Model";
  if (play !== "") return "Playbook";
  return typeof promptVersion === "number" ? "Earlier tip" : "General tip";
}
