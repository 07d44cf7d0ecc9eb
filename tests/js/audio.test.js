import assert from "node:assert/strict";
import { test } from "node:test";

import { Framer, loudness, Resampler } from "../../static/js/audio/framer.js";
import { encodeFrame, joinFrames } from "../../static/js/transport/audio_frame.js";

/** Blocks of 128 samples of a sine. */
function* blocks(hertz, rate, seconds) {
  for (let start = 0; start < rate * seconds; start += 128) {
    yield Float32Array.from({ length: 128 }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * (start + index)) / rate));
  }
}

for (const rate of [16_000, 44_100, 48_000]) {
  test(`${rate} Hz becomes 16 kHz of the same pitch`, () => {
    const out = [];
    const resampler = new Resampler(rate);
    for (const block of blocks(440, rate, 1)) resampler.push(block, (sample) => out.push(sample));
    assert.ok(Math.abs(out.length - 16_000) < 130, `${out.length} samples`);
    let crossings = 0;
    for (let index = 1; index < 16_000; index += 1) if (out[index - 1] < 0 && out[index] >= 0) crossings += 1;
    assert.ok(Math.abs(crossings - 440) <= 2, `${crossings} Hz`);
  });
}

test("two channels interleave, rep first, in frames of 100 ms", () => {
  const frames = [];
  const framer = new Framer(16_000, 2);
  for (let index = 0; index < 25; index += 1) {
    framer.push([new Float32Array(128).fill(0.5), new Float32Array(128).fill(-0.25)], 128, (frame) => frames.push(frame));
  }
  assert.equal(frames.length, 2);
  assert.equal(frames[0].pcm.length, 3200);
  assert.deepEqual([...frames[0].pcm.slice(0, 4)], [16384, -8192, 16384, -8192]);
  assert.ok(frames[0].levels[0] > frames[0].levels[1]);
});

test("a channel without a source is silence and the clock goes on", () => {
  const frames = [];
  const framer = new Framer(16_000, 2);
  for (let index = 0; index < 13; index += 1) framer.push([], 128, (frame) => frames.push(frame));
  assert.equal(frames.length, 1);
  assert.deepEqual(frames[0].levels, [0, 0]);
});

test("too loud is cut, never wrapped", () => {
  const frames = [];
  const framer = new Framer(16_000, 1);
  for (let index = 0; index < 13; index += 1) framer.push([new Float32Array(128).fill(3)], 128, (frame) => frames.push(frame));
  assert.equal(frames[0].pcm[0], 32767);
});

test("loudness runs from a silent room to loud speech", () => {
  assert.equal(loudness(0), 0);
  assert.equal(loudness(0.001), 0);
  assert.equal(loudness(0.5), 1);
  assert.ok(loudness(0.05) > 0.4 && loudness(0.05) < 0.8);
});

test("a frame on the wire begins with its position, little-endian", () => {
  const bytes = new Uint8Array(encodeFrame({ first: 0x1_0000_0002, pcm: new Uint8Array([7, 8]) }));
  assert.deepEqual([...bytes], [2, 0, 0, 0, 1, 0, 0, 0, 7, 8]);
});

test("frames join for HTTP", () => {
  const joined = joinFrames([{ first: 0, pcm: new Uint8Array([1, 2]) }, { first: 1, pcm: new Uint8Array([3, 4]) }]);
  assert.deepEqual([...joined], [1, 2, 3, 4]);
});
