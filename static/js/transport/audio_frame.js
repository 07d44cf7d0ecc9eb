// @ts-check
/** Frames on the wire. Pure. */

const HEADER_BYTES = 8;

/**
 * 8 bytes little-endian `first_sample`, then PCM16.
 * @param {import("./outbox.js").Frame} frame
 * @returns {ArrayBuffer}
 */
export function encodeFrame({ first, pcm }) {
  const message = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  new DataView(message.buffer).setBigUint64(0, BigInt(first), true);
  message.set(pcm, HEADER_BYTES);
  return message.buffer;
}

/**
 * Neighbouring frames as one body for HTTP.
 * @param {readonly import("./outbox.js").Frame[]} frames in order, without holes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function joinFrames(frames) {
  const body = new Uint8Array(frames.reduce((sum, frame) => sum + frame.pcm.byteLength, 0));
  let offset = 0;
  for (const { pcm } of frames) {
    body.set(pcm, offset);
    offset += pcm.byteLength;
  }
  return body;
}
