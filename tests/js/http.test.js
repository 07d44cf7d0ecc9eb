import assert from "node:assert/strict";
import { test } from "node:test";

import { request } from "../../static/js/http.js";

/** Both ends look open and nothing passes. */
globalThis.fetch = (_path, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

// Node ends when only a time-out of a signal is left to wait for.
const alive = setInterval(() => {}, 1000);

test("a server that does not answer in time is worth another try", async () => {
  const error = await request("/api/x", { signal: AbortSignal.timeout(1) }).catch((thrown) => thrown);
  assert.deepEqual([error.status, error.code, error.isRetryable], [0, "timeout", true]);
  assert.match(error.message, /did not answer in time/);
});

test("what its asker breaks off is no error of the network", async () => {
  const asked = new AbortController();
  const answer = request("/api/x", { signal: asked.signal });
  asked.abort();
  await assert.rejects(answer, { name: "AbortError" });
  clearInterval(alive);
});
