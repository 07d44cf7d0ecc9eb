// @ts-check
/** The rep's own call: capture goes up, the log comes down, until it is hung up. */

import { BrowserSpeech } from "./browser_speech.js";
import { hush } from "./consent.js";
import { byId } from "./dom.js";
import { ApiError, request } from "./http.js";
import { wantsBrowserSpeech } from "./ladder.js";
import { callKeys, LiveView } from "./live_view.js";
import { notify, withdraw } from "./notices.js";
import { PaintLog } from "./paint_log.js";
import { CaptureClock } from "./timing.js";
import { AudioUplink } from "./transport/audio_uplink.js";
import { IndexedFrames } from "./transport/frame_store.js";
import { Outbox } from "./transport/outbox.js";
import { keepAwake } from "./wake_lock.js";

/** How long hanging up waits for the last audio to be acknowledged. */
const LAST_ACK_MS = 3000;
const SUPERSEDED = 4409;
/** Also how the sockets of a call that has ended close, sometimes before its last event is here. */
const NOT_ALLOWED = 4403;

export class CallRoom {
  /** @type {import("./audio/capture.js").Capture | null} */
  capture = null;
  #clock = new CaptureClock();
  #paints = new PaintLog();
  #isOver = false;
  #wantsSpeech = false;
  /** @type {() => void} */
  #letSleep = () => {};
  /** @type {() => void} */
  #resolveReady = () => {};

  /** @param {import("./live_view.js").CallConfig} call */
  constructor(call) {
    this.call = call;
    /** @type {Promise<void>} the server has said which sample it expects next */
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.store = new IndexedFrames(call.id, call.channels);
    this.outbox = new Outbox(call.channels, this.store);
    this.uplink = new AudioUplink({
      callId: call.id,
      path: call.audio,
      outbox: this.outbox,
      events: {
        onState: (state) => this.#state(state),
        onCarrier: (how) => this.view.light.setCarrier({ audio: how }),
        onFinal: (code, reason) => void this.#refused(code, reason),
        onReady: () => this.#resolveReady(),
      },
    });
    this.view = new LiveView(call, {
      names: { rep: "You", customer: call.customer || "Customer" },
      onAct: (id, action) => void this.view.events.send({ type: action, card_id: id }).catch(() => {}),
      onPainted: (id, triggerEndMs) => this.#painted(id, triggerEndMs),
      onState: (state) => this.#state(state),
      onEnded: () => this.#ended(),
      // A card that has left the call meanwhile: the screen has moved on as well.
      onRefused: () => {},
      onFinal: (code, reason) => void this.#refused(code, reason),
    });
    this.speech = new BrowserSpeech(call.id, () => this.#clock.at(performance.now()), (isWorking) => this.#hearing(isWorking));
  }

  /** The screen alone: events flow, nothing is captured yet. */
  open() {
    callKeys(this.view);
    byId("hang-up").addEventListener("click", () => void this.hangUp());
    window.addEventListener("beforeunload", this.#leaving);
    window.addEventListener("online", this.#online);
    this.view.open();
  }

  /** Takes the call over to this page. Frames pushed from now on go up. */
  async connect() {
    await this.outbox.load();
    this.view.light.setCarrier({ audio: "connecting" });
    this.uplink.open();
    this.#letSleep = keepAwake();
  }

  /** @type {import("./audio/capture.js").OnFrame} */
  onFrame = (pcm, levels) => {
    if (this.#isOver) return;
    // The server does the same; after a no nothing of it leaves this browser either.
    if (this.view.consent.isRefused) hush(pcm, this.call.channels);
    this.uplink.push(pcm);
    this.#clock.note(this.outbox.nextSample, performance.now());
    this.view.meters.setLevels(levels);
    this.view.light.setCarrier({ unackedMs: this.outbox.unackedMs });
  };

  async hangUp() {
    const button = byId("hang-up", HTMLButtonElement);
    button.disabled = true;
    await this.capture?.close();
    this.capture = null;
    await this.#lastAck();
    try {
      await request(`/api/calls/${this.call.id}/end`, { method: "POST" });
      this.#ended();
    } catch (error) {
      button.disabled = false;
      notify("hang-up", {
        tone: "warn",
        title: error instanceof ApiError ? error.message : "The call could not be ended.",
        text: "The microphone is off and the audio is kept. Try again in a moment.",
        ways: [{ label: "Hang up again", run: () => void this.hangUp() }],
      });
    }
  }

  async #lastAck() {
    const until = performance.now() + LAST_ACK_MS;
    while (this.outbox.unackedMs > 0 && this.uplink.isConnected && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #ended() {
    if (this.#isOver) return;
    this.#stop();
    void this.store.destroy().catch(() => {});
    window.location.assign(`/calls/${this.call.id}/report/`);
  }

  #stop() {
    this.#isOver = true;
    window.removeEventListener("beforeunload", this.#leaving);
    window.removeEventListener("online", this.#online);
    void this.capture?.close();
    this.speech.stop();
    this.uplink.close();
    this.view.close();
    this.#letSleep();
  }

  #online = () => this.uplink.revive();

  /** @param {BeforeUnloadEvent} event */
  #leaving = (event) => {
    if (this.capture) event.preventDefault();
  };

  /** @param {import("./types.js").StatePayload} state */
  #state(state) {
    this.view.light.setState(state);
    this.#wantsSpeech = wantsBrowserSpeech(state);
    this.recognise();
  }

  /** Starts or stops the browser's own recognition: after each state, and once there is a microphone. */
  recognise() {
    if (!this.capture || this.call.source === "sample") return;
    const mayHear = this.call.browserSpeech && this.view.consent.state.hears !== "nobody";
    if (mayHear && this.#wantsSpeech) this.speech.start();
    else this.speech.stop();
  }

  /** @param {boolean} isWorking */
  #hearing(isWorking) {
    if (isWorking) withdraw("browser-speech");
    else {
      notify("browser-speech", {
        tone: "warn",
        title: "This browser can not recognise speech itself.",
        text: "The audio is kept and transcribed later; the playbook stays at hand.",
      });
    }
  }

  async #hasEnded() {
    try {
      const { state } = /** @type {{state: string}} */ (await request(`/api/calls/${this.call.id}`));
      return state === "ended";
    } catch {
      return false;
    }
  }

  /**
   * @param {string} id
   * @param {number | null} triggerEndMs
   */
  #painted(id, triggerEndMs) {
    this.#paints.painted(id, this.#clock.at(performance.now()));
    const message = this.#paints.report(id, triggerEndMs);
    if (message) void this.view.events.send(message).catch(() => {});
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @returns {Promise<void>}
   */
  async #refused(code, reason) {
    if (this.#isOver || (code === NOT_ALLOWED && (await this.#hasEnded()))) return this.#ended();
    if (this.#isOver) return;
    this.#stop();
    for (const id of ["hang-up", "open-sound", "light"]) byId(id).hidden = true;
    const again = { label: "Continue here", run: () => window.location.assign(`/calls/${this.call.id}/`) };
    if (code === SUPERSEDED) {
      notify("refused", {
        tone: "warn",
        title: "The call goes on in another window.",
        text: "This one has let go of the microphone.",
        ways: [again],
      });
      return;
    }
    notify("refused", {
      tone: "bad",
      title: reason || "The server closed the call's connection.",
      ways: code === 4401 ? [{ label: "Sign in", run: () => window.location.assign("/sign-in/") }] : [again],
    });
  }
}
