// @ts-check
/** Device trouble in plain words, with the way on. Pure. */

/**
 * @typedef {object} Trouble
 * @property {string} code `denied`, `missing`, `in_use`, `insecure`, `unsupported`, `not_shared`, `cancelled`, `lost` or `other`
 * @property {string} title what happened
 * @property {string} wayOn what to do now
 */

/** @type {Readonly<Record<string, [string, string, string]>>} */
const MICROPHONE = {
  NotAllowedError: ["denied", "The browser does not let this page use the microphone.",
    "Click the icon left of the address, allow the microphone, then try again."],
  SecurityError: ["insecure", "The microphone only works on a secure address.",
    "Open this page with https, or ask your admin for the right address."],
  NotFoundError: ["missing", "No microphone was found.", "Plug in a headset or microphone, then try again."],
  NotReadableError: ["in_use", "Another program holds the microphone.",
    "Close the program that uses it, or choose another microphone."],
  OverconstrainedError: ["missing", "The chosen microphone is gone.", "Choose another microphone."],
};

/** @param {unknown} error @returns {string} */
function nameOf(error) {
  return error instanceof Error || error instanceof DOMException ? error.name : "";
}

/**
 * @param {unknown} error what getUserMedia threw
 * @returns {Trouble}
 */
export function microphoneTrouble(error) {
  const found = MICROPHONE[nameOf(error)];
  if (found) return { code: found[0], title: found[1], wayOn: found[2] };
  return { code: "other", title: "The microphone could not be opened.", wayOn: "Choose another microphone, or try again." };
}

/** @type {Trouble} */
export const NO_TAB_AUDIO = {
  code: "not_shared",
  title: "The tab was shared without its sound.",
  wayOn: "Share it again and switch on “Also share tab audio” in the window that opens.",
};

/**
 * @param {unknown} error what getDisplayMedia threw
 * @returns {Trouble}
 */
export function tabTrouble(error) {
  if (nameOf(error) === "NotAllowedError") {
    return { code: "cancelled", title: "No tab was shared.", wayOn: "Share the meeting's tab, or go on with your side only." };
  }
  return { code: "other", title: "The tab's sound could not be opened.", wayOn: "Share it again, or go on with your side only." };
}

/** @type {Readonly<Record<"microphone" | "customer", Trouble>>} */
export const LOST = {
  microphone: {
    code: "lost",
    title: "Your microphone was unplugged.",
    wayOn: "The call goes on and hears the customer. Choose another microphone to be heard again.",
  },
  customer: {
    code: "lost",
    title: "The shared tab stopped.",
    wayOn: "The call goes on with your side. Share the tab again to hear the customer.",
  },
};
