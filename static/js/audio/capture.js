// @ts-check
/** Microphone and meeting tab → one clock → frames. Sources may change while it runs; the clock does not stop. */

import { SAMPLE_RATE } from "./framer.js";

/** @typedef {(pcm: Int16Array<ArrayBuffer>, levels: number[]) => void} OnFrame */

export class Capture {
  /** @type {AudioContext} */
  #context;
  /** @type {AudioWorkletNode} */
  #node;
  /** @type {GainNode[]} */
  #inputs = [];
  /** @type {(MediaStreamAudioSourceNode | null)[]} */
  #sources = [null, null];
  /** @type {(channel: number) => void} */
  #onLost;

  /**
   * @param {AudioContext} context
   * @param {1 | 2} channels
   * @param {OnFrame} onFrame
   * @param {(channel: number) => void} onLost a source ended by itself: 0 the microphone, 1 the tab
   */
  constructor(context, channels, onFrame, onLost) {
    this.#context = context;
    this.#onLost = onLost;
    const merger = context.createChannelMerger(channels);
    for (let channel = 0; channel < channels; channel += 1) {
      const input = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
      input.connect(merger, 0, channel);
      this.#inputs.push(input);
    }
    this.#node = new AudioWorkletNode(context, "frames", {
      channelCount: channels,
      channelCountMode: "explicit",
      processorOptions: { channels },
    });
    this.#node.port.onmessage = ({ data }) => onFrame(new Int16Array(data.pcm), data.levels);
    merger.connect(this.#node);
    // A node that leads nowhere is not run; this one leads to silence.
    this.#node.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  }

  /**
   * A running capture on a 16 kHz clock where the browser can, else on its own rate (the worklet then resamples).
   * @param {{channels: 1 | 2, microphone: MediaStream | null, tab?: MediaStream | null, onFrame: OnFrame, onLost: (channel: number) => void}} options
   */
  static async open({ channels, microphone, tab = null, onFrame, onLost }) {
    for (const rate of [SAMPLE_RATE, undefined]) {
      const context = await newContext(rate);
      const capture = new Capture(context, channels, onFrame, onLost);
      try {
        if (microphone) capture.use(0, microphone);
        if (tab && channels === 2) capture.use(1, tab);
        await context.resume();
        return capture;
      } catch (error) {
        await context.close();
        if (rate === undefined) throw error;
      }
    }
    throw new Error("unreachable");
  }

  get context() {
    return this.#context;
  }

  /**
   * From now on `channel` hears `stream`; its former source is let go.
   * @param {number} channel
   * @param {MediaStream} stream
   */
  use(channel, stream) {
    const source = this.#context.createMediaStreamSource(stream);
    this.release(channel);
    source.connect(this.input(channel));
    this.#sources[channel] = source;
    for (const track of stream.getAudioTracks()) {
      track.addEventListener("ended", () => {
        if (this.#sources[channel] !== source) return;
        this.release(channel);
        this.#onLost(channel);
      });
    }
  }

  /**
   * Where a channel listens, for sources that are no stream (the sample call).
   * @param {number} channel
   * @returns {AudioNode}
   */
  input(channel) {
    const input = this.#inputs[channel];
    if (!input) throw new RangeError(`No channel ${channel}.`);
    return input;
  }

  /** @param {number} channel */
  release(channel) {
    const source = this.#sources[channel];
    if (!source) return;
    this.#sources[channel] = null;
    source.disconnect();
    for (const track of source.mediaStream.getTracks()) track.stop();
  }

  async close() {
    this.release(0);
    this.release(1);
    this.#node.port.postMessage("close");
    this.#node.port.onmessage = null;
    await this.#context.close();
  }
}

/** @param {number | undefined} sampleRate */
async function newContext(sampleRate) {
  const context = new AudioContext({ latencyHint: "interactive", ...(sampleRate ? { sampleRate } : {}) });
  await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
  return context;
}
