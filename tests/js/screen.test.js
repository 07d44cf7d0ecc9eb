import assert from "node:assert/strict";
import { test } from "node:test";

import { microphoneTrouble, tabTrouble } from "../../static/js/audio/words.js";
import { lightFor, wantsBrowserSpeech } from "../../static/js/ladder.js";
import { PaintLog } from "../../static/js/paint_log.js";
import { TalkMeter } from "../../static/js/talk.js";
import { CaptureClock, clock } from "../../static/js/timing.js";
import { Utterances } from "../../static/js/utterances.js";

const FULL = { rung: "full", parts: { speech: "full" }, audio: "Heard.", words: "Everything works." };
const CARRIED = { events: "socket", audio: "socket", unackedMs: 0 };

test("the light says what the server says while the way there is clear", () => {
  assert.deepEqual(lightFor(FULL, CARRIED), { tone: "good", name: "Everything works", words: "Everything works.", audio: "Heard." });
  const tips = { ...FULL, rung: "tips", words: "Cards come from your playbook." };
  assert.equal(lightFor(tips, CARRIED).tone, "warn");
});

test("without a connection the light says where the audio is", () => {
  const light = lightFor(FULL, { ...CARRIED, events: "offline" });
  assert.equal(light.tone, "bad");
  assert.match(light.audio, /kept in this browser/);
});

test("polling and connecting have their own words, also before the first state", () => {
  assert.equal(lightFor(null, { ...CARRIED, audio: "polling" }).name, "Slower connection");
  assert.equal(lightFor(null, { ...CARRIED, events: "connecting" }).name, "Connecting");
  assert.equal(lightFor(null, { ...CARRIED, audio: "none" }).tone, "good");
});

test("after the call has ended without us the light says what happens to the audio", () => {
  const light = lightFor(FULL, { ...CARRIED, audio: "late", events: "offline" });
  assert.equal(light.name, "Recording only");
  assert.match(light.audio, /after you hang up/);
});

test("the browser recognises speech only when asked", () => {
  assert.equal(wantsBrowserSpeech(null), false);
  assert.equal(wantsBrowserSpeech(FULL), false);
  assert.equal(wantsBrowserSpeech({ ...FULL, rung: "browser_speech", parts: { speech: "browser_speech" } }), false);
  const deaf = { ...FULL, rung: "saving_late", parts: { speech: "recording" }, wants_browser_speech: true };
  assert.equal(wantsBrowserSpeech(deaf), true);
});

test("an interim gives way to its line and does not come back", () => {
  const said = new Utterances();
  const interim = { type: "interim", channel: "customer", text: "it is", start_ms: 100, end_ms: 300, utterance: 4 };
  const line = { ...interim, text: "It is expensive.", recovered: false };
  said.setInterim(interim);
  said.addLine(line, 9);
  assert.equal(said.setInterim({ ...interim, text: "it is ex" }), null);
  assert.deepEqual(said.entries.map((entry) => entry.text), ["It is expensive."]);
});

test("lines stand in the order they were spoken, recovered ones too", () => {
  const said = new Utterances();
  const line = (start_ms, recovered) => ({ channel: "rep", text: String(start_ms), start_ms, utterance: start_ms, recovered });
  said.addLine(line(1000, false), 1);
  said.addLine(line(3000, false), 2);
  const late = said.addLine(line(2000, true), 3);
  assert.deepEqual(said.entries.map((entry) => entry.text), ["1000", "2000", "3000"]);
  assert.equal(said.after(late).text, "3000");
});

test("both sides may speak the same utterance number", () => {
  const said = new Utterances();
  for (const channel of ["rep", "customer"]) {
    said.setInterim({ type: "interim", channel, text: channel, start_ms: 0, end_ms: 1, utterance: 1 });
  }
  assert.equal(said.entries.length, 2);
  assert.deepEqual(said.dropInterims(), ["rep/1", "customer/1"]);
});

test("the capture clock takes the earliest arrival as the truth", () => {
  const time = new CaptureClock();
  assert.equal(time.at(0), null);
  time.note(1600, 1150);
  time.note(3200, 1210);
  time.note(4800, 1400);
  assert.equal(time.at(1410), 400);
});

test("a paint is reported once, and only with its trigger", () => {
  const log = new PaintLog();
  log.painted("a", 1500);
  assert.equal(log.report("a", null), null);
  log.painted("a", 1900);
  assert.deepEqual(log.report("a", 1000), { type: "painted", card_id: "a", latency_ms: 500 });
  assert.equal(log.report("a", 1000), null);
});

test("a paint that was not live is not reported", () => {
  const log = new PaintLog();
  log.painted("old", 500_000);
  assert.equal(log.report("old", 1000), null);
  log.painted("elsewhere", null);
  assert.equal(log.report("elsewhere", 1000), null);
});

test("the talk meter waits for enough speech, then judges", () => {
  const meter = new TalkMeter(2);
  assert.equal(meter.update({ rep_ms: 1000, customer_ms: 0 }, 1).ratio, null);
  assert.deepEqual(meter.update({ rep_ms: 6000, customer_ms: 6000 }, 2), { ratio: 0.5, mood: "even", words: "Good balance" });
  assert.equal(meter.update({ rep_ms: 9000, customer_ms: 3000 }, 3).mood, "high");
  assert.equal(meter.update({ rep_ms: 9000, customer_ms: 3000 }, 5000).mood, "quiet");
});

test("one channel has no share", () => {
  assert.equal(new TalkMeter(1).update({ rep_ms: 60_000, customer_ms: 0 }, 1).ratio, null);
});

test("clock", () => {
  assert.deepEqual([0, 9_999, 95_000, 3_723_000].map(clock), ["0:00", "0:09", "1:35", "1:02:03"]);
});

test("device trouble comes with a way on", () => {
  for (const name of ["NotAllowedError", "NotFoundError", "NotReadableError", "OverconstrainedError", "Weird"]) {
    const error = new Error("x");
    error.name = name;
    for (const trouble of [microphoneTrouble(error), tabTrouble(error)]) {
      assert.ok(trouble.title && trouble.wayOn);
    }
  }
});

test("the light says since when, by the part that speaks for the call", () => {
  const state = { ...FULL, rung: "tips", parts: { speech: "full", coach: "tips" }, since: { speech: 1, coach: 7 } };
  assert.equal(lightFor(state, CARRIED).since, 7);
  assert.equal(lightFor({ ...FULL, since: { speech: 1 } }, CARRIED).since, undefined);
});
