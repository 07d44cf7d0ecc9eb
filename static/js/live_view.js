// @ts-check
/** A call on the screen, for its rep and for a manager: what the log says goes to transcript, cards, moments and light. */

import { Cards } from "./cards.js";
import { ConsentBar } from "./consent.js";
import { byId } from "./dom.js";
import { listenForKeys } from "./keys.js";
import { Meters } from "./meters.js";
import { Moments } from "./moments.js";
import { StateLight } from "./state_light.js";
import { clock } from "./timing.js";
import { Transcript } from "./transcript.js";
import { Actions } from "./transport/actions.js";
import { EventsStream } from "./transport/events_socket.js";

/**
 * @typedef {object} CallConfig
 * @property {string} id
 * @property {1 | 2} channels
 * @property {string} customer
 * @property {string} source
 * @property {string} rep
 * @property {number} ageMs how long the call has lasted when the page was made
 * @property {string} audio path of the audio socket
 * @property {string} events path of the events socket
 * @property {import("./types.js").Consent} consent
 * @property {boolean} browserSpeech whether the browser may recognise speech itself
 */

/**
 * @typedef {object} LiveOptions
 * @property {Record<import("./types.js").ChannelName, string>} names
 * @property {((id: string, action: import("./cards.js").RepAction) => void) | null} onAct null: only watching
 * @property {(id: string, triggerEndMs: number | null) => void} onPainted
 * @property {(state: import("./types.js").StatePayload) => void} onState
 * @property {(reason: string) => void} onEnded
 * @property {(code: number, reason: string) => void} onFinal the server closed the events for good
 */

export class LiveView {
  /** @type {Record<string, (event: any) => void>} */
  #kinds;
  #timer = 0;

  /**
   * @param {CallConfig} call
   * @param {LiveOptions} options
   */
  constructor(call, options) {
    this.call = call;
    this.options = options;
    this.transcript = new Transcript(options.names);
    this.cards = new Cards(options);
    this.moments = new Moments();
    this.meters = new Meters(call.channels);
    this.light = new StateLight();
    this.consent = new ConsentBar(call, options.onAct !== null);
    this.actions = new Actions(call.id);
    this.events = new EventsStream({
      callId: call.id,
      path: call.events,
      listeners: {
        onEvent: (event) => this.#kinds[event.kind]?.(event),
        onRewind: (events) => this.#repaint(events),
        onEphemeral: (message) => this.#paint(message),
        onCarrier: (how) => this.light.setCarrier({ events: how }),
        onFinal: options.onFinal,
      },
    });
    this.#kinds = {
      consent: (event) => this.consent.set(event.payload),
      line: (event) => this.transcript.addLine(event.payload, event.seq),
      moment: (event) => this.moments.set(event.payload),
      card: (event) => this.cards.add(event.payload, event.at),
      card_action: (event) => this.cards.noteAction(event.payload),
      state: (event) => {
        this.light.setState(event.payload);
        options.onState(event.payload);
      },
      call_ended: (event) => options.onEnded(event.payload.reason),
    };
  }

  open() {
    const startedAt = performance.now() - this.call.ageMs;
    const elapsed = byId("elapsed");
    const tell = () => {
      elapsed.textContent = clock(performance.now() - startedAt);
    };
    tell();
    this.#timer = window.setInterval(tell, 1000);
    this.events.open();
  }

  close() {
    window.clearInterval(this.#timer);
    this.events.close();
    this.actions.close();
    this.cards.stop();
    this.transcript.finish();
  }

  /**
   * An owner of the call died before it had saved what it said: the screen is built anew from what holds.
   * @param {import("./types.js").CallEvent[]} events
   */
  #repaint(events) {
    this.transcript.clear();
    this.cards.clear();
    this.moments.clear();
    const states = events.filter((event) => event.kind === "state");
    for (const event of [...events.filter((one) => one.kind !== "state"), ...states.slice(-1)]) this.#kinds[event.kind]?.(event);
  }

  /** @param {import("./types.js").Fleeting} message */
  #paint(message) {
    if (message.type === "interim") this.transcript.setInterim(message);
    else if (message.type === "card_text") this.cards.grow(message);
    else if (message.type === "meters") this.meters.update(message);
  }
}

/**
 * The keys of the call page.
 * @param {LiveView} view
 */
export function callKeys(view) {
  const help = byId("help", HTMLDialogElement);
  const showHelp = () => (help.open ? help.close() : help.showModal());
  byId("open-help").addEventListener("click", showHelp);
  return listenForKeys({
    u: () => view.cards.act("used"),
    d: () => view.cards.act("dismissed"),
    p: () => view.cards.act("pinned"),
    s: () => view.cards.act("snoozed"),
    o: () => view.cards.swap(),
    n: () => view.transcript.toNewest(),
    "?": showHelp,
  });
}
