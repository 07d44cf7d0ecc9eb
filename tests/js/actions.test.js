import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../static/js/http.js";
import { Actions } from "../../static/js/transport/actions.js";

const OFFLINE = new ApiError(0, "offline", "No connection to the server.");
const used = (id) => ({ type: "used", card_id: id });

/** Takes messages; `faults` are thrown one after another first. */
function server(faults = []) {
  const taken = [];
  const waited = [];
  const post = async (_path, message) => {
    const fault = faults.shift();
    if (fault) throw fault;
    taken.push(message);
  };
  return { taken, waited, tools: { post, pause: async (ms) => void waited.push(ms) } };
}

test("what the rep did arrives although the network was away, and in order", async () => {
  const { taken, waited, tools } = server([OFFLINE, new ApiError(503, "moving", "Try again."), OFFLINE]);
  const actions = new Actions("c1", tools);
  await Promise.all([actions.send(used("a")), actions.send({ type: "dismissed", card_id: "b" })]);
  assert.deepEqual(taken, [used("a"), { type: "dismissed", card_id: "b" }]);
  assert.equal(waited.length, 3);
  assert.ok(waited[0] < waited[1] && waited[1] < waited[2]);
});

test("a refusal is told at once and holds up nothing", async () => {
  const { taken, waited, tools } = server([new ApiError(400, "bad", "There is no such card in this call.")]);
  const actions = new Actions("c1", tools);
  await assert.rejects(actions.send(used("strange")), /no such card/);
  await actions.send(used("a"));
  assert.deepEqual([taken, waited], [[used("a")], []]);
});

test("a note is never sent twice: its writer is told instead", async () => {
  const { taken, waited, tools } = server([OFFLINE]);
  await assert.rejects(new Actions("c1", tools).send({ type: "note", text: "Ask for the date." }), /No connection/);
  assert.deepEqual([taken, waited], [[], []]);
});

test("a page that has ended its call tries nothing again", async () => {
  const { tools } = server([OFFLINE, OFFLINE]);
  const actions = new Actions("c1", tools);
  actions.close();
  await assert.rejects(actions.send(used("a")), ApiError);
});
