// An MCP server of 2025-11-25 that writes down in its home what it lives through, and ends in every way that there is.
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { createInterface } from "node:readline";

const self = randomUUID();
const journal = `${homedir()}/journal`;
// Its home lies in a folder of its app's name.
const uri = `${homedir().split("/").at(-2)}://note`;
const note = (what) => appendFileSync(journal, `${what} ${self}\n`);
const say = (message, then) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`, then);
const text = (text) => ({ content: [{ type: "text", text }] });

const tools = {
  // Who it is.
  greet: () => {
    note("greeted");
    return text(self);
  },
  // All that was written down there.
  journal: () => text(readFileSync(journal, "utf8")),
  // Answers, and has nothing more to do.
  finish: (given, id) => say({ id, result: text("done") }, () => process.exit(0)),
  // Ends instead of an answer.
  break: () => process.exit(3),
  // Answers when a file is there.
  hold: ({ path }, id) => {
    note("held");
    const look = setInterval(() => {
      if (!existsSync(path)) return;
      clearInterval(look);
      note("released");
      say({ id, result: text("released") });
    }, 10);
  },
};

const methods = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {}, resources: { subscribe: true } },
    serverInfo: { name: "lodger", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({
    tools: Object.keys(tools).map((name) => ({ name, description: `Does: ${name}`, inputSchema: { type: "object" } })),
  }),
  "tools/call": ({ name, arguments: given }, id) => tools[name](given ?? {}, id),
  "resources/list": () => ({ resources: [{ uri, name: "A note", mimeType: "text/plain" }] }),
  "resources/templates/list": () => ({ resourceTemplates: [] }),
  "resources/read": () => ({ contents: [{ uri, mimeType: "text/plain", text: self }] }),
  "resources/subscribe": () => ({}),
  "resources/unsubscribe": () => ({}),
};

// Somebody saw to it that it cannot begin.
if (existsSync(`${homedir()}/ill`)) {
  console.error("it is ill");
  process.exit(4);
}
note("began");
createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const answer = methods[method];
  if (!answer) return say({ id, error: { code: -32601, message: `${method} is not known here` } });
  const result = answer(params ?? {}, id);
  // What answers later says so itself.
  if (result?.constructor === Object) say({ id, result });
});
