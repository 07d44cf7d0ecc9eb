// @ts-check
/** Audio of any rate → 16 kHz PCM16 frames of 100 ms, interleaved. Pure; the worklet is a shell around it. */

export const SAMPLE_RATE = 16_000;
export const FRAME_SAMPLES = 1600;

/** Averages over the span of each output sample (a box filter with fractional edges). Rates at or below 16 kHz repeat. */
export class Resampler {
  #ratio;
  #need;
  #sum = 0;

  /** @param {number} inputRate samples per second */
  constructor(inputRate) {
    this.#ratio = inputRate / SAMPLE_RATE;
    this.#need = this.#ratio;
  }

  /**
   * @param {Float32Array} input
   * @param {(sample: number) => void} emit
   */
  push(input, emit) {
    if (this.#ratio === 1) {
      for (const sample of input) emit(sample);
      return;
    }
    for (const sample of input) {
      let left = 1;
      while (left >= this.#need) {
        emit((this.#sum + sample * this.#need) / this.#ratio);
        left -= this.#need;
        this.#need = this.#ratio;
        this.#sum = 0;
      }
      this.#sum += sample * left;
      this.#need -= left;
    }
  }
}

/** @typedef {{pcm: Int16Array<ArrayBuffer>, levels: number[]}} CapturedFrame levels: 0–1, as loud as people hear it */

/** Collects blocks into frames. A channel that delivers nothing is silence, so the clock never stops. */
export class Framer {
  #channels;
  #resamplers;
  /** @type {number[][]} */
  #waiting;

  /**
   * @param {number} inputRate
   * @param {1 | 2} channels
   */
  constructor(inputRate, channels) {
    this.#channels = channels;
    this.#resamplers = Array.from({ length: channels }, () => new Resampler(inputRate));
    this.#waiting = Array.from({ length: channels }, () => []);
  }

  /**
   * @param {readonly (Float32Array | undefined)[]} block one array per channel, all of one length
   * @param {number} length samples in the block, also when every channel is silent
   * @param {(frame: CapturedFrame) => void} emit
   */
  push(block, length, emit) {
    const silence = new Float32Array(length);
    this.#resamplers.forEach((resampler, index) => {
      const waiting = /** @type {number[]} */ (this.#waiting[index]);
      resampler.push(block[index] ?? silence, (sample) => waiting.push(sample));
    });
    while (this.#waiting.every((samples) => samples.length >= FRAME_SAMPLES)) emit(this.#cut());
  }

  /** @returns {CapturedFrame} */
  #cut() {
    const pcm = new Int16Array(FRAME_SAMPLES * this.#channels);
    const levels = this.#waiting.map((waiting, channel) => {
      const samples = waiting.splice(0, FRAME_SAMPLES);
      let power = 0;
      samples.forEach((sample, index) => {
        const value = Math.max(-1, Math.min(1, sample));
        power += value * value;
        pcm[index * this.#channels + channel] = Math.round(value * 32_767);
      });
      return loudness(Math.sqrt(power / FRAME_SAMPLES));
    });
    return { pcm, levels };
  }
}

/**
 * Effective level → 0–1 on a decibel scale from −60 dB (silent room) to −12 dB (loud speech).
 * @param {number} level root mean square, 0–1
 */
export function loudness(level) {
  if (level <= 0) return 0;
  return Math.max(0, Math.min(1, (20 * Math.log10(level) + 60) / 48));
}
