import assert from "node:assert/strict";
import { test } from "node:test";

import { MEMORY_FRAMES, MOST_FRAMES, Outbox } from "../../static/js/transport/outbox.js";

const FRAME_BYTES = 3200;

/** A store in memory that can be made to fail. */
class FakeStore {
  frames = new Map();
  isBroken = false;
  isUnreadable = false;
  read = 0;

  async edges() {
    if (this.isUnreadable) throw new Error("unreadable");
    const frames = [...this.frames.values()].sort((a, b) => a.first - b.first);
    return frames.length ? { first: frames[0].first, last: frames.at(-1) } : null;
  }

  async put(frames) {
    if (this.isBroken) throw new Error("quota");
    for (const frame of frames) this.frames.set(frame.first, frame);
  }

  async readFrom(sample, limit) {
    if (this.isUnreadable) throw new Error("unreadable");
    this.read += limit;
    return [...this.frames.values()].filter((frame) => frame.first >= sample).sort((a, b) => a.first - b.first).slice(0, limit);
  }

  async dropBefore(sample) {
    for (const frame of this.frames.values()) if (frame.first + 1600 <= sample) this.frames.delete(frame.first);
  }
}

function filled(count, store = new FakeStore(), options = {}) {
  const outbox = new Outbox(1, store, options);
  for (let index = 0; index < count; index += 1) outbox.push(new Uint8Array(FRAME_BYTES).fill(index));
  return outbox;
}

async function drain(outbox) {
  const firsts = [];
  for (let frame = await outbox.take(); frame; frame = await outbox.take()) firsts.push(frame.first);
  return firsts;
}

const range = (from, to) => Array.from({ length: to - from }, (_, index) => (from + index) * 1600);

test("hands out frames once, in order", async () => {
  const outbox = filled(3);
  assert.deepEqual(await drain(outbox), [0, 1600, 3200]);
  assert.equal(await outbox.take(), null);
  outbox.push(new Uint8Array(FRAME_BYTES));
  assert.deepEqual(await drain(outbox), [4800]);
});

test("two channels count samples per channel", () => {
  const outbox = new Outbox(2, new FakeStore());
  outbox.push(new Uint8Array(2 * FRAME_BYTES));
  assert.equal(outbox.nextSample, 1600);
});

test("sends again from where the server says, and keeps what is not acknowledged", async () => {
  const outbox = filled(5);
  await drain(outbox);
  outbox.ack(3200);
  assert.equal(outbox.unackedMs, 300);
  outbox.rewind(4800);
  assert.deepEqual(await drain(outbox), [4800, 6400]);
  outbox.rewind(0);
  assert.deepEqual(await drain(outbox), [3200, 4800, 6400]);
});

test("an ack in the middle of a frame keeps the frame", async () => {
  const outbox = filled(2);
  outbox.ack(2000);
  outbox.rewind(2000);
  assert.deepEqual(await drain(outbox), [1600]);
});

