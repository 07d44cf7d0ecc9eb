// @ts-check
/** What the light says: the server's rung and our own way to it, the worse of the two. Pure. */

/** @typedef {import("./types.js").Rung} Rung */
/** @typedef {import("./types.js").StatePayload} StatePayload */

/**
 * @typedef {object} Carrier
 * @property {"socket" | "polling" | "offline" | "connecting"} events how the log arrives
 * @property {"socket" | "polling" | "offline" | "connecting" | "late" | "none"} audio how audio leaves; `none`: not
 * captured here; `late`: the call has ended without us, what is said is sent afterwards
 * @property {number} unackedMs audio only this browser holds
 */

/**
 * @typedef {object} Light
 * @property {"good" | "warn" | "bad"} tone
 * @property {string} name
 * @property {string} words what it means for the rep
 * @property {string} audio what happens to the audio
 * @property {number} [since] when it came to this, milliseconds since 1970
 */

const KEPT_HERE = "Audio is kept in this browser and sent when the connection is back.";

/** @type {Readonly<Record<Rung, [Light["tone"], string]>>} */
const RUNGS = {
  full: ["good", "Everything works"],
  tips: ["warn", "Playbook cards"],
  browser_speech: ["warn", "Other speech engine"],
  recording: ["warn", "Recording only"],
  polling: ["warn", "Slower connection"],
  offline: ["bad", "No connection"],
  saving_late: ["warn", "Saving late"],
  local_fanout: ["good", "Everything works here"],
};

/** @type {Readonly<Record<"offline" | "polling" | "late" | "connecting", Light>>} */
const OWN = {
  offline: { tone: "bad", name: RUNGS.offline[1], words: "Nothing is lost: keep this page open.", audio: KEPT_HERE },
  polling: {
    tone: "warn",
    name: RUNGS.polling[1],
    words: "The live connection is blocked: updates come every few seconds.",
    audio: "Audio is sent in small parts.",
  },
  late: {
    tone: "warn",
    name: RUNGS.recording[1],
    words: "No live help any more.",
    audio: "Audio is sent every ten seconds and transcribed after you hang up.",
  },
  connecting: { tone: "warn", name: "Connecting", words: "One moment.", audio: KEPT_HERE },
};

/**
 * @param {StatePayload | null} state the last `state` of the log or the audio socket
 * @param {Carrier} carrier
 * @returns {Light}
 */
export function lightFor(state, carrier) {
  const own = ownRung(carrier);
  if (own) return OWN[own];
  if (!state) return { tone: "good", name: "Connected", words: "Waiting for the first words.", audio: "" };
  const [tone, name] = RUNGS[state.rung] ?? RUNGS.full;
  const light = { tone, name, words: state.words, audio: state.audio };
  const since = state.rung === "full" ? undefined : sinceOf(state);
  return since === undefined ? light : { ...light, since };
}

/**
 * Since when the part that speaks for the call stands where it does; the first one where several do.
 * @param {StatePayload} state
 */
function sinceOf({ rung, parts, since = {} }) {
  const times = Object.keys(parts).filter((part) => parts[part] === rung).flatMap((part) => since[part] ?? []);
  return times.length ? Math.min(...times) : undefined;
}

/**
 * @param {Carrier} carrier
 * @returns {"offline" | "polling" | "late" | "connecting" | null}
 */
function ownRung({ events, audio }) {
  if (audio === "late") return "late";
  if (events === "offline" || audio === "offline") return "offline";
  if (events === "polling" || audio === "polling") return "polling";
  return events === "connecting" || audio === "connecting" ? "connecting" : null;
}

/**
 * Whether the server asks the browser to recognise speech itself: that another engine listens there is no reason.
 * @param {StatePayload | null} state
 */
export function wantsBrowserSpeech(state) {
  return state !== null && state.wants_browser_speech === true;
}
