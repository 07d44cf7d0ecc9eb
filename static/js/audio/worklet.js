// @ts-check
/** On the audio thread: blocks of 128 samples → frames, posted to the page. It also drives sending: timers sleep in hidden tabs. */

import { Framer } from "./framer.js";

class FrameProcessor extends AudioWorkletProcessor {
  /** @param {{processorOptions: {channels: 1 | 2}}} options */
  constructor(options) {
    super();
    this.framer = new Framer(sampleRate, options.processorOptions.channels);
    this.isOpen = true;
    this.port.onmessage = () => {
      this.isOpen = false;
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    const length = outputs[0]?.[0]?.length ?? 128;
    this.framer.push(inputs[0] ?? [], length, ({ pcm, levels }) => {
      this.port.postMessage({ pcm: pcm.buffer, levels }, [pcm.buffer]);
    });
    return this.isOpen;
  }
}

registerProcessor("frames", FrameProcessor);
