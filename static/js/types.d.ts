/** The wire format. Mirrors calls/events.py; a test compares the two. */

export type ChannelName = "rep" | "customer";
export type Word = [text: string, start_ms: number, end_ms: number, confidence: number];

export interface LinePayload {
  channel: ChannelName;
  text: string;
  start_ms: number;
  end_ms: number;
  confidence: number;
  utterance: number;
  provider: string;
  recovered: boolean;
  words: Word[];
}
export interface SignalPayload {
  id: string;
  kind: string;
  topic: string;
  channel: ChannelName;
  confidence: number;
  quote: string;
  start_ms: number;
  end_ms: number;
}
export interface MomentPayload {
  id: string;
  signal_id: string;
  kind: string;
  topic: string;
  state: "raised" | "handled" | "returned" | "open";
  quote: string;
  start_ms: number;
  end_ms: number;
}
export interface CardPayload {
  id: string;
  lane: "instant" | "model" | "manager";
  kind: string;
  title: string;
  say: string;
  why: string;
  topic: string;
  trigger_end_ms: number;
  signal_id: string;
  source: { key: string; title: string; origin?: string; url?: string } | null;
  replaces: string;
  author: string;
  prompt_version?: number | null;
  playbook_version?: number | null;
  play?: string;
  question?: string;
}
export type ActionName = "used" | "dismissed" | "pinned" | "snoozed" | "painted";
export interface CardActionPayload {
  card_id: string;
  action: ActionName;
  member: string;
  latency_ms: number | null;
}
export interface NotePayload {
  id: string;
  text: string;
  author: string;
}
export type Rung =
  | "full"
  | "tips"
  | "browser_speech"
  | "recording"
  | "polling"
  | "offline"
  | "saving_late"
  | "local_fanout";
export interface StatePayload {
  rung: Rung;
  parts: { [part: string]: Rung };
  /** When each part came to its rung, milliseconds since 1970; older logs do not say. */
  since?: { [part: string]: number };
  audio: string;
  words: string;
  epoch?: number;
  /** Nobody hears on the server: this browser is to recognise the rep's side, if it can. */
  wants_browser_speech: boolean;
}
export interface GapPayload {
  start_ms: number;
  end_ms: number;
  reason: string;
}
export interface UsagePayload {
  component: string;
  provider: string;
  model: string;
  unit: string;
  quantity: number;
  purpose: string;
  is_waste: boolean;
  is_estimate: boolean;
}
export interface CallStartedPayload {
  channels: number;
  source: string;
  customer: string;
  member: string;
  place: string;
  consent_mode: ConsentMode;
}
export type ConsentMode = "one_party" | "announce" | "ask";
export type ConsentAnswer = "yes" | "stayed" | "no" | "withdrawn";
/** Whose audio comes in: of all others the server hears silence. */
export type Hears = "all" | "rep" | "nobody";
export interface ConsentPayload {
  mode: ConsentMode;
  answer: ConsentAnswer;
  hears: Hears;
  wording: string;
  language: string;
  place: string;
  given_by: string;
  recorded_by: string;
}
/** What a call needs and how far it is: `consent` of POST and GET /api/calls…, the answer of POST …/consent. */
export interface Consent {
  mode: ConsentMode;
  answer: ConsentAnswer | "";
  hears: Hears;
  wording: string;
  language: string;
  place: string;
  answers: ConsentAnswer[];
}
/** What a call that begins now can expect of speech recognition: `speech` of POST /api/calls and GET /api/preflight. */
export interface SpeechOutlook {
  state: "ready" | "second_engine" | "browser" | "later";
  /** For the rep; empty when all is well. */
  words: string;
}
export interface CallEndedPayload {
  reason: string;
  duration_ms: number;
  epoch?: number;
}
export interface ReportPayload {
  state: string;
  prompt_version?: number | null;
}

interface Numbered<K extends string, P> {
  type: "event";
  seq: number;
  at: number;
  kind: K;
  payload: P;
}
export type CallEvent =
  | Numbered<"call_started", CallStartedPayload>
  | Numbered<"consent", ConsentPayload>
  | Numbered<"line", LinePayload>
  | Numbered<"signal", SignalPayload>
  | Numbered<"moment", MomentPayload>
  | Numbered<"card", CardPayload>
  | Numbered<"card_action", CardActionPayload>
  | Numbered<"note", NotePayload>
  | Numbered<"state", StatePayload>
  | Numbered<"gap", GapPayload>
  | Numbered<"usage", UsagePayload>
  | Numbered<"call_ended", CallEndedPayload>
  | Numbered<"report", ReportPayload>;

export interface Interim {
  type: "interim";
  channel: ChannelName;
  text: string;
  start_ms: number;
  end_ms: number;
  utterance: number;
}
export interface CardText {
  type: "card_text";
  id: string;
  say: string;
}
export interface Meters {
  type: "meters";
  rep: number;
  customer: number;
  rep_ms: number;
  customer_ms: number;
  samples: number;
}
/** Said before the events socket closes on a bad message (4400), or alone when a right is missing (4403). */
export interface SocketError {
  type: "error";
  code: number;
  message: string;
}
/** Whose numbers those of the events are from here on: part of the cursor. */
export interface EpochMessage {
  type: "epoch";
  epoch: number;
}
/** An owner died before it had saved what it said: of what was told, only the events up to `seq` came to be. */
export interface RewindMessage {
  type: "rewind";
  seq: number;
  epoch: number;
}
/** Without a number. */
export type Fleeting = Interim | CardText | Meters | SocketError;
export type EventsMessage = CallEvent | Fleeting | EpochMessage | RewindMessage | Alive;
/** `GET …/events` with `epoch`. */
export interface PolledEvents {
  events: CallEvent[];
  last: number;
  epoch: number;
  rewind?: number;
}
/** The answer to audio by HTTP: all before `ack` is safe, the server goes on at `next_sample`. */
export interface AudioTaken {
  ack: number;
  next_sample: number;
}
/** Said every few seconds: the connection lives, also while nothing happens. */
export interface Alive {
  type: "alive";
}

/** Audio socket, server to browser. */
export type AudioMessage =
  | { type: "ready"; epoch: number; next_sample: number }
  | { type: "ack"; samples: number }
  | ({ type: "state" } & StatePayload)
  | { type: "error"; code: number; message: string };

/** Audio socket, first message of the browser. */
export interface Hello {
  type: "hello";
  protocol: 1;
  encoding: "linear16";
  sample_rate: 16000;
  channels: 1 | 2;
  resume: number;
  /** The newest audio first, the rest beside it: what a frame jumps over is still to come. */
  backlog?: boolean;
}

/** Events socket, browser to server; the same objects go to POST /api/calls/<id>/actions. */
export type ClientMessage =
  | { type: "used" | "dismissed" | "pinned" | "snoozed"; card_id: string }
  | { type: "painted"; card_id: string; latency_ms: number }
  | { type: "note"; text: string }
  | { type: "help"; mode: "full" | "key_moments" | "silent" };
