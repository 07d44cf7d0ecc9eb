import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { EventsStream } from "../../static/js/transport/events_socket.js";

class FakeSocket {
  static made = [];
  static isBlocked = false;
  readyState = 0;
  bufferedAmount = 0;

  constructor(url) {
    this.url = url;
    FakeSocket.made.push(this);
    if (FakeSocket.isBlocked) setTimeout(() => this.onclose({ code: 1006, reason: "" }), 0);
  }

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  close() {
    this.readyState = 3;
  }
}

let now = 0;
/** What the page listens to, by name. */
let heard = {};

beforeEach(() => {
  FakeSocket.made = [];
  FakeSocket.isBlocked = false;
  now = 0;
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => now);
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  heard = {};
  const listeners = { addEventListener: (name, run) => (heard[name] = run), removeEventListener: () => {} };
  globalThis.window = { setTimeout, clearTimeout, setInterval, clearInterval, ...listeners, location: { href: "https://acme.example/calls/1/" } };
  globalThis.WebSocket = FakeSocket;
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  for (const name of ["window", "document", "WebSocket", "fetch"]) delete globalThis[name];
});

function pass(ms) {
  for (let left = ms; left > 0; left -= 250) {
    now += 250;
    mock.timers.tick(250);
  }
}

function setUp() {
  const events = [];
  const listeners = {
    onEvent: (event) => events.push(event.seq),
    onRewind: () => {},
    onEphemeral: () => {},
    onCarrier: () => {},
    onFinal: () => {},
  };
  const stream = new EventsStream({ callId: "1", path: "/ws/calls/1/events", listeners });
  stream.open();
  return { stream, events };
}

const event = (seq) => ({ type: "event", seq, at: 0, kind: "note", payload: {} });

test("a server that says nothing for twelve seconds is left for a new connection", () => {
  const { stream } = setUp();
  FakeSocket.made[0].accept();
  for (let second = 0; second < 30; second += 1) {
    pass(1000);
    if (second % 5 === 0) FakeSocket.made[0].say({ type: "alive" });
  }
  assert.equal(FakeSocket.made.length, 1, "a sign of life is enough");
  pass(14_000);
  assert.equal(FakeSocket.made.length, 2);
  assert.equal(FakeSocket.made[0].readyState, 3);
  stream.close();
});

test("a hole makes it ask again from where it stands", () => {
  const { stream, events } = setUp();
  const [socket] = FakeSocket.made;
  socket.accept();
  socket.say(event(1));
  socket.say(event(3));
  pass(500);
  assert.deepEqual(events, [1]);
  assert.equal(FakeSocket.made.length, 2);
  assert.match(FakeSocket.made[1].url, /after=1&/);
  FakeSocket.made[1].accept();
  for (const seq of [2, 3]) FakeSocket.made[1].say(event(seq));
  assert.deepEqual(events, [1, 2, 3]);
  stream.close();
});

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("while sockets are blocked the events come by polling", async () => {
  const asked = [];
  globalThis.document = { querySelector: () => null };
  globalThis.fetch = async (path, { signal }) => {
    asked.push(path);
    const answers = [{ events: [event(1), event(2)], last: 2, epoch: 1 }];
    const answer = answers[asked.length - 1];
    if (answer) return { ok: true, status: 200, json: async () => answer };
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  };
  FakeSocket.isBlocked = true;
  const { stream, events } = setUp();
  for (let second = 0; second < 60; second += 1) {
    pass(1000);
    await settled();
  }
  assert.deepEqual(events, [1, 2]);
  assert.match(asked[0], /after=0&epoch=0&/);
  assert.match(asked[1], /after=2&epoch=1&/);
  stream.close();
});

test("when the network is back a poll that hangs is sent anew", async () => {
  const asked = [];
  globalThis.document = { querySelector: () => null };
  globalThis.fetch = (path, { signal }) => {
    asked.push(path);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  FakeSocket.isBlocked = true;
  const { stream } = setUp();
  for (let second = 0; second < 25; second += 1) {
    pass(1000);
    await settled();
  }
  assert.equal(asked.length, 1);
  heard.online();
  await settled();
  assert.equal(asked.length, 2);
  stream.close();
});

test("a connection that is never made is left for another", () => {
  const { stream } = setUp();
  pass(14_000);
  assert.equal(FakeSocket.made.length, 2);
  assert.equal(FakeSocket.made[0].readyState, 3);
  stream.close();
});
