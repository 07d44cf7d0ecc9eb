// @ts-check
/**
 * One WebSocket that comes back. Attempts below `SOCKET_ATTEMPTS` wait with backoff; after that `onFallback(true)`
 * tells the owner to use HTTP while the socket is tried again in the background.
 */

import { LONGEST_WAIT_MS, SOCKET_ATTEMPTS, waitBefore } from "../backoff.js";

/** Nothing changes these by trying again. */
const FINAL_CODES = new Set([4400, 4401, 4403, 4404, 4409, 4413]);
const MOVING = 1012;
const ABNORMAL = 1006;
const SETTLED_AFTER_MS = 3000;
/** Between a hole seen and asking again. */
const RESTART_MS = 250;
/** A network that was gone leaves sockets that look open: this long without a word and they are made anew. */
const DOUBTFUL_MS = 3000;

/**
 * @typedef {object} LinkEvents
 * @property {() => void} onOpen
 * @property {(data: any) => void} onMessage parsed JSON
 * @property {() => void} onDown the connection is lost or could not be made; it will be tried again
 * @property {(isFallback: boolean) => void} onFallback
 * @property {(code: number, reason: string) => void} onFinal the server said no for good
 */

/**
 * @typedef {object} LinkTools what tests replace
 * @property {new (url: string) => WebSocket} Socket
 * @property {(run: () => void, ms: number) => number} schedule
 * @property {(id: number) => void} cancel
 * @property {() => number} random
 */

/** @returns {LinkTools} */
function browserTools() {
  return {
    Socket: WebSocket,
    schedule: (run, ms) => window.setTimeout(run, ms),
    cancel: (id) => window.clearTimeout(id),
    random: Math.random,
  };
}

export class Link {
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #isClosed = false;
  #isFallback = false;
  #heardAt = 0;

  /**
   * @param {() => string} url asked anew for every attempt: the cursor moves
   * @param {LinkEvents} events
   * @param {LinkTools} tools
   */
  constructor(url, events, tools = browserTools()) {
    this.url = url;
    this.events = events;
    this.tools = tools;
  }

  get isOpen() {
    return this.#socket?.readyState === 1;
  }

  get isFallback() {
    return this.#isFallback;
  }

  /** How long the server has said nothing, to the request for a socket or on it; 0 when there is none. */
  get silentMs() {
    return this.#socket ? performance.now() - this.#heardAt : 0;
  }

  /** Bytes accepted by the browser and not yet on the network. */
  get backlogBytes() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  open() {
    if (this.#isClosed || this.#socket) return;
    const socket = new this.tools.Socket(this.url());
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.tools.schedule(() => this.#socket === socket && this.isOpen && this.settled(), SETTLED_AFTER_MS);
      this.#heardAt = performance.now();
      this.events.onOpen();
    };
    socket.onmessage = ({ data }) => {
      this.#heardAt = performance.now();
      if (typeof data === "string") this.events.onMessage(JSON.parse(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#down(code, reason);
    };
  }

  /** The connection works (the server answered, or it has lasted): the count of attempts starts again. */
  settled() {
    this.#attempt = 0;
    this.#setFallback(false);
  }

  /** @param {string | ArrayBufferLike | ArrayBufferView<ArrayBuffer>} data */
  send(data) {
    if (this.isOpen) this.#socket?.send(/** @type {string} */ (data));
  }

  /** The network is back: do not wait for the timer, and do not trust a socket that has been silent. */
  revive() {
    if (this.#isClosed) return;
    if (this.silentMs > DOUBTFUL_MS) this.restart();
    if (this.#socket) return;
    this.tools.cancel(this.#timer);
    this.open();
  }

  /** Drop this connection and come back, for example after a hole in what arrived. One never made has failed. */
  restart() {
    const socket = this.#socket;
    const hasFailed = socket !== null && !this.isOpen;
    this.#socket = null;
    socket?.close(1000);
    if (hasFailed) {
      this.#down(ABNORMAL, "");
      return;
    }
    this.events.onDown();
    this.#schedule(RESTART_MS);
  }

  close() {
    this.#isClosed = true;
    this.tools.cancel(this.#timer);
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #down(code, reason) {
    this.#socket = null;
    if (this.#isClosed) return;
    if (FINAL_CODES.has(code)) {
      this.close();
      this.events.onFinal(code, reason);
      return;
    }
    this.events.onDown();
    if (code === MOVING && this.#attempt === 0) {
      this.#attempt = 1;
      this.#schedule(0);
      return;
    }
    const attempt = this.#attempt;
    this.#attempt += 1;
    if (attempt >= SOCKET_ATTEMPTS) this.#setFallback(true);
    this.#schedule(attempt >= SOCKET_ATTEMPTS ? LONGEST_WAIT_MS : waitBefore(attempt, this.tools.random));
  }

  /** @param {number} ms */
  #schedule(ms) {
    this.tools.cancel(this.#timer);
    this.#timer = this.tools.schedule(() => this.open(), ms);
  }

  /** @param {boolean} isFallback */
  #setFallback(isFallback) {
    if (this.#isFallback === isFallback) return;
    this.#isFallback = isFallback;
    this.events.onFallback(isFallback);
  }
}

/** @param {string} path @returns {string} the socket's address on this page's host */
export function socketUrl(path) {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
