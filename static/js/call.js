// @ts-check
/** Entry of the call pages: a new call after its check, or an open call found again. */

import { Capture } from "./audio/capture.js";
import { DeviceError, openMicrophone } from "./audio/devices.js";
import { openSample } from "./audio/sample.js";
import { CallRoom } from "./call_room.js";
import { readConfig } from "./config.js";
import { byId } from "./dom.js";
import { ApiError, request } from "./http.js";
import { notify, withdraw } from "./notices.js";
import { PlaceChoice } from "./place.js";
import { Preflight } from "./preflight.js";
import { setUpSound, sourceLost } from "./sound_dialog.js";

/** @typedef {import("./live_view.js").CallConfig} CallConfig */

/** @type {{member: string, sampleUrl: string, browserSpeech: boolean, consent?: ConstructorParameters<typeof PlaceChoice>[0], call?: CallConfig}} */
const config = readConfig();

/**
 * @param {{channels: 1 | 2, customer: string, source: string, place?: string, consent?: "yes"}} wanted
 * @returns {Promise<CallConfig>}
 */
async function createCall(wanted) {
  const made = /** @type {{id: string, audio: string, events: string, consent: import("./types.js").Consent}} */ (
    await request("/api/calls", { method: "POST", json: wanted })
  );
  const { channels, customer, source } = wanted;
  return { ...made, channels, customer, source, rep: config.member, ageMs: 0, browserSpeech: config.browserSpeech };
}

/** From the check to the call, in the same document: it holds the microphone. @param {CallConfig} call */
function enterRoom(call) {
  history.replaceState(null, "", `/calls/${call.id}/`);
  document.body.classList.add("in-call");
  byId("preflight").remove();
  byId("call").hidden = false;
  byId("call-title").textContent = call.customer || (call.source === "sample" ? "Sample call" : "Call");
  const room = new CallRoom(call);
  room.open();
  return room;
}

/**
 * @param {CallRoom} room
 * @param {MediaStream | null} microphone
 * @param {MediaStream | null} tab
 */
async function capture(room, microphone, tab) {
  const { channels } = room.call;
  const onLost = (/** @type {number} */ channel) => sourceLost(room, channel);
  room.capture = await Capture.open({ channels, microphone, tab, onFrame: room.onFrame, onLost });
  room.recognise();
  setUpSound(room);
}

/**
 * @param {Preflight} preflight
 * @param {string} place
 */
async function startCall(preflight, place) {
  const customer = byId("customer", HTMLInputElement).value.trim();
  if (!preflight.microphone && !(await preflight.allow())) return;
  const { microphone, tab } = await preflight.handOver();
  const room = enterRoom(await createCall({ channels: tab ? 2 : 1, customer, source: "browser", place }));
  await room.connect();
  await capture(room, microphone, tab);
}

/** @param {Preflight} preflight */
async function startSample(preflight) {
  await preflight.close();
  /** @type {CallRoom | null} */
  let room = null;
  const { capture: sample, play } = await openSample({
    url: config.sampleUrl,
    onFrame: (pcm, levels) => room?.onFrame(pcm, levels),
    onEnded: () =>
      notify("sample", {
        title: "The sample call is over.",
        text: "Hang up to read its report.",
        ways: [{ label: "Hang up and read the report", run: () => void room?.hangUp() }],
      }),
  });
  try {
    const call = await createCall({ channels: 2, customer: "Sample customer", source: "sample", consent: "yes" });
    room = enterRoom(call);
  } catch (error) {
    await sample.close();
    throw error;
  }
  await room.connect();
  room.capture = sample;
  play();
}

/** What stands in the way goes on the page; the button works again. @param {() => Promise<void>} start */
async function guarded(start) {
  const buttons = [byId("start", HTMLButtonElement), byId("start-sample", HTMLButtonElement)];
  const problem = byId("start-problem");
  for (const button of buttons) button.disabled = true;
  problem.replaceChildren();
  try {
    await start();
  } catch (error) {
    const words = document.createElement("p");
    words.className = "notice notice-bad";
    words.textContent = error instanceof ApiError || error instanceof DeviceError ? error.message : "The call could not be started. Try again.";
    problem.replaceChildren(words);
    if (!(error instanceof ApiError)) console.error(error);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function openPreflight() {
  const preflight = new Preflight();
  const place = config.consent ? new PlaceChoice(config.consent) : null;
  byId("start-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void guarded(() => startCall(preflight, place?.value ?? "unknown"));
  });
  byId("start-sample").addEventListener("click", () => void guarded(() => startSample(preflight)));
  void preflight.start();
}

/** The page was loaded anew, or in a second window: the screen is live at once, the microphone on request. @param {CallConfig} call */
function reopen(call) {
  const room = new CallRoom(call);
  room.open();
  const connect = async () => {
    try {
      const microphone = await openMicrophone();
      withdraw("reopen");
      await room.connect();
      await room.ready;
      await capture(room, microphone, null);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      ask(error.trouble.title, error.trouble.wayOn);
    }
  };
  /**
   * @param {string} title
   * @param {string} text
   */
  const ask = (title, text) =>
    notify("reopen", {
      tone: "warn",
      title,
      text,
      ways: [
        { label: "Connect my microphone", run: () => void connect() },
        { label: "Hang up", run: () => void room.hangUp() },
      ],
    });
  ask("This call is still open.", "This window does not hear you yet. If the call runs in another window, connecting moves it here.");
}

if (config.call) reopen(config.call);
else openPreflight();