test("a stale ack changes nothing", () => {
  const outbox = filled(2);
  outbox.ack(3200);
  outbox.ack(1600);
  assert.equal(outbox.unackedMs, 0);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** As a microphone does it: time passes between frames, so that the store can write. */
async function speak(outbox, count) {
  for (let index = 0; index < count; index += 1) {
    outbox.push(new Uint8Array(FRAME_BYTES));
    await settled();
  }
}

test("beyond the bound the oldest are only in the store and come back in order", async () => {
  const store = new FakeStore();
  const outbox = new Outbox(1, store);
  await speak(outbox, 3 * MEMORY_FRAMES);
  assert.deepEqual(await drain(outbox), range(0, 3 * MEMORY_FRAMES));
  outbox.ack(3 * MEMORY_FRAMES * 1600);
  outbox.rewind(0);
  assert.deepEqual(await drain(outbox), []);
});

test("what waits for more than a second is in the store at once", async () => {
  const store = new FakeStore();
  const outbox = new Outbox(1, store);
  await speak(outbox, 10);
  assert.equal(store.frames.size, 0);
  await speak(outbox, 20);
  assert.ok(store.frames.size >= 26, String(store.frames.size));
  await outbox.flush();
  assert.equal(store.frames.size, 30);
});

test("what is acknowledged within a second never touches the store", async () => {
  const store = new FakeStore();
  const outbox = new Outbox(1, store);
  for (let index = 1; index <= 50; index += 1) {
    await speak(outbox, 1);
    outbox.ack((index - 5) * 1600);
  }
  assert.equal(store.frames.size, 0);
});

test("acknowledged frames leave the store", async () => {
  const store = new FakeStore();
  const outbox = new Outbox(1, store);
  await speak(outbox, 2 * MEMORY_FRAMES);
  await drain(outbox);
  outbox.ack(2 * MEMORY_FRAMES * 1600);
  await settled();
  assert.equal(store.frames.size, 0);
});

test("a store that fails for a while loses nothing, is told of, and is used again", async () => {
  const store = new FakeStore();
  const told = [];
  let now = 0;
  store.isBroken = true;
  const outbox = new Outbox(1, store, { onTrouble: (trouble) => told.push(trouble), now: () => now });
  await speak(outbox, 2 * MEMORY_FRAMES);
  assert.deepEqual(told, ["memory"]);
  store.isBroken = false;
  await speak(outbox, MEMORY_FRAMES);
  assert.equal(store.frames.size, 0);
  now = 5000;
  await speak(outbox, 5);
  assert.deepEqual(told, ["memory", ""]);
  assert.ok(store.frames.size >= 3 * MEMORY_FRAMES);
  assert.deepEqual(await drain(outbox), range(0, 3 * MEMORY_FRAMES + 5));
});

test("a store that fails for good is bounded in memory, and the loss is told", async () => {
  const store = new FakeStore();
  const told = [];
  store.isBroken = true;
  const outbox = new Outbox(1, store, { onTrouble: (trouble) => told.push(trouble), now: () => 0 });
  const frame = new Uint8Array(FRAME_BYTES);
  for (let index = 0; index < MOST_FRAMES + 10; index += 1) outbox.push(frame);
  assert.equal(told.at(-1), "full");
  assert.deepEqual(await drain(outbox), range(10, MOST_FRAMES + 10));
});

test("a read that fails makes no hole: the frame comes later", async () => {
  const store = new FakeStore();
  const outbox = new Outbox(1, store);
  await speak(outbox, 2 * MEMORY_FRAMES);
  store.isUnreadable = true;
  assert.equal(await outbox.take(), null);
  assert.equal(outbox.cursor, 0);
  store.isUnreadable = false;
  assert.deepEqual(await drain(outbox), range(0, 2 * MEMORY_FRAMES));
});

test("a run ends where frames do not join", async () => {
  const store = new FakeStore();
  await store.put([0, 1, 3, 4].map((index) => ({ first: index * 1600, pcm: new Uint8Array(FRAME_BYTES) })));
  const outbox = new Outbox(1, store);
  await outbox.load();
  const firsts = async () => (await outbox.takeRun(10)).map((frame) => frame.first);
  assert.deepEqual([await firsts(), await firsts(), await firsts()], [[0, 1600], [4800, 6400], []]);
});

test("loading half an hour reads no audio", async () => {
  const store = new FakeStore();
  await store.put(Array.from({ length: 18_000 }, (_, index) => ({ first: index * 1600, pcm: new Uint8Array(FRAME_BYTES) })));
  const outbox = new Outbox(1, store);
  await outbox.load();
  assert.equal(outbox.unackedMs, 1_800_000);
  assert.equal(store.read, 0);
  await outbox.takeRun(100);
  assert.ok(store.read <= 200);
});

test("a store that can not be opened is not written over", async () => {
  const store = new FakeStore();
  const left = { first: 1600, pcm: new Uint8Array(FRAME_BYTES).fill(7) };
  await store.put([left]);
  store.isUnreadable = true;
  const outbox = new Outbox(1, store);
  await outbox.load();
  await speak(outbox, 30);
  assert.equal(store.frames.get(1600), left);
});

test("what is at hand stays until it is acknowledged, however far the server is", async () => {
  const store = new FakeStore();
  await store.put([{ first: 0, pcm: new Uint8Array(FRAME_BYTES) }]);
  const outbox = new Outbox(1, store);
  await outbox.load();
  outbox.rewind(32_000);
  assert.equal(outbox.oldest, 0);
  outbox.push(new Uint8Array(FRAME_BYTES));
  assert.deepEqual(await drain(outbox), [32_000]);
});

test("a page loaded anew sends what the last one left, then goes on behind it", async () => {
  const store = new FakeStore();
  await store.put([10, 11, 12].map((index) => ({ first: index * 1600, pcm: new Uint8Array(FRAME_BYTES) })));
  const outbox = new Outbox(1, store);
  await outbox.load();
  assert.equal(outbox.oldest, 16000);
  outbox.rewind(17600);
  outbox.push(new Uint8Array(FRAME_BYTES));
  assert.deepEqual(await drain(outbox), [17600, 19200, 20800]);
});

test("a page loaded anew goes on where the server stands", async () => {
  const outbox = new Outbox(1, new FakeStore());
  await outbox.load();
  outbox.rewind(32000);
  assert.equal(outbox.nextSample, 32000);
  outbox.push(new Uint8Array(FRAME_BYTES));
  assert.deepEqual(await drain(outbox), [32000]);
  assert.equal(outbox.unackedMs, 100);
});

test("live audio goes at once, what is older beside it, and then it is one line again", async () => {
  const outbox = filled(3);
  outbox.rewind(0);
  outbox.goLive();
  assert.equal(outbox.awaitsLive, true);
  assert.equal(outbox.takeLive(), null);
  outbox.push(new Uint8Array(FRAME_BYTES));
  assert.equal(outbox.takeLive().first, 4800);
  assert.equal(outbox.takeLive(), null);
  assert.deepEqual(await drain(outbox), [0, 1600, 3200]);
  assert.equal(outbox.isLiveFirst, true);
  outbox.push(new Uint8Array(FRAME_BYTES));
  outbox.ack(6400);
  assert.equal(outbox.isLiveFirst, false);
  assert.deepEqual(await drain(outbox), [6400]);
});

test("a new connection puts live and older audio in one line", async () => {
  const outbox = filled(2);
  outbox.goLive();
  outbox.push(new Uint8Array(FRAME_BYTES));
  outbox.takeLive();
  outbox.rewind(1600);
  assert.deepEqual(await drain(outbox), [1600, 3200]);
});
