// @ts-check
/** The rep's own call: capture goes up, the log comes down, until it is hung up. */

import { BrowserSpeech } from "./browser_speech.js";
import { sayLate, sayRest, sayTrouble, tellEnd } from "./call_end.js";
import { hush } from "./consent.js";
import { byId } from "./dom.js";
import { listenForHelpMode } from "./help_mode.js";
import { request } from "./http.js";
import { wantsBrowserSpeech } from "./ladder.js";
import { callKeys, LiveView } from "./live_view.js";
import { notify, withdraw } from "./notices.js";
import { PaintLog } from "./paint_log.js";
import { CaptureClock } from "./timing.js";
import { AudioUplink } from "./transport/audio_uplink.js";
import { deliver } from "./transport/delivery.js";
import { alone, IndexedFrames } from "./transport/frame_store.js";
import { Outbox } from "./transport/outbox.js";
import { keepAwake } from "./wake_lock.js";

/** How long hanging up waits for the last audio to be acknowledged. */
const LAST_ACK_MS = 3000;
const SUPERSEDED = 4409;
/** Also how the sockets of a call that has ended close, sometimes before its last event is here. */
const NOT_ALLOWED = 4403;
const NOT_SIGNED_IN = 4401;

export class CallRoom {
  /** @type {import("./audio/capture.js").Capture | null} */
  capture = null;
  #clock = new CaptureClock();
  #paints = new PaintLog();
  #isOver = false;
  #isLoaded = false;
  #isHangingUp = false;
  /** The call has ended: what is left of its audio goes by HTTP. */
  #isResting = false;
  #wantsSpeech = false;
  /** @type {() => void} */
  #letSleep = () => {};
  /** @type {() => void} other windows may have the audio */
  #letGo = () => {};
  /** @type {() => void} */
  #resolveReady = () => {};

