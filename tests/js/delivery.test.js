import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/http.js";
import { deliver, lasting } from "../../static/js/transport/delivery.js";
import { Outbox } from "../../static/js/transport/outbox.js";

/** Everything stays in memory. */
const NO_STORE = {
  put: () => Promise.reject(new Error("quota")),
  readFrom: async () => [],
  dropBefore: async () => {},
  edges: async () => null,
};

function filled(count) {
  const outbox = new Outbox(1, NO_STORE);
  for (let index = 0; index < count; index += 1) outbox.push(new Uint8Array(3200).fill(index));
  return outbox;
}

/** A server that takes audio in order and can refuse: `refusals` are thrown one after another first. */
function server(refusals = []) {
  const bodies = [];
  const post = async (path, audio) => {
    const refusal = refusals.shift();
    if (refusal) throw refusal;
    const first = Number(new URL(path, "https://acme.example").searchParams.get("first_sample"));
    bodies.push({ first, audio });
    const ack = first + audio.byteLength / 2;
    return { ack, next_sample: ack };
  };
  return { bodies, post };
}

const pauses = () => {
  const waited = [];
  return { waited, pause: async (ms) => void waited.push(ms) };
};

const heard = ({ bodies }) => Buffer.concat(bodies.map((body) => body.audio));

test("delivers everything in order, in bodies of ten seconds", async () => {
  const [outbox, acme] = [filled(250), server()];
  assert.equal(await deliver("1", outbox, { post: acme.post }), "done");
  assert.deepEqual(acme.bodies.map((body) => body.first), [0, 160_000, 320_000]);
  assert.equal(heard(acme).byteLength, 250 * 3200);
  assert.equal(outbox.unackedMs, 0);
});

test("a lost network, a busy server and an expired wait are all waited out", async () => {
  const refusals = [new ApiError(0, "offline", ""), new ApiError(503, "saving_late", ""), new ApiError(429, "fast", ""), new Error("aborted")];
  const [outbox, acme, { waited, pause }] = [filled(30), server(refusals), pauses()];
  assert.equal(await deliver("1", outbox, { post: acme.post, pause }), "done");
  assert.equal(waited.length, 4);
  assert.ok(waited[3] > waited[0]);
  assert.equal(heard(acme).byteLength, 30 * 3200);
});

test("too large a body is sent in halves", async () => {
  const [outbox, acme] = [filled(100), server([new ApiError(413, "too_large", ""), new ApiError(413, "too_large", "")])];
  assert.equal(await deliver("1", outbox, { post: acme.post }), "done");
  assert.deepEqual(acme.bodies.map((body) => body.first), [0, 40_000, 80_000, 120_000]);
});

test("a refusal keeps the copy, a call that takes no more does not", async () => {
  for (const [refusal, outcome] of [
    [new ApiError(401, "not_signed_in", ""), "refused"],
    [new ApiError(403, "not_allowed", ""), "refused"],
    [new ApiError(404, "no_such_call", ""), "over"],
    [new ApiError(409, "call_ended", ""), "over"],
  ]) {
    const outbox = filled(3);
    assert.equal(await deliver("1", outbox, { post: server([refusal]).post }), outcome);
    assert.equal(outbox.unackedMs, 300);
  }
});

test("an answer without a new ack is no delivery: it is sent again", async () => {
  const [outbox, { waited, pause }] = [filled(3), pauses()];
  const acks = [0, 0, 4800];
  assert.equal(await deliver("1", outbox, { post: async () => {
    const ack = acks.shift();
    return { ack, next_sample: ack };
  }, pause }), "done");
  assert.ok(waited.length >= 2);
});

test("goes back to where the server lacks something that is still here", async () => {
  const [outbox, acme] = [filled(250), server()];
  let isLost = true;
  const post = async (path, audio) => {
    const query = new URL(path, "https://acme.example").searchParams;
    if (isLost) assert.equal(query.get("resume"), "0");
    if (query.get("first_sample") === "160000" && isLost) {
      isLost = false;
      acme.bodies.length = 0;
      return { ack: 0, next_sample: 0 };
    }
    const taken = await acme.post(path, audio);
    return isLost ? { ack: 0, next_sample: taken.next_sample } : taken;
  };
  assert.equal(await deliver("1", outbox, { post, pause: pauses().pause }), "done");
  assert.deepEqual(acme.bodies.map((body) => body.first), [0, 160_000, 320_000]);
  assert.equal(heard(acme).byteLength, 250 * 3200);
});

test("while more is captured it goes on, and ends when that ends", async () => {
  const [outbox, acme] = [filled(100), server()];
  let rounds = 0;
  const pause = async () => {
    rounds += 1;
    outbox.push(new Uint8Array(3200));
  };
  assert.equal(await deliver("1", outbox, { post: acme.post, pause, isMore: () => rounds < 5 }), "done");
  assert.equal(heard(acme).byteLength, 105 * 3200);
  assert.deepEqual(acme.bodies.map((body) => body.first), [0, 160_000]);
});

test("says how long audio lasts", () => {
  assert.equal(lasting(200), "1 s");
  assert.equal(lasting(12_000), "12 s");
  assert.equal(lasting(600_000), "10 min");
});
