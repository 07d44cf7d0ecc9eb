// @ts-check
/**
 * Speech recognised by the browser itself, while the server asks for it. Only the microphone's side; the browser tells
 * no times, so a line's are those of hearing it.
 */

import { waitBefore } from "./backoff.js";
import { request } from "./http.js";

/** Errors that no restart cures. */
const HOPELESS = new Set(["not-allowed", "service-not-allowed", "language-not-supported"]);
const MOST_FAILURES = 5;
const INTERIM_EVERY_MS = 300;

/**
 * @typedef {object} HeardLine one entry of `POST /api/calls/<id>/lines`
 * @property {"rep"} channel
 * @property {string} text
 * @property {number} start_ms
 * @property {number} end_ms
 * @property {number} confidence
 * @property {boolean} is_final
 * @property {number} utterance
 */

/** @typedef {{isFinal: boolean, 0: {transcript: string, confidence: number}}} RecognisedResult */
/** @typedef {{resultIndex: number, results: ArrayLike<RecognisedResult>}} RecognisedEvent */

/** @returns {(new () => any) | null} the browser's recogniser, where it has one */
function recogniser() {
  const names = /** @type {Record<string, any>} */ (/** @type {unknown} */ (window));
  return names["SpeechRecognition"] ?? names["webkitSpeechRecognition"] ?? null;
}

export class BrowserSpeech {
  /** @type {any} */
  #recognition = null;
  #isWanted = false;
  #failures = 0;
  #utterance = 0;
  #startMs = 0;
  #lastText = "";
  #lastSent = 0;
  #timer = 0;

  /**
   * @param {string} callId
   * @param {() => number | null} now the capture clock
   * @param {(isWorking: boolean) => void} onWorking false: this browser can not help
   */
  constructor(callId, now, onWorking) {
    this.callId = callId;
    this.now = now;
    this.onWorking = onWorking;
  }

  start() {
    if (this.#isWanted) return;
    const Recogniser = recogniser();
    if (!Recogniser) {
      this.onWorking(false);
      return;
    }
    this.#isWanted = true;
    this.#failures = 0;
    this.#recognition = new Recogniser();
    Object.assign(this.#recognition, {
      continuous: true,
      interimResults: true,
      lang: navigator.language || "en-US",
      onresult: (/** @type {RecognisedEvent} */ event) => this.#heard(event),
      onerror: (/** @type {{error: string}} */ event) => this.#failed(event.error),
      onend: () => this.#again(),
    });
    this.#listen();
  }

  stop() {
    this.#isWanted = false;
    window.clearTimeout(this.#timer);
    this.#recognition?.abort();
    this.#recognition = null;
  }

  #listen() {
    try {
      this.#recognition?.start();
    } catch {
      this.#again();
    }
  }

  /** @param {RecognisedEvent} event */
  #heard(event) {
    this.#failures = 0;
    this.onWorking(true);
    for (let index = event.resultIndex; index < event.results.length; index += 1) {
      const result = event.results[index];
      if (result) this.#line(result);
    }
  }

  /** @param {RecognisedResult} result */
  #line(result) {
    const text = result[0].transcript.trim();
    const now = Math.round(this.now() ?? 0);
    if (!text || (text === this.#lastText && !result.isFinal)) return;
    if (!this.#lastText) this.#startMs = now;
    this.#lastText = text;
    if (!result.isFinal && now - this.#lastSent < INTERIM_EVERY_MS) return;
    this.#lastSent = now;
    void this.#send({
      channel: "rep",
      text,
      start_ms: this.#startMs,
      end_ms: Math.max(now, this.#startMs + 1),
      confidence: result[0].confidence || 0.5,
      is_final: result.isFinal,
      utterance: this.#utterance,
    });
    if (result.isFinal) {
      this.#utterance += 1;
      this.#lastText = "";
    }
  }

  /** A lost interim is nothing; a final is tried again until the server takes it or says no. @param {HeardLine} line */
  async #send(line) {
    for (let attempt = 0; attempt <= MOST_FAILURES; attempt += 1) {
      try {
        await request(`/api/calls/${this.callId}/lines`, { method: "POST", json: { lines: [line] } });
        return;
      } catch (error) {
        const isRetryable = /** @type {{isRetryable?: boolean}} */ (error).isRetryable;
        if (!line.is_final || !isRetryable) return;
        await new Promise((resolve) => setTimeout(resolve, waitBefore(attempt)));
      }
    }
  }

  /** @param {string} error */
  #failed(error) {
    if (error === "no-speech" || error === "aborted") return;
    this.#failures += 1;
    if (!HOPELESS.has(error) && this.#failures < MOST_FAILURES) return;
    this.stop();
    this.onWorking(false);
  }

  /** Recognition ends by itself after silence or a minute. */
  #again() {
    if (!this.#isWanted) return;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#listen(), this.#failures ? waitBefore(this.#failures) : 150);
  }
}
