import assert from "node:assert/strict";
import { test } from "node:test";

import { LogCursor } from "../../static/js/transport/cursor.js";

const event = (seq, text = `event ${seq}`) => ({ type: "event", seq, at: 0, kind: "note", payload: { id: "n", text, author: "M" } });

function told(...events) {
  const cursor = new LogCursor();
  cursor.turn(1);
  for (const one of events) assert.equal(cursor.take(one), "new");
  return cursor;
}

test("an event counts once and in order", () => {
  const cursor = told(event(1), event(2));
  assert.equal(cursor.take(event(2)), "known");
  assert.equal(cursor.take(event(4)), "hole");
  assert.equal(cursor.query, "after=2&epoch=1");
});

test("what an owner told and never saved is dropped, and its successor's events take the numbers", () => {
  const cursor = told(event(1), event(2, "phantom"), event(3, "phantom"));
  const kept = cursor.rewind({ seq: 1, epoch: 2 });
  assert.deepEqual(kept, [event(1)]);
  assert.equal(cursor.query, "after=1&epoch=2");
  assert.equal(cursor.take(event(2, "true")), "new");
});

test("a successor that found everything saved drops nothing", () => {
  const cursor = told(event(1), event(2));
  cursor.turn(2);
  assert.equal(cursor.query, "after=2&epoch=2");
  assert.equal(cursor.take(event(3)), "new");
});

test("the same rewind by another carrier is not done twice", () => {
  const cursor = told(event(1), event(2, "phantom"));
  cursor.rewind({ seq: 1, epoch: 2 });
  cursor.take(event(2, "true"));
  assert.equal(cursor.rewind({ seq: 1, epoch: 2 }), null);
  assert.equal(cursor.query, "after=2&epoch=2");
});
