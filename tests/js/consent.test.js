import assert from "node:assert/strict";
import { test } from "node:test";

import { consentView, hush } from "../../static/js/consent.js";

const ASK = { mode: "ask", answer: "", hears: "nobody", wording: "Is that all right?", language: "en", place: "US-CA", answers: [] };
const recorded = (/** @type {any} */ view) => view.ways.map((/** @type {any} */ [answer]) => answer);

test("before the answer the rep sees what to say, and that nobody is heard", () => {
  const view = consentView(ASK);
  assert.equal(view.tone, "warn");
  assert.equal(view.wording, "Is that all right?");
  assert.match(view.words, /nobody is heard yet/);
  assert.deepEqual(recorded(view), ["yes", "no"]);
});

test("where telling is enough, staying can be recorded", () => {
  assert.deepEqual(recorded(consentView({ ...ASK, mode: "announce" })), ["stayed", "no"]);
});

test("after a yes it can be withdrawn", () => {
  const view = consentView({ ...ASK, answer: "yes", hears: "all" });
  assert.equal(view.tone, "good");
  assert.deepEqual(recorded(view), ["withdrawn"]);
});

test("where nothing has to be asked a customer may still object", () => {
  assert.deepEqual(recorded(consentView({ ...ASK, mode: "one_party", hears: "all" })), ["withdrawn"]);
});

test("after a no the screen says who is still heard, and nothing can be recorded", () => {
  assert.match(consentView({ ...ASK, answer: "no", hears: "rep" }).words, /Only you are heard/);
  const mono = consentView({ ...ASK, answer: "withdrawn", hears: "nobody" });
  assert.match(mono.words, /Nothing is heard or kept/);
  assert.deepEqual([mono.tone, mono.ways], ["bad", []]);
});

test("after a no the browser sends silence for the customer", () => {
  const stereo = new Int16Array([1, 2, 3, 4]);
  hush(stereo, 2);
  assert.deepEqual([...stereo], [1, 0, 3, 0]);
  const mono = new Int16Array([1, 2]);
  hush(mono, 1);
  assert.deepEqual([...mono], [0, 0]);
});
