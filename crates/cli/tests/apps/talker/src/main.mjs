// A program that speaks with oikos in all of its methods: a message a line, JSON-RPC 2.0.
import { appendFileSync, existsSync } from "node:fs";
import { createInterface } from "node:readline";

const home = process.env.HOME;
const journal = (line) => appendFileSync(`${home}/journal`, `${line}\n`);
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const waiting = new Map();
let asked = 0;
// A request of ours: its id, and what comes of it.
const ask = (method, params) => {
  const id = `t${++asked}`;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  say({ id, method, params });
  return { id, answer };
};

const heard = [];
const unwanted = new Map();
const poured = { asked: 0, answered: 0 };
let isCalm = false;

const actions = {
  look: async () => ({ data: { heard, poured } }),
  wait: (_input, call) =>
    new Promise((resolve) => {
      unwanted.set(call, resolve);
      say({ method: "stream", params: { call, text: "waiting" } });
    }),
  give_up: async (_input, call) => {
    const { id, answer } = ask("host.call", { call, name: "timer", arguments: { ms: 500000 } });
    say({ method: "cancel", params: { call, id } });
    return { data: await answer };
  },
  stream: async (_input, call) => {
    const said = [
      { call, text: "one, " },
      { call, topic: "talk", payload: { two: 2 } },
      { call },
      { call: call + 1000, text: "for nobody" },
    ];
    return { data: await Promise.all(said.map((params) => ask("stream", params).answer)) };
  },
  pour: async (_input, call) => {
    while (!isCalm) {
      poured.asked += 1;
      await ask("stream", { call, text: `#${poured.asked} ${"~".repeat(4096)}\n` }).answer;
      poured.answered += 1;
      // Fast, and not so fast that it comes to its limit before anybody looks.
      await pause(1);
    }
    return "calm";
  },
  calm: async () => {
    isCalm = true;
    return "calm";
  },
  flood: async (_input, call) => {
    say({ method: "stream", params: { call, text: "ready\n" } });
    while (!existsSync(`${home}/go`)) await pause(10);
    journal("flooding");
    for (let at = 0; at < 800; at++) say({ method: "stream", params: { call, text: `#${at} ${"~".repeat(16384)}\n` } });
    return "flooded";
  },
};

const methods = {
  initialize: () => ({ protocol: 1 }),
  activate: () => ({}),
  deactivate: () => {
    journal("deactivated");
    return {};
  },
  invoke: ({ name, input, call }) => actions[name](input, call),
  event: ({ topic, payload, sender, call, env }) => {
    heard.push({ topic, payload, sender, app: env.app, hasCall: Number.isInteger(call) });
    return "heard";
  },
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) return waiting.get(id)?.(result ?? { error });
  if (method === "cancel") {
    journal("cancelled");
    return unwanted.get(params.call)?.("it was not wanted any more");
  }
  say({ id, result: (await methods[method](params)) ?? null });
});
