// @ts-check
/** The call's log as it grows: by socket with a cursor, by polling while sockets fail. Every event arrives once, in order. */

import { request } from "../http.js";
import { Link, socketUrl } from "./link.js";
import { Poller } from "./polling.js";

/** @typedef {import("../types.js").CallEvent} CallEvent */

/**
 * @typedef {object} EventsListeners
 * @property {(event: CallEvent) => void} onEvent
 * @property {(message: Exclude<import("../types.js").EventsMessage, CallEvent | import("../types.js").Alive>) => void} onEphemeral
 * @property {(how: "socket" | "polling" | "offline" | "connecting") => void} onCarrier
 * @property {(code: number, reason: string) => void} onFinal
 */

/** The server says `alive` every 5 s: this long without a word and the connection is dead. */
const SILENT_MS = 12_000;
const LOOK_MS = 1000;

export class EventsStream {
  #cursor = 0;
  #timer = 0;
  /** @type {Link} */
  #link;
  /** @type {Poller} */
  #poller;

  /**
   * @param {{callId: string, path: string, listeners: EventsListeners}} options
   */
  constructor({ callId, path, listeners }) {
    this.callId = callId;
    this.listeners = listeners;
    this.#link = new Link(() => socketUrl(`${path}?after=${this.#cursor}`), {
      onOpen: () => listeners.onCarrier("socket"),
      onMessage: (message) => {
        this.#link.settled();
        this.#take(message);
      },
      onDown: () => {
        if (!this.#link.isFallback) listeners.onCarrier(navigator.onLine ? "connecting" : "offline");
      },
      onFallback: (isFallback) => (isFallback ? this.#poller.start() : this.#poller.stop()),
      onFinal: (code, reason) => listeners.onFinal(code, reason),
    });
    this.#poller = new Poller(
      callId,
      () => this.#cursor,
      (events) => events.forEach((event) => this.#take(event)),
      (isOnline) => listeners.onCarrier(isOnline ? "polling" : "offline"),
    );
  }

  open() {
    this.#link.open();
    this.#timer = window.setInterval(() => {
      if (this.#link.silentMs > SILENT_MS) this.#link.restart();
    }, LOOK_MS);
    window.addEventListener("online", this.#online);
    window.addEventListener("offline", this.#offline);
  }

  /** The network may be half dead: do not trust a socket that has been silent. */
  doubt() {
    this.#link.revive();
  }

  close() {
    window.clearInterval(this.#timer);
    window.removeEventListener("online", this.#online);
    window.removeEventListener("offline", this.#offline);
    this.#poller.stop();
    this.#link.close();
  }

  /**
   * By the socket, else by HTTP; a message that finds neither is dropped after its one try.
   * @param {import("../types.js").ClientMessage} message
   * @returns {Promise<void>}
   * @throws {import("../http.js").ApiError} only when HTTP was needed and failed
   */
  async send(message) {
    if (this.#link.isOpen) this.#link.send(JSON.stringify(message));
    else await request(`/api/calls/${this.callId}/actions`, { method: "POST", json: message });
  }

  #online = () => {
    if (this.#link.isOpen) this.listeners.onCarrier("socket");
    this.#link.revive();
  };

  #offline = () => this.listeners.onCarrier("offline");

  /** @param {import("../types.js").EventsMessage} message */
  #take(message) {
    if (message.type === "alive") return;
    if (message.type !== "event") {
      this.listeners.onEphemeral(message);
      return;
    }
    if (message.seq <= this.#cursor) return;
    if (message.seq > this.#cursor + 1) {
      // A hole: ask again from where we are rather than show a call with something missing.
      this.#link.restart();
      return;
    }
    this.#cursor = message.seq;
    this.listeners.onEvent(message);
  }
}
