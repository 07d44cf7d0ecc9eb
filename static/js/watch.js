// @ts-check
/** Entry of the manager's page on one call: everything the rep sees, and a note to the rep. */

import { readConfig } from "./config.js";
import { byId } from "./dom.js";
import { callKeys, LiveView } from "./live_view.js";
import { notify } from "./notices.js";

/** @type {{call: import("./live_view.js").CallConfig}} */
const { call } = readConfig();

const report = `/calls/${call.id}/report/`;

const view = new LiveView(call, {
  names: { rep: call.rep, customer: call.customer || "Customer" },
  onAct: null,
  onPainted: () => {},
  onState: () => {},
  onEnded: () => {
    view.close();
    byId("note-form").hidden = true;
    notify("ended", {
      title: "The call has ended.",
      ways: [
        { label: "Read the report", run: () => window.location.assign(report) },
        { label: "Other calls", run: () => window.location.assign("/live/") },
      ],
    });
  },
  onFinal: (_code, reason) => notify("refused", { tone: "bad", title: reason || "The connection was closed." }),
});

const note = byId("note", HTMLInputElement);
const answer = byId("note-answer");

byId("note-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = note.value.trim();
  if (!text) return;
  try {
    await view.actions.send({ type: "note", text });
    note.value = "";
    answer.textContent = "Sent.";
  } catch (error) {
    answer.textContent = error instanceof Error ? error.message : "The note could not be sent.";
  }
});

callKeys(view);
view.open();
