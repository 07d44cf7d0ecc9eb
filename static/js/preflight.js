// @ts-check
/** The check before a call: microphone, customer's side, one sentence to the recogniser and back. Nothing here is a must. */

import { Capture } from "./audio/capture.js";
import { canShareTab, closeStream, DeviceError, microphonePermission, openMicrophone, openTab } from "./audio/devices.js";
import { microphoneTrouble } from "./audio/words.js";
import { byId, part, say } from "./dom.js";
import { request } from "./http.js";
import { setLevel } from "./meters.js";
import { fillMicrophones } from "./sound_dialog.js";
import { SpeechOutlook } from "./speech_outlook.js";

const SENTENCE_FRAMES = 30;

/** @typedef {"idle" | "busy" | "good" | "warn" | "bad"} Result */

/**
 * @param {string} id
 * @param {Result} result
 * @param {string} words
 */
function tell(id, result, words) {
  const check = byId(id);
  check.dataset["result"] = result;
  part(check, "words").textContent = words;
}

export class Preflight {
  /** @type {MediaStream | null} */
  microphone = null;
  /** @type {MediaStream | null} */
  tab = null;
  /** @type {Capture | null} */
  #listening = null;
  /** @type {Int16Array<ArrayBuffer>[] | null} */
  #sentence = null;
  #choice = byId("microphone", HTMLSelectElement);
  #outlook = new SpeechOutlook(byId("speech-outlook"));
  /** Rises when the check is left: what was still opening is closed again. */
  #turn = 0;

  async start() {
    this.#outlook.start();
    byId("allow").addEventListener("click", () => void this.allow());
    byId("share").addEventListener("click", () => void this.share());
    byId("unshare").addEventListener("click", () => void this.unshare());
    byId("try-speech").addEventListener("click", () => void this.trySpeech());
    this.#choice.addEventListener("change", () => void this.allow(this.#choice.value));
    if (!canShareTab()) {
      byId("share").hidden = true;
      tell("check-customer", "idle", "This browser can not share a tab's sound. The call uses your microphone; Chrome or Edge on a computer hear both sides apart.");
    }
    if ((await microphonePermission()) === "granted") await this.allow();
  }

