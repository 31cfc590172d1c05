// An MCP server of 2025-11-25 with as many tools as the list beside it has, or another one in its home. Each says which it is.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { createInterface } from "node:readline";

// Its home lies in a folder of its app's name.
const app = homedir().split("/").at(-2);
const own = `${homedir()}/tools.json`;
const names = () => JSON.parse(readFileSync(existsSync(own) ? own : new URL("tools.json", import.meta.url), "utf8"));
const text = (text) => ({ content: [{ type: "text", text }] });
const tool = (name) => ({
  name,
  description: `Does what ${name} says, and says so`,
  inputSchema: { type: "object", properties: { politely: { type: "boolean" } } },
});

const methods = {
  initialize: () => ({
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "chest", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools: names().map(tool) }),
  "tools/call": ({ name, arguments: given }) => text(`${app} ${name}${given?.politely ? ", please" : ""}`),
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const result = methods[method]?.(params ?? {});
  const said = result ? { result } : { error: { code: -32601, message: `${method} is not known here` } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...said })}\n`);
});
