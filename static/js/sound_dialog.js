// @ts-check
/** Changing devices in the middle of a call, and the ways on when one is lost. */

import { canShareTab, closeStream, DeviceError, microphones, openMicrophone, openTab } from "./audio/devices.js";
import { LOST } from "./audio/words.js";
import { byId } from "./dom.js";
import { notify, withdraw } from "./notices.js";

/** @param {import("./call_room.js").CallRoom} room */
export function setUpSound(room) {
  const dialog = byId("sound", HTMLDialogElement);
  const choice = byId("sound-microphone", HTMLSelectElement);
  byId("sound-tab").hidden = room.call.channels === 1 || !canShareTab();
  const button = byId("open-sound");
  button.hidden = false;
  button.addEventListener("click", async () => {
    await fillMicrophones(choice);
    dialog.showModal();
  });
  choice.addEventListener("change", () => void useMicrophone(room, choice.value));
  byId("share-again").addEventListener("click", () => void useTab(room));
  navigator.mediaDevices?.addEventListener("devicechange", () => void fillMicrophones(choice));
}

/**
 * @param {HTMLSelectElement} choice
 */
export async function fillMicrophones(choice) {
  const before = choice.value;
  const options = (await microphones()).map((device, index) => new Option(device.label || `Microphone ${index + 1}`, device.deviceId));
  choice.replaceChildren(...options);
  if (options.some((option) => option.value === before)) choice.value = before;
}

/**
 * @param {import("./call_room.js").CallRoom} room
 * @param {number} channel
 */
export function sourceLost(room, channel) {
  const lost = channel === 0 ? LOST.microphone : LOST.customer;
  const goOn = { label: "Go on without", run: () => withdraw(`source-${channel}`) };
  const again =
    channel === 0
      ? { label: "Use another microphone", run: () => void useMicrophone(room, "") }
      : { label: "Share the tab again", run: () => void useTab(room) };
  notify(`source-${channel}`, { tone: "warn", title: lost.title, text: lost.wayOn, ways: [again, goOn] });
}

/**
 * @param {import("./call_room.js").CallRoom} room
 * @param {string} deviceId
 */
async function useMicrophone(room, deviceId) {
  await use(room, 0, () => openMicrophone(deviceId));
}

/** @param {import("./call_room.js").CallRoom} room */
async function useTab(room) {
  await use(room, 1, openTab);
}

/**
 * @param {import("./call_room.js").CallRoom} room
 * @param {number} channel
 * @param {() => Promise<MediaStream>} open
 */
async function use(room, channel, open) {
  try {
    const stream = await open();
    if (room.capture) room.capture.use(channel, stream);
    else closeStream(stream);
    withdraw(`source-${channel}`);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { title, wayOn } = error.trouble;
    notify(`source-${channel}`, {
      tone: "warn",
      title,
      text: wayOn,
      ways: [{ label: "Try again", run: () => void use(room, channel, open) }],
    });
  }
}