  /**
   * Opens the microphone and shows its level.
   * @param {string} deviceId
   * @returns {Promise<boolean>} false: the reason stands on the page
   */
  async allow(deviceId = "") {
    const turn = this.#turn;
    closeStream(this.microphone);
    this.microphone = null;
    let microphone;
    try {
      microphone = await openMicrophone(deviceId);
    } catch (error) {
      const trouble = error instanceof DeviceError ? error.trouble : microphoneTrouble(error);
      tell("check-microphone", "bad", `${trouble.title} ${trouble.wayOn}`);
      byId("allow").textContent = "Try again";
      return false;
    }
    if (turn !== this.#turn) {
      closeStream(microphone);
      return false;
    }
    this.microphone = microphone;
    microphone.getAudioTracks()[0]?.addEventListener("ended", () => {
      if (turn === this.#turn) this.#unplugged();
    });
    await this.#listen();
    await fillMicrophones(this.#choice);
    // Meanwhile the call may have begun: its stream is the call's now, and the check is gone from the page.
    if (turn !== this.#turn) return false;
    this.#choice.value = microphone.getAudioTracks()[0]?.getSettings().deviceId ?? this.#choice.value;
    byId("microphone-choice").hidden = this.#choice.options.length < 2;
    byId("allow").hidden = true;
    tell("check-microphone", "good", "It is on. Speak: the bar should move.");
    byId("try-speech", HTMLButtonElement).disabled = false;
    return true;
  }

  async share() {
    const turn = this.#turn;
    try {
      const tab = await openTab();
      if (turn !== this.#turn) {
        closeStream(tab);
        return;
      }
      this.tab = tab;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (turn === this.#turn) tell("check-customer", "warn", `${error.trouble.title} ${error.trouble.wayOn}`);
      return;
    }
    this.tab.getAudioTracks()[0]?.addEventListener("ended", () => {
      if (turn === this.#turn) void this.unshare();
    });
    await this.#listen();
    if (turn !== this.#turn) return;
    byId("share").hidden = true;
    byId("unshare").hidden = false;
    tell("check-customer", "good", "Shared. When the customer speaks, the bar moves.");
  }

  async unshare() {
    const turn = this.#turn;
    closeStream(this.tab);
    this.tab = null;
    await this.#listen();
    if (turn !== this.#turn) return;
    byId("share").hidden = !canShareTab();
    byId("unshare").hidden = true;
    tell("check-customer", "idle", "Not shared: the call hears your side only.");
  }

  /** Three seconds to the recogniser and back. */
  async trySpeech() {
    const button = byId("try-speech", HTMLButtonElement);
    button.disabled = true;
    tell("check-speech", "busy", "Listening for three seconds: say a sentence.");
    say(byId("heard"), "");
    this.#sentence = [];
  }

  /** Lets go of everything but the streams, which the call takes over. */
  async handOver() {
    this.#turn += 1;
    this.#outlook.stop();
    await this.#stopListening();
    return { microphone: this.microphone, tab: this.tab };
  }

  /** Lets go of everything. */
  async close() {
    this.#turn += 1;
    this.#outlook.stop();
    await this.#stopListening();
    closeStream(this.microphone);
    closeStream(this.tab);
    this.microphone = null;
    this.tab = null;
  }

  async #stopListening() {
    const listening = this.#listening;
    this.#listening = null;
    await listening?.close();
  }

  /** Levels of what is open. On clones: a capture stops what it was given when it closes. */
  async #listen() {
    const turn = this.#turn;
    await this.#stopListening();
    if (turn !== this.#turn) return;
    byId("microphone-level").hidden = !this.microphone;
    byId("customer-level").hidden = !this.tab;
    if (!this.microphone && !this.tab) return;
    const listening = await Capture.open({
      channels: 2,
      microphone: this.microphone?.clone() ?? null,
      tab: this.tab?.clone() ?? null,
      onFrame: (pcm, levels) => this.#frame(pcm, levels),
      onLost: () => {},
    });
    if (turn === this.#turn) this.#listening = listening;
    else await listening.close();
  }

  /** @type {import("./audio/capture.js").OnFrame} */
  #frame(pcm, levels) {
    setLevel(byId("microphone-level"), levels[0] ?? 0);
    setLevel(byId("customer-level"), levels[1] ?? 0);
    if (!this.#sentence) return;
    this.#sentence.push(leftOf(pcm));
    if (this.#sentence.length < SENTENCE_FRAMES) return;
    const sentence = this.#sentence;
    this.#sentence = null;
    void this.#recognise(sentence);
  }

  /** @param {Int16Array<ArrayBuffer>[]} frames */
  async #recognise(frames) {
    const turn = this.#turn;
    tell("check-speech", "busy", "Recognising …");
    try {
      const audio = new Uint8Array(await new Blob(frames).arrayBuffer());
      const answer = /** @type {{text: string, took_ms: number}} */ (await request("/api/preflight", { method: "POST", audio }));
      if (turn !== this.#turn) return;
      say(byId("heard"), answer.text ? `“${answer.text}”` : "");
      const time = `${(answer.took_ms / 1000).toFixed(1)} s`;
      if (answer.text) tell("check-speech", "good", `Heard and understood in ${time}.`);
      else tell("check-speech", "warn", "Nothing was understood. Speak up, come closer, or choose another microphone.");
    } catch (error) {
      if (turn !== this.#turn) return;
      const words = error instanceof Error ? error.message : "";
      tell("check-speech", "warn", `${words} You can start all the same: the audio is kept and transcribed later.`.trim());
    }
    const button = byId("try-speech", HTMLButtonElement);
    button.textContent = "Try again";
    button.disabled = this.microphone === null;
  }

  #unplugged() {
    this.microphone = null;
    void this.#listen();
    byId("allow").hidden = false;
    byId("try-speech", HTMLButtonElement).disabled = true;
    tell("check-microphone", "bad", "The microphone was unplugged. Plug it in again, or allow another one.");
  }
}

/**
 * The first of two interleaved channels.
 * @param {Int16Array<ArrayBuffer>} pcm
 * @returns {Int16Array<ArrayBuffer>}
 */
function leftOf(pcm) {
  const left = new Int16Array(pcm.length / 2);
  for (let index = 0; index < left.length; index += 1) left[index] = pcm[index * 2] ?? 0;
  return left;
}
