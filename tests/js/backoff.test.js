import assert from "node:assert/strict";
import { test } from "node:test";

import { SOCKET_ATTEMPTS, waitBefore } from "../../static/js/backoff.js";

test("waits double up to ten seconds", () => {
  const waits = [0, 1, 2, 3, 4, 9].map((attempt) => waitBefore(attempt, () => 1));
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10000, 10000]);
});

test("jitter takes away at most a quarter", () => {
  assert.equal(waitBefore(1, () => 0), 1500);
  assert.equal(waitBefore(1, () => 0.5), 1750);
});

test("five attempts before polling", () => assert.equal(SOCKET_ATTEMPTS, 5));
