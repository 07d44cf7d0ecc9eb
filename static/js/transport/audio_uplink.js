// @ts-check
/** Takes captured frames to the server: by the audio socket, by HTTP while sockets fail. Nothing leaves the outbox unacknowledged. */

import { ApiError, request } from "../http.js";
import { encodeFrame, joinFrames } from "./audio_frame.js";
import { Link, socketUrl } from "./link.js";

/** More than this waiting in the browser's own buffer: the network is the bottleneck, hold back. */
const BACKLOG_BYTES = 131_072;
/** Frames sent per captured frame while catching up: a minute takes five seconds, where the network allows it. */
const CATCH_UP = 12;
/** More than this behind: the newest audio goes first, so that help comes for what is being said. */
const LIVE_FIRST_MS = 3000;
/** As long as no live frame comes the older ones wait for it. */
const LIVE_WITHIN_MS = 1000;
/** All that is older was sent, and no ack has come of it for this long: it is sent again. */
const AGAIN_MS = 20_000;
const HTTP_FRAMES = 10;
const HTTP_PAUSE_MS = 2000;
/** While we send the server says something every second. This long without a word: the connection is dead, whatever the socket says. */
const SILENT_MS = 5000;
const ANSWER_WITHIN_MS = 20_000;
/** A browser waits for minutes when packets vanish. */
const READY_WITHIN_MS = 10_000;
/** What an HTTP answer means where trying again changes nothing: the socket's close codes. */
const FINAL_STATUS = new Map([
  [400, 4400],
  [401, 4401],
  [403, 4403],
  [404, 4404],
  [409, 4403],
]);

/**
 * @typedef {object} UplinkEvents
 * @property {(state: import("../types.js").StatePayload) => void} onState
 * @property {(how: "socket" | "polling" | "offline" | "connecting") => void} onCarrier how audio leaves, whenever that changes
 * @property {(code: number, reason: string) => void} onFinal
 * @property {() => void} onReady the server knows us: it said what it expects next
 * @property {() => void} onSilent the server was not heard for too long: other connections may be dead as well
 */

export class AudioUplink {
  /** @type {Link} */
  #link;
  #isReady = false;
  #isPumping = false;
  #isClosed = false;
  #timer = 0;
  #httpFrom = 0;
  #readyAt = 0;
  /** When the ack last grew, or there was still something to send. */
  #movedAt = 0;
  #httpFrames = HTTP_FRAMES;
  /** @type {AbortController | null} the request that is under way */
  #posting = null;

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
        if (isFallback) outbox.rewind(outbox.oldest);
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

  /** @returns {boolean} whether audio reaches the server at all: by the socket, or by HTTP whose last request was answered */
  get isDelivering() {
    return this.isConnected || (this.#link.isFallback && performance.now() >= this.#httpFrom);
  }

  open() {
    this.#link.open();
    this.#timer = window.setInterval(() => this.#look(), 500);
  }

  /** @param {Int16Array<ArrayBuffer>} pcm */
  push(pcm) {
    this.outbox.push(new Uint8Array(pcm.buffer));
    void this.#pump();
  }

  /** What capture does not drive: the end of a backlog after the microphone stopped, a connection that never comes. */
  #look() {
    if (!this.isConnected && this.#link.silentMs > READY_WITHIN_MS) this.#link.restart();
    void this.#pump();
  }

  /** The network may be back. */
  revive() {
    this.#link.revive();
  }

  close() {
    this.#isClosed = true;
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
      backlog: true,
    };
    this.#link.send(JSON.stringify(hello));
  }

  /** @param {import("../types.js").AudioMessage} message */
  #take(message) {
    if (message.type === "ack") this.#acknowledged(message.samples);
    else if (message.type === "state") this.events.onState(message);
    else if (message.type === "ready") {
      this.#link.settled();
      this.outbox.rewind(message.next_sample);
      if (this.outbox.nextSample - this.outbox.cursor > LIVE_FIRST_MS * 16) this.outbox.goLive();
      this.#isReady = true;
      // Sent into a network that was gone, it may hang for long: what it holds goes by the socket again.
      this.#posting?.abort();
      this.#readyAt = this.#movedAt = performance.now();
      this.events.onCarrier("socket");
      this.events.onReady();
      void this.#pump();
    }
  }

  /** @param {number} samples */
  #acknowledged(samples) {
    const before = this.outbox.oldest;
    this.outbox.ack(samples);
    if (this.outbox.oldest > before || this.outbox.hasMore) this.#movedAt = performance.now();
  }

  async #pump() {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    try {
      if (this.isConnected) await this.#pumpSocket();
      else if (this.#link.isFallback) await this.#pumpHttp();
    } finally {
      this.#isPumping = false;
    }
  }

  async #pumpSocket() {
    if (this.outbox.unackedMs > 0 && this.#link.silentMs > SILENT_MS) {
      this.#link.restart();
      this.events.onSilent();
    } else if (this.outbox.isLiveFirst && performance.now() - this.#movedAt > AGAIN_MS) this.#link.restart();
    this.#sendLive();
    if (this.outbox.awaitsLive && performance.now() - this.#readyAt < LIVE_WITHIN_MS) return;
    for (let sent = 0; sent < CATCH_UP && this.isConnected; sent += 1) {
      if (this.#link.backlogBytes > BACKLOG_BYTES) return;
      const frame = await this.outbox.take();
      if (!frame) return;
      this.#link.send(encodeFrame(frame));
      this.#sendLive();
    }
  }

  #sendLive() {
    while (this.isConnected && this.#link.backlogBytes <= BACKLOG_BYTES) {
      const frame = this.outbox.takeLive();
      if (!frame) return;
      this.#link.send(encodeFrame(frame));
    }
  }

  async #pumpHttp() {
    if (performance.now() < this.#httpFrom) return;
    const start = this.outbox.cursor;
    const frames = await this.outbox.takeRun(this.#httpFrames);
    const first = frames[0];
    if (!first) return;
    const posting = (this.#posting = new AbortController());
    try {
      const path = `/api/calls/${this.callId}/audio?first_sample=${first.first}&resume=${this.outbox.oldest}`;
      const signal = AbortSignal.any([posting.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
      const audio = joinFrames(frames);
      const answer = /** @type {import("../types.js").AudioTaken} */ (await request(path, { method: "POST", audio, signal }));
      this.outbox.ack(answer.ack);
      // The call ended meanwhile, and its owner could not keep what we had sent before.
      if (answer.next_sample < first.first) this.outbox.rewind(answer.next_sample);
      this.events.onCarrier("polling");
    } catch (error) {
      if (posting.signal.aborted) return;
      this.outbox.rewind(start);
      if (!this.#isClosed) this.#httpFailed(error);
    }
  }

  /** @param {unknown} error */
  #httpFailed(error) {
    const { status, message } = error instanceof ApiError ? error : { status: 0, message: "" };
    const code = status === 413 && this.#httpFrames === 1 ? 4413 : FINAL_STATUS.get(status);
    if (code) {
      this.close();
      this.events.onFinal(code, message);
      return;
    }
    if (status === 413) {
      this.#httpFrames = Math.ceil(this.#httpFrames / 2);
      return;
    }
    this.#httpFrom = performance.now() + HTTP_PAUSE_MS;
    this.events.onCarrier(status === 0 ? "offline" : "polling");
  }
}
