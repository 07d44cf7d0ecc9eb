import assert from "node:assert/strict";
import { test } from "node:test";

import { COLLAPSED_MS, Deck, GROWING_MS, laneLabel, PRIMARY_MS } from "../../static/js/deck.js";

function card(id, more = {}) {
  return {
    id, lane: "instant", kind: "objection", title: "Price", say: `Say ${id}`, why: "", topic: "price",
    trigger_end_ms: 1000, signal_id: "", source: null, replaces: "", author: "", ...more,
  };
}

const ids = (deck) => [deck.primary?.id ?? null, deck.collapsed?.id ?? null];

test("a new card is primary, the former one collapses, the one before leaves", () => {
  const deck = new Deck();
  ["a", "b", "c"].forEach((id, now) => deck.add(card(id), now));
  assert.deepEqual(ids(deck), ["c", "b"]);
});

test("a pinned card keeps its place", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.act("a", "pinned", 1);
  deck.add(card("b"), 2);
  assert.deepEqual(ids(deck), ["a", "b"]);
  deck.tick(10 * COLLAPSED_MS);
  assert.deepEqual(ids(deck), ["a", null]);
  deck.unpin(10 * COLLAPSED_MS);
  deck.add(card("c"), 10 * COLLAPSED_MS);
  assert.deepEqual(ids(deck), ["c", "a"]);
});

for (const action of ["used", "dismissed", "snoozed"]) {
  test(`${action}: the card leaves for good, the collapsed one moves up`, () => {
    const deck = new Deck();
    deck.add(card("a"), 0);
    deck.add(card("b"), 1);
    deck.act("b", action, 2);
    assert.deepEqual(ids(deck), ["a", null]);
    deck.add(card("b"), 3);
    assert.deepEqual(ids(deck), ["a", null]);
  });
}

test("a card that replaces another takes its place without moving it", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.add(card("b"), 1);
  deck.add(card("a2", { replaces: "a" }), 2);
  assert.deepEqual(ids(deck), ["b", "a2"]);
});

test("a card whose words grew beside the one it replaces stands alone in the end", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.grow("m", "I hear", 1);
  deck.add(card("m", { lane: "model", replaces: "a" }), 2);
  assert.deepEqual(ids(deck), ["m", null]);
});

test("a pinned card is kept beside the one that would replace it", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.act("a", "pinned", 1);
  deck.grow("m", "I hear", 2);
  deck.add(card("m", { lane: "model", replaces: "a" }), 3);
  assert.deepEqual(ids(deck), ["a", "m"]);
});

test("what would replace a dismissed card stays away", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.act("a", "dismissed", 1);
  deck.add(card("a2", { replaces: "a" }), 2);
  assert.deepEqual(ids(deck), [null, null]);
});

test("a model card grows, then its event completes it", () => {
  const deck = new Deck();
  deck.grow("m", "What would", 0);
  deck.grow("m", "What would help you decide?", 100);
  assert.equal(deck.primary.say, "What would help you decide?");
  assert.equal(deck.primary.isGrowing, true);
  deck.add(card("m", { lane: "model", say: "What would help you decide today?", trigger_end_ms: 5000 }), 200);
  assert.equal(deck.primary.isGrowing, false);
  assert.equal(deck.primary.triggerEndMs, 5000);
  deck.grow("m", "late", 300);
  assert.equal(deck.primary.say, "What would help you decide today?");
});

test("words that never become a card go away", () => {
  const deck = new Deck();
  deck.grow("m", "What would", 0);
  assert.equal(deck.tick(GROWING_MS), false);
  assert.equal(deck.tick(GROWING_MS + 1), true);
  assert.deepEqual(ids(deck), [null, null]);
});

test("withdrawn words give the place back", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.grow("m", "What would", 1);
  assert.deepEqual(ids(deck), ["m", "a"]);
  deck.grow("m", "", 2);
  assert.deepEqual(ids(deck), ["a", null]);
});

test("nothing pushes a manager's note aside but another note", () => {
  const deck = new Deck();
  deck.add(card("n", { lane: "manager" }), 0);
  deck.add(card("a"), 1);
  deck.tick(10 * PRIMARY_MS);
  assert.equal(deck.primary.id, "n");
  deck.add(card("n2", { lane: "manager" }), 2);
  assert.deepEqual(ids(deck), ["n2", "n"]);
});

test("an untouched card steps aside, then leaves", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  assert.equal(deck.tick(PRIMARY_MS), false);
  assert.equal(deck.tick(PRIMARY_MS + 1), true);
  assert.deepEqual(ids(deck), [null, "a"]);
  deck.tick(PRIMARY_MS + COLLAPSED_MS + 2);
  assert.deepEqual(ids(deck), [null, null]);
});

test("the folded card opens on request", () => {
  const deck = new Deck();
  deck.add(card("a"), 0);
  deck.add(card("b"), 1);
  deck.swap(2);
  assert.deepEqual(ids(deck), ["a", "b"]);
});

test("a card says where it comes from", () => {
  assert.equal(laneLabel({ lane: "instant", author: "" }), "Playbook");
  assert.equal(laneLabel({ lane: "instant", author: "", play: "price", prompt_version: null }), "Playbook");
  assert.equal(laneLabel({ lane: "instant", author: "", play: "", prompt_version: null }), "General tip");
  assert.equal(laneLabel({ lane: "instant", author: "", play: "", prompt_version: 4 }), "Earlier tip");
  assert.equal(laneLabel({ lane: "model", author: "" }), "Model");
  assert.equal(laneLabel({ lane: "manager", author: "Maya" }), "From Maya");
});
