// @ts-check
/** Takes captured frames to the server: by the audio socket, by HTTP while sockets fail. Nothing leaves the outbox unacknowledged. */

import { request } from "../http.js";
import { encodeFrame, joinFrames } from "./audio_frame.js";
import { Link, socketUrl } from "./link.js";

/** More than this waiting in the browser's own buffer: the network is the bottleneck, hold back. */
const BACKLOG_BYTES = 131_072;
/** Frames sent per captured frame while catching up: eight times as fast as they were spoken. */
const CATCH_UP = 8;
const HTTP_FRAMES = 10;
const HTTP_PAUSE_MS = 2000;
/** The browser's buffer has not emptied for this long: the connection is dead, whatever the socket says. */
const STALLED_MS = 6000;

/**
 * @typedef {object} UplinkEvents
 * @property {(state: import("../types.js").StatePayload) => void} onState
 * @property {(how: "socket" | "polling" | "offline" | "connecting") => void} onCarrier how audio leaves, whenever that changes
 * @property {(code: number, reason: string) => void} onFinal
 * @property {() => void} onReady the server knows us: it said what it expects next
 */

export class AudioUplink {
  /** @type {Link} */
  #link;
  #isReady = false;
  #isPumping = false;
  #timer = 0;
  #flowedAt = 0;
  #httpFrom = 0;

  /**
   * @param {{callId: string, path: string, outbox: import("./outbox.js").Outbox, events: UplinkEvents}} options
   */
  constructor({ callId, path, outbox, events }) {
    this.callId = callId;
    this.outbox = outbox;
    this.events = events;
    this.#link = new Link(() => socketUrl(path), {
      onOpen: () => this.#hello(),
      onMessage: (message) => this.#take(message),
      onDown: () => {
        this.#isReady = false;
        if (!this.#link.isFallback) events.onCarrier(navigator.onLine ? "connecting" : "offline");
      },
      onFallback: (isFallback) => {
        events.onCarrier(isFallback ? "polling" : "socket");
        void this.#pump();
      },
      onFinal: (code, reason) => events.onFinal(code, reason),
    });
  }

  /** @returns {boolean} whether live audio reaches the server by the socket */
  get isConnected() {
    return this.#link.isOpen && this.#isReady;
  }

  open() {
    this.#link.open();
    // Only for what capture does not drive: the end of a backlog after the microphone stopped.
    this.#timer = window.setInterval(() => void this.#pump(), 500);
  }

  /** @param {Int16Array<ArrayBuffer>} pcm */
  push(pcm) {
    this.outbox.push(new Uint8Array(pcm.buffer));
    void this.#pump();
  }

  /** The network may be back. */
  revive() {
    this.#link.revive();
  }

  close() {
    window.clearInterval(this.#timer);
    this.#link.close();
  }

  #hello() {
    this.#isReady = false;
    /** @type {import("../types.js").Hello} */
    const hello = {
      type: "hello",
      protocol: 1,
      encoding: "linear16",
      sample_rate: 16000,
      channels: this.outbox.channels,
      resume: this.outbox.oldest,
    };
    this.#link.send(JSON.stringify(hello));
  }

  /** @param {import("../types.js").AudioMessage} message */
  #take(message) {
    if (message.type === "ack") this.outbox.ack(message.samples);
    else if (message.type === "state") this.events.onState(message);
    else if (message.type === "ready") {
      this.#link.settled();
      this.outbox.rewind(message.next_sample);
      this.#isReady = true;
      this.#flowedAt = performance.now();
      this.events.onCarrier("socket");
      this.events.onReady();
      void this.#pump();
    }
  }

  async #pump() {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      if (this.isConnected) await this.#pumpSocket();
      else if (this.#link.isFallback) await this.#pumpHttp();
    } finally {
      this.#isPumping = false;
    }
  }

  async #pumpSocket() {
    if (this.#link.backlogBytes === 0) this.#flowedAt = performance.now();
    else if (performance.now() - this.#flowedAt > STALLED_MS) this.#link.restart();
    for (let sent = 0; sent < CATCH_UP && this.isConnected; sent += 1) {
      if (this.#link.backlogBytes > BACKLOG_BYTES) return;
      const frame = await this.outbox.take();
      if (!frame) return;
      this.#link.send(encodeFrame(frame));
    }
  }

  async #pumpHttp() {
    if (performance.now() < this.#httpFrom) return;
    const start = this.outbox.cursor;
    const frames = [];
    while (frames.length < HTTP_FRAMES) {
      const frame = await this.outbox.take();
      if (!frame) break;
      frames.push(frame);
    }
    const first = frames[0];
    if (!first) return;
    try {
      const path = `/api/calls/${this.callId}/audio?first_sample=${first.first}`;
      const answer = await request(path, { method: "POST", audio: joinFrames(frames) });
      this.outbox.ack(/** @type {{ack: number}} */ (answer).ack);
      this.events.onCarrier("polling");
    } catch {
      this.outbox.rewind(start);
      this.#httpFrom = performance.now() + HTTP_PAUSE_MS;
      this.events.onCarrier("offline");
    }
  }
}
