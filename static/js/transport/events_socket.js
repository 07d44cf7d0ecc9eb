// @ts-check
/** The call's log as it grows: by socket with a cursor, by polling while sockets fail. Every event arrives once, in order. */

import { LogCursor } from "./cursor.js";
import { Link, socketUrl } from "./link.js";
import { Poller } from "./polling.js";

/** @typedef {import("../types.js").CallEvent} CallEvent */

/**
 * @typedef {object} EventsListeners
 * @property {(event: CallEvent) => void} onEvent
 * @property {(events: CallEvent[]) => void} onRewind only these came to be: paint anew
 * @property {(message: import("../types.js").Fleeting) => void} onEphemeral
 * @property {(how: "socket" | "polling" | "offline" | "connecting") => void} onCarrier
 * @property {(code: number, reason: string) => void} onFinal
 */

/** The server says `alive` every 5 s: this long without a word and the connection is dead. */
const SILENT_MS = 12_000;
const LOOK_MS = 1000;

export class EventsStream {
  #cursor = new LogCursor();
  #timer = 0;
  /** @type {Link} */
  #link;
  /** @type {Poller} */
  #poller;

  /**
   * @param {{callId: string, path: string, listeners: EventsListeners}} options
   */
  constructor({ callId, path, listeners }) {
    this.listeners = listeners;
    this.#link = new Link(() => socketUrl(`${path}?${this.#cursor.query}`), {
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
      () => this.#cursor.query,
      (answer) => this.#polled(answer),
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

  #online = () => {
    if (this.#link.isOpen) this.listeners.onCarrier("socket");
    this.#link.revive();
    this.#poller.revive();
  };

  #offline = () => this.listeners.onCarrier("offline");

  /** @param {import("../types.js").EventsMessage} message */
  #take(message) {
    if (message.type === "event") this.#takeEvent(message);
    else if (message.type === "epoch") this.#cursor.turn(message.epoch);
    else if (message.type === "rewind") this.#rewind(message.seq, message.epoch);
    else if (message.type !== "alive") this.listeners.onEphemeral(message);
  }

  /** @param {CallEvent} event */
  #takeEvent(event) {
    const found = this.#cursor.take(event);
    if (found === "new") this.listeners.onEvent(event);
    // A hole: ask again from where we are rather than show a call with something missing.
    if (found === "hole") this.#link.restart();
  }

  /** @param {number} seq @param {number} epoch */
  #rewind(seq, epoch) {
    const kept = this.#cursor.rewind({ seq, epoch });
    if (kept) this.listeners.onRewind(kept);
  }

  /** @param {import("../types.js").PolledEvents} answer */
  #polled({ events, epoch, rewind }) {
    // Asked before the socket told of another owner: the numbers mean something else by now.
    if (epoch < this.#cursor.epoch) return;
    if (rewind === undefined) this.#cursor.turn(epoch);
    else this.#rewind(rewind, epoch);
    for (const event of events) this.#takeEvent(event);
  }
}
