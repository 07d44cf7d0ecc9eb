/** What TypeScript's browser library does not know: the names on the audio thread. */

export {};

declare global {
  const sampleRate: number;
  class AudioWorkletProcessor {
    readonly port: MessagePort;
  }
  function registerProcessor(name: string, processor: new (options: never) => AudioWorkletProcessor): void;
}
