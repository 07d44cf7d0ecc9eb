// @ts-check
/** Which devices there are, and opening them. */

import { microphoneTrouble, NO_TAB_AUDIO, tabTrouble } from "./words.js";

/** A device that can not be had. `trouble` says what to do. */
export class DeviceError extends Error {
  /** @param {import("./words.js").Trouble} trouble */
  constructor(trouble) {
    super(trouble.title);
    this.trouble = trouble;
  }
}

/** Names are empty until the microphone was allowed once. */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId);
}

/** @returns {Promise<"granted" | "denied" | "prompt">} what the browser will say; `prompt` where it does not tell */
export async function microphonePermission() {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ ("microphone") })).state;
  } catch {
    return "prompt";
  }
}

/**
 * @param {string} deviceId empty: the browser's own choice
 * @throws {DeviceError}
 */
export async function openMicrophone(deviceId = "") {
  if (!navigator.mediaDevices) throw new DeviceError(microphoneTrouble(new DOMException("", "SecurityError")));
  /** @type {MediaTrackConstraints} */
  const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  if (deviceId) wanted.deviceId = { exact: deviceId };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: wanted });
  } catch (error) {
    throw new DeviceError(microphoneTrouble(error));
  }
}

/** Only desktop Chromium gives a tab's sound; elsewhere asking would only disappoint. */
export function canShareTab() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia) && "chrome" in window && !/Mobi|Android/.test(navigator.userAgent);
}

/**
 * The meeting tab's sound. Needs a click. The picture is mandatory to ask for and dropped at once.
 * @throws {DeviceError}
 */
export async function openTab() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia(
      /** @type {DisplayMediaStreamOptions} */ ({
        video: true,
        audio: { suppressLocalAudioPlayback: false, echoCancellation: false },
        systemAudio: "include",
        selfBrowserSurface: "exclude",
        surfaceSwitching: "include",
      }),
    );
  } catch (error) {
    throw new DeviceError(tabTrouble(error));
  }
  for (const track of stream.getVideoTracks()) track.stop();
  if (stream.getAudioTracks().length === 0) throw new DeviceError(NO_TAB_AUDIO);
  return new MediaStream(stream.getAudioTracks());
}

/** @param {MediaStream | null} stream */
export function closeStream(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
