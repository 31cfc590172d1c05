// An MCP server on its standard streams, without dependencies: what an app calls, to see what of that it may.
import { createInterface } from "node:readline";

const text = (text) => ({ content: [{ type: "text", text }] });
const schema = (properties) => ({ type: "object", properties, required: Object.keys(properties) });
const string = { type: "string" };
const number = { type: "number" };
const tools = [
  { name: "echo", description: "Says it again", inputSchema: schema({ said: string }) },
  { name: "slow", description: "Takes its time", inputSchema: schema({ ms: number }) },
  { name: "fail", description: "Says that it failed", inputSchema: schema({ why: string }) },
  { name: "large", description: "Answers at length", inputSchema: schema({ bytes: number }) },
  { name: "say-more", description: "Says it twice", inputSchema: schema({ said: string }) },
];

async function call(name, given) {
  switch (name) {
    case "echo":
      return text(given.said);
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, given.ms));
      return text("at last");
    case "fail":
      return { ...text(given.why), isError: true };
    case "large":
      return text("x".repeat(given.bytes));
    case "say-more":
      return text(`${given.said} ${given.said}`);
    default:
      throw new Error(`no tool ${name}`);
  }
}

function answer({ method, params }) {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "callee", version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools };
    case "tools/call":
      return call(params.name, params.arguments ?? {});
    default:
      return undefined;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined) continue;
  Promise.resolve(answer(message)).then((result) => {
    const said = result === undefined ? { error: { code: -32601, message: "no such method" } } : { result };
    process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...said })}\n`);
  });
}
