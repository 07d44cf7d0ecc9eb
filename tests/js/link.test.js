import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Link } from "../../static/js/transport/link.js";

class FakeSocket {
  static made = [];
  readyState = 0;
  bufferedAmount = 0;

  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
  }

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  close() {
    this.readyState = 3;
  }

  drop(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose({ code, reason });
  }
}

/** A link whose timers run when the test says so. */
function setUp() {
  const seen = { fallback: [], final: [], messages: [], downs: 0 };
  const timers = [];
  const tools = {
    Socket: FakeSocket,
    schedule: (run, ms) => timers.push({ run, ms }),
    cancel: () => {},
    random: () => 1,
  };
  const events = {
    onOpen: () => {},
    onDown: () => {
      seen.downs += 1;
    },
    onMessage: (data) => seen.messages.push(data),
    onFallback: (isFallback) => seen.fallback.push(isFallback),
    onFinal: (code, reason) => seen.final.push([code, reason]),
  };
  const link = new Link(() => "wss://acme.example/ws", events, tools);
  const runLast = () => timers.at(-1).run();
  return { link, seen, timers, runLast };
}

const newest = () => FakeSocket.made.at(-1);

beforeEach(() => {
  FakeSocket.made = [];
});

test("reconnects with growing waits, then falls back and goes on trying", () => {
  const { link, seen, timers, runLast } = setUp();
  link.open();
  for (let attempt = 0; attempt < 7; attempt += 1) {
    newest().drop();
    runLast();
  }
  assert.deepEqual(timers.map((timer) => timer.ms), [1000, 2000, 4000, 8000, 10000, 10000, 10000]);
  assert.deepEqual(seen.fallback, [true]);
});

test("a socket that answers ends the fallback and starts the count again", () => {
  const { link, seen, timers, runLast } = setUp();
  link.open();
  for (let attempt = 0; attempt < 6; attempt += 1) {
    newest().drop();
    runLast();
  }
  newest().accept();
  link.settled();
  assert.deepEqual(seen.fallback, [true, false]);
  newest().drop();
  assert.equal(timers.at(-1).ms, 1000);
});

test("opening alone does not count as working", () => {
  const { link, timers, runLast } = setUp();
  link.open();
  newest().drop();
  runLast();
  newest().accept();
  newest().drop();
  assert.equal(timers.at(-1).ms, 2000);
});

for (const code of [4400, 4401, 4403, 4404, 4409, 4413]) {
  test(`close code ${code} is final`, () => {
    const { link, seen, timers } = setUp();
    link.open();
    newest().drop(code, "why");
    assert.deepEqual(seen.final, [[code, "why"]]);
    assert.equal(timers.length, 0);
    link.open();
    assert.equal(FakeSocket.made.length, 1);
  });
}

test("a server that moves is met again at once", () => {
  const { link, timers } = setUp();
  link.open();
  newest().drop(1012, "moving");
  assert.equal(timers.at(-1).ms, 0);
});

test("too fast is a reason to wait, not to stop", () => {
  const { link, seen, timers } = setUp();
  link.open();
  newest().drop(4429, "too fast");
  assert.deepEqual(seen.final, []);
  assert.equal(timers.at(-1).ms, 1000);
});

test("messages are parsed", () => {
  const { link, seen } = setUp();
  link.open();
  newest().accept();
  newest().onmessage({ data: '{"type":"ack","samples":1600}' });
  assert.deepEqual(seen.messages, [{ type: "ack", samples: 1600 }]);
});

test("every loss is told, a final refusal is not a loss", () => {
  const { link, seen, runLast } = setUp();
  link.open();
  newest().drop();
  assert.equal(seen.downs, 1);
  runLast();
  newest().drop(4409, "superseded");
  assert.equal(seen.downs, 1);
});

test("when the network is back a waiting link tries at once, a working one stays", () => {
  const { link } = setUp();
  link.open();
  newest().drop();
  link.revive();
  assert.equal(FakeSocket.made.length, 2);
  newest().accept();
  link.revive();
  assert.equal(FakeSocket.made.length, 2);
});

test("a socket that has been silent is not trusted after the network was away", (context) => {
  const { link, seen, runLast } = setUp();
  link.open();
  newest().accept();
  const later = performance.now() + 60_000;
  context.mock.method(performance, "now", () => later);
  link.revive();
  assert.equal(seen.downs, 1);
  runLast();
  assert.equal(FakeSocket.made.length, 2);
});

test("closed by us stays closed", () => {
  const { link, timers } = setUp();
  link.open();
  const socket = newest();
  link.close();
  socket.drop(1000);
  assert.equal(timers.length, 0);
});
