import assert from "node:assert/strict";
import { test } from "node:test";

import { MEMORY_FRAMES, Outbox } from "../../static/js/transport/outbox.js";

const FRAME_BYTES = 3200;

/** A store in memory that can be made to fail. */
class FakeStore {
  frames = new Map();
  isBroken = false;

  async put(frames) {
    if (this.isBroken) throw new Error("quota");
    for (const frame of frames) this.frames.set(frame.first, frame);
  }

  async readFrom(sample, limit) {
    return [...this.frames.values()].filter((frame) => frame.first >= sample).sort((a, b) => a.first - b.first).slice(0, limit);
  }

  async dropBefore(sample) {
    for (const frame of this.frames.values()) if (frame.first + 1600 <= sample) this.frames.delete(frame.first);
  }
}

function filled(count, store = new FakeStore()) {
  const outbox = new Outbox(1, store);
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

test("beyond the bound the oldest move to the store and come back in order", async () => {
  const store = new FakeStore();
  const outbox = filled(3 * MEMORY_FRAMES, store);
  assert.deepEqual(await drain(outbox), range(0, 3 * MEMORY_FRAMES));
  assert.ok(store.frames.size >= MEMORY_FRAMES);
  outbox.ack(3 * MEMORY_FRAMES * 1600);
  outbox.rewind(0);
  assert.deepEqual(await drain(outbox), []);
});

test("acknowledged frames leave the store", async () => {
  const store = new FakeStore();
  const outbox = filled(2 * MEMORY_FRAMES, store);
  await drain(outbox);
  outbox.ack(2 * MEMORY_FRAMES * 1600);
  outbox.rewind(0);
  await drain(outbox);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(store.frames.size, 0);
});

test("a store that fails loses nothing", async () => {
  const store = new FakeStore();
  store.isBroken = true;
  const outbox = filled(2 * MEMORY_FRAMES, store);
  await new Promise((resolve) => setImmediate(resolve));
  for (let index = 0; index < MEMORY_FRAMES; index += 1) outbox.push(new Uint8Array(FRAME_BYTES));
  assert.deepEqual(await drain(outbox), range(0, 3 * MEMORY_FRAMES));
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
