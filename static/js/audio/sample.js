// @ts-check
/** The sample call: a recording that goes the way of a real call, and is heard while it does. */

import { Capture } from "./capture.js";

/**
 * Opens a capture whose two channels are the recording's left (rep) and right (customer).
 * Nothing sounds before `play()`, so that the call exists when the first word is spoken.
 * @param {{url: string, onFrame: import("./capture.js").OnFrame, onEnded: () => void}} options
 */
export async function openSample({ url, onFrame, onEnded }) {
  const response = await fetch(url);
  if (!response.ok) throw new Error("The sample call could not be loaded.");
  const capture = await Capture.open({ channels: 2, microphone: null, onFrame, onLost: () => {} });
  const { context } = capture;
  const source = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(await response.arrayBuffer()) });
  const split = context.createChannelSplitter(2);
  const volume = new GainNode(context, { gain: 0.8, channelCount: 1, channelCountMode: "explicit" });
  source.connect(split);
  split.connect(capture.input(0), 0);
  split.connect(capture.input(1), 1);
  source.connect(volume).connect(context.destination);
  source.addEventListener("ended", onEnded);
  return { capture, play: () => source.start() };
}