  /** @param {import("./live_view.js").CallConfig} call */
  constructor(call) {
    this.call = call;
    /** @type {Promise<void>} the server has said which sample it expects next */
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.store = new IndexedFrames(call.id);
    this.outbox = new Outbox(call.channels, this.store, { onTrouble: sayTrouble });
    this.uplink = new AudioUplink({
      callId: call.id,
      path: call.audio,
      outbox: this.outbox,
      events: {
        onState: (state) => this.#state(state),
        onCarrier: (how) => this.view.light.setCarrier({ audio: how }),
        onFinal: (code, reason) => void this.#refused(code, reason),
        onReady: () => this.#resolveReady(),
        onSilent: () => this.view.events.doubt(),
      },
    });
    this.view = new LiveView(call, {
      names: { rep: "You", customer: call.customer || "Customer" },
      // Refused: a card that has left the call meanwhile. The screen has moved on as well.
      onAct: (id, action) => void this.view.actions.send({ type: action, card_id: id }).catch(() => {}),
      onPainted: (id, triggerEndMs) => this.#painted(id, triggerEndMs),
      onState: (state) => this.#state(state),
      onEnded: (reason) => this.#ended(reason),
      onFinal: (code, reason) => void this.#refused(code, reason),
    });
    this.speech = new BrowserSpeech(call.id, () => this.#clock.at(performance.now()), (isWorking) => this.#hearing(isWorking));
  }

  /** The screen alone: events flow, nothing is captured yet. */
  open() {
    callKeys(this.view);
    byId("hang-up").addEventListener("click", () => void this.hangUp());
    listenForHelpMode((message) => this.view.actions.send(message));
    window.addEventListener("beforeunload", this.#leaving);
    window.addEventListener("online", this.#online);
    window.addEventListener("pagehide", this.#hidden);
    document.addEventListener("visibilitychange", this.#hidden);
    void alone(this.call.id, { isPatient: true }, () => new Promise((resolve) => (this.#letGo = resolve))).catch(() => {});
    this.view.open();
  }

  /** Takes the call over to this page. Frames pushed from now on go up. */
  async connect() {
    await this.#load();
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
    if (this.#isHangingUp) return;
    this.#isHangingUp = true;
    const button = byId("hang-up", HTMLButtonElement);
    button.disabled = true;
    const { capture } = this;
    this.capture = null;
    await capture?.close();
    void this.outbox.flush();
    // A call that silence has ended is over once the rest is delivered, and that goes on by itself.
    if (this.#isResting) return;
    await this.#lastAck();
    const refusal = await tellEnd(this.call.id, { unackedMs: () => this.outbox.unackedMs, isOver: () => this.#isOver });
    if (!refusal) {
      this.#ended("hung_up");
      return;
    }
    this.#isHangingUp = false;
    button.disabled = false;
    notify("hang-up", {
      tone: "warn",
      title: refusal.message,
      text: "The microphone is off and the audio is kept. Try again in a moment.",
      ways: [{ label: "Hang up again", run: () => void this.hangUp() }],
    });
  }

  async #lastAck() {
    const until = performance.now() + LAST_ACK_MS;
    while (this.outbox.unackedMs > 0 && this.uplink.isDelivering && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @param {string} reason */
  #ended(reason) {
    if (this.#isOver || this.#isResting) return;
    this.#isResting = true;
    if (this.capture && reason === "silent") {
      this.uplink.close();
      this.view.light.setCarrier({ audio: "late" });
      this.view.cards.rest();
      sayLate();
    } else this.#stop();
    void this.#deliverRest();
  }

  async #deliverRest() {
    await this.#load();
    const isMore = () => this.capture !== null;
    const outcome = await deliver(this.call.id, this.outbox, {
      isMore,
      onProgress: () => isMore() || sayRest(this.outbox.unackedMs),
    });
    this.#stop();
    window.removeEventListener("beforeunload", this.#leaving);
    if (outcome === "refused") {
      notify("rest", {
        tone: "bad",
        title: "The rest of the recording can not be sent from here.",
        text: "It is kept in this browser, and sent once you are signed in again.",
        ways: [this.#signIn()],
      });
      return;
    }
    await this.store.destroy().catch(() => {});
    window.location.assign(`/calls/${this.call.id}/report/`);
  }

  /** What an earlier page of this call left in this browser counts as captured here. */
  async #load() {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    await this.outbox.load();
  }

  #stop() {
    if (this.#isOver) return;
    this.#isOver = true;
    window.removeEventListener("online", this.#online);
    const { capture } = this;
    this.capture = null;
    void capture?.close();
    void this.outbox.flush();
    this.speech.stop();
    this.uplink.close();
    this.view.close();
    this.#letSleep();
  }

  #hidden = () => void this.outbox.flush();

  #online = () => this.uplink.revive();

  /** @param {BeforeUnloadEvent} event */
  #leaving = (event) => {
    const isSending = this.#isHangingUp || (this.#isResting && this.outbox.unackedMs > 0);
    if (this.capture || isSending) event.preventDefault();
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

  /** @returns {Promise<string>} why the call has ended; nothing while it has not, or nobody knows */
  async #endReason() {
    try {
      const call = /** @type {{state: string, end_reason: string}} */ (await request(`/api/calls/${this.call.id}`));
      return call.state === "ended" ? call.end_reason : "";
    } catch {
      return "";
    }
  }

  /**
   * @param {string} id
   * @param {number | null} triggerEndMs
   */
  #painted(id, triggerEndMs) {
    this.#paints.painted(id, this.#clock.at(performance.now()));
    const message = this.#paints.report(id, triggerEndMs);
    if (message) void this.view.actions.send(message).catch(() => {});
  }

  /**
   * @param {number} code
   * @param {string} reason
   * @returns {Promise<void>}
   */
  async #refused(code, reason) {
    const ending = code === NOT_ALLOWED ? await this.#endReason() : "";
    if (ending) return this.#ended(ending);
    if (this.#isOver || this.#isResting) return;
    this.#stop();
    window.removeEventListener("beforeunload", this.#leaving);
    this.#letGo();
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
      text: this.outbox.unackedMs > 0 ? "What is not sent yet is kept in this browser." : "",
      ways: code === NOT_SIGNED_IN ? [this.#signIn()] : [again],
    });
  }

  /** @returns {import("./notices.js").Way} and back here */
  #signIn() {
    const back = encodeURIComponent(`/calls/${this.call.id}/`);
    return { label: "Sign in", run: () => window.location.assign(`/sign-in/?next=${back}`) };
  }
}
