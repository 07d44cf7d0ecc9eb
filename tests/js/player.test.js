import assert from "node:assert/strict";
import { test } from "node:test";

import { heardAt, placeOf } from "../../static/js/player.js";

const starts = [0, 2600, 6000];
const heard = (atMs) => heardAt(starts, (start) => start, atMs);

test("the line that is heard is the last that has begun", () => {
  assert.deepEqual([0, 2599, 2600, 5999, 60000].map(heard), [0, 0, 2600, 2600, 6000]);
});

test("before the first line none is heard, and without lines never", () => {
  assert.equal(heardAt([500], (start) => start, 499), undefined);
  assert.equal(heardAt([], () => 0, 10), undefined);
});

test("a click on the timeline is a place on the call's clock", () => {
  const box = { left: 100, width: 500 };
  assert.deepEqual([100, 350, 600].map((x) => placeOf(box, x, 60000)), [0, 30000, 60000]);
});

test("a click beside the timeline is its nearest end, and a timeline without width its start", () => {
  assert.equal(placeOf({ left: 100, width: 500 }, 20, 60000), 0);
  assert.equal(placeOf({ left: 100, width: 500 }, 900, 60000), 60000);
  assert.equal(placeOf({ left: 0, width: 0 }, 5, 60000), 0);
});
