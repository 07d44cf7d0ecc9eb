import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { AudioUplink } from "../../static/js/transport/audio_uplink.js";
import { Outbox } from "../../static/js/transport/outbox.js";

const NO_STORE = {
  put: () => Promise.reject(new Error("quota")),
  readFrom: async () => [],
  dropBefore: async () => {},
  edges: async () => null,
};

class FakeSocket {
  static made = [];
  static isBlocked = false;
  readyState = 0;
  bufferedAmount = 0;
  sent = [];

  constructor() {
    FakeSocket.made.push(this);
    if (FakeSocket.isBlocked) setTimeout(() => this.onclose?.({ code: 1006, reason: "" }), 0);
  }

  accept() {
    this.readyState = 1;
    this.onopen();
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  send(data) {
    this.sent.push(data);
  }

  close() {
    this.readyState = 3;
  }
}

const VANISHED = -1;
let answers = [];
let bodies = [];
let now = 0;

beforeEach(() => {
  FakeSocket.made = [];
  FakeSocket.isBlocked = false;
  answers = [];
  bodies = [];
  now = 0;
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => now);
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  globalThis.window = { setTimeout, clearTimeout, setInterval, clearInterval, location: { href: "https://acme.example/calls/1/" } };
  globalThis.document = { querySelector: () => null };
  globalThis.WebSocket = FakeSocket;
  globalThis.fetch = async (path, { body, signal }) => {
    bodies.push(body.byteLength);
    const [status, content] = answers.shift() ?? [200, { ack: 0 }];
    if (status === VANISHED) return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    if (status === 0) throw new TypeError("network");
    return { ok: status === 200, status, json: async () => content };
  };
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  for (const name of ["window", "document", "WebSocket", "fetch"]) delete globalThis[name];
});

const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function pass(ms) {
  for (let left = ms; left > 0; left -= 500) {
    now += 500;
    mock.timers.tick(500);
    await settled();
  }
}

function setUp() {
  const seen = { carriers: [], final: [], silent: 0 };
  const outbox = new Outbox(1, NO_STORE);
  const events = {
    onState: () => {},
    onCarrier: (how) => seen.carriers.push(how),
    onFinal: (code) => seen.final.push(code),
    onReady: () => {},
    onSilent: () => {
      seen.silent += 1;
    },
  };
  const uplink = new AudioUplink({ callId: "1", path: "/ws/calls/1/audio", outbox, events });
  return { uplink, outbox, seen };
}

const speak = (uplink, count = 1) => {
  for (let index = 0; index < count; index += 1) uplink.push(new Int16Array(1600));
};

test("a server that says nothing for five seconds while we send is left for a new connection", async () => {
  const { uplink, outbox, seen } = setUp();
  uplink.open();
  const [socket] = FakeSocket.made;
  socket.accept();
  socket.say({ type: "ready", epoch: 1, next_sample: 0 });
  speak(uplink);
  await settled();
  for (let second = 0; second < 10; second += 1) {
    await pass(1000);
    socket.say({ type: "ack", samples: 0 });
  }
  assert.equal(FakeSocket.made.length, 1, "an ack without news is a sign of life");
  await pass(6500);
  assert.equal(seen.silent, 1);
  assert.equal(FakeSocket.made.length, 2);
  FakeSocket.made[1].accept();
  FakeSocket.made[1].say({ type: "ready", epoch: 1, next_sample: 0 });
  await settled();
  assert.equal(FakeSocket.made[1].sent.length, 2, "hello, and the frame once more");
  assert.equal(outbox.unackedMs, 100);
  uplink.close();
});

test("silence while there is nothing to send is no trouble", async () => {
  const { uplink, seen } = setUp();
  uplink.open();
  FakeSocket.made[0].accept();
  FakeSocket.made[0].say({ type: "ready", epoch: 1, next_sample: 0 });
  await pass(20_000);
  assert.equal(seen.silent, 0);
  uplink.close();
});

/** The position of every frame sent, in order. */
const positions = ({ sent }) =>
  sent.filter((data) => data instanceof ArrayBuffer).map((data) => Number(new DataView(data).getBigUint64(0, true)) / 1600);

test("after a long interruption the newest audio goes first, the rest beside it", async () => {
  const { uplink, outbox } = setUp();
  uplink.open();
  speak(uplink, 50);
  const [socket] = FakeSocket.made;
  socket.accept();
  socket.say({ type: "ready", epoch: 1, next_sample: 0 });
  await settled();
  assert.deepEqual(positions(socket), [], "older audio waits for the first live frame");
  speak(uplink);
  await settled();
  assert.deepEqual(positions(socket), [50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  speak(uplink);
  await settled();
  assert.deepEqual(positions(socket).slice(13), [51, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
  for (let second = 0; second < 6; second += 1) {
    await pass(1000);
    socket.say({ type: "ack", samples: 0 });
  }
  assert.deepEqual(positions(socket).toSorted((a, b) => a - b), Array.from({ length: 52 }, (_, index) => index));
  socket.say({ type: "ack", samples: 52 * 1600 });
  assert.equal(outbox.isLiveFirst, false);
  speak(uplink);
  await settled();
  assert.equal(positions(socket).at(-1), 52);
  uplink.close();
});

test("older audio that nobody acknowledges is sent once more", async () => {
  const { uplink } = setUp();
  uplink.open();
  speak(uplink, 50);
  const [socket] = FakeSocket.made;
  socket.accept();
  socket.say({ type: "ready", epoch: 1, next_sample: 0 });
  speak(uplink);
  for (let second = 0; second < 40 && FakeSocket.made.length === 1; second += 1) {
    await pass(1000);
    socket.say({ type: "ack", samples: 0 });
  }
  assert.equal(FakeSocket.made.length, 2);
  uplink.close();
});

test("without a microphone what is older goes by itself", async () => {
  const { uplink } = setUp();
  uplink.open();
  speak(uplink, 50);
  const [socket] = FakeSocket.made;
  socket.accept();
  socket.say({ type: "ready", epoch: 1, next_sample: 0 });
  await pass(4500);
  assert.deepEqual(positions(socket), Array.from({ length: 50 }, (_, index) => index));
  uplink.close();
});

/** Sockets are blocked: HTTP carries the audio. */
async function polling() {
  const all = setUp();
  FakeSocket.isBlocked = true;
  all.uplink.open();
  await pass(60_000);
  speak(all.uplink, 20);
  return all;
}

for (const [status, code] of [
  [401, 4401],
  [403, 4403],
  [404, 4404],
  [409, 4403],
  [400, 4400],
]) {
  test(`HTTP ${status} ends the sending as ${code} would, and keeps the audio`, async () => {
    answers = [[status, { code: "x", message: "No." }]];
    const { uplink, outbox, seen } = await polling();
    await pass(10_000);
    assert.deepEqual(seen.final, [code]);
    assert.equal(bodies.length, 1);
    assert.equal(outbox.unackedMs, 2000);
    uplink.close();
  });
}

test("HTTP 413 makes bodies smaller, and only one frame too large is the end", async () => {
  answers = Array.from({ length: 9 }, () => [413, {}]);
  const { uplink, seen } = await polling();
  await pass(10_000);
  assert.deepEqual(bodies.slice(1), [10, 5, 3, 2, 1].map((frames) => frames * 3200).slice(1));
  assert.deepEqual(seen.final, [4413]);
  uplink.close();
});

test("HTTP 503 and a lost network are tried again", async () => {
  answers = [
    [503, {}],
    [0, {}],
    [200, { ack: 16_000 }],
    [200, { ack: 32_000 }],
  ];
  const { uplink, outbox, seen } = await polling();
  await pass(10_000);
  assert.deepEqual(seen.final, []);
  assert.equal(outbox.unackedMs, 0);
  uplink.close();
});

test("a hang-up waits for the last ack over HTTP too", async () => {
  answers = [
    [0, {}],
    [200, { ack: 16_000 }],
  ];
  const { uplink } = setUp();
  assert.equal(uplink.isDelivering, false);
  FakeSocket.isBlocked = true;
  uplink.open();
  await pass(60_000);
  assert.equal(uplink.isDelivering, true);
  speak(uplink);
  await settled();
  assert.equal(uplink.isDelivering, false);
  await pass(3000);
  assert.equal(uplink.isDelivering, true);
  uplink.close();
});

test("a request that hangs does not hold back the socket that is there again", async () => {
  answers = [[VANISHED]];
  const { uplink, outbox, seen } = await polling();
  FakeSocket.isBlocked = false;
  await pass(10_500);
  const socket = FakeSocket.made.at(-1);
  socket.accept();
  socket.say({ type: "ready", epoch: 2, next_sample: 0 });
  await settled();
  speak(uplink);
  await settled();
  assert.equal(bodies.length, 1);
  assert.deepEqual(positions(socket).slice(0, 3), [0, 1, 2]);
  await pass(3000);
  assert.deepEqual(positions(socket), Array.from({ length: 21 }, (_, index) => index));
  assert.equal(outbox.unackedMs, 2100, "nothing counts as delivered");
  assert.equal(seen.carriers.at(-1), "socket");
  uplink.close();
});

test("a connection that is never made is a failed attempt after ten seconds", async () => {
  const { uplink, seen } = setUp();
  uplink.open();
  await pass(10_000);
  assert.equal(FakeSocket.made.length, 1);
  await pass(2000);
  assert.equal(FakeSocket.made.length, 2);
  assert.equal(FakeSocket.made[0].readyState, 3);
  await pass(120_000);
  assert.ok(seen.carriers.includes("polling"), "packets that vanish lead to HTTP as a refusal does");
  uplink.close();
});

test("when the network is back a connection that hangs is made anew", async () => {
  const { uplink } = setUp();
  uplink.open();
  await pass(1000);
  uplink.revive();
  assert.equal(FakeSocket.made.length, 1, "a young one is left in peace");
  await pass(4000);
  uplink.revive();
  assert.equal(FakeSocket.made.length, 2);
  uplink.close();
});
