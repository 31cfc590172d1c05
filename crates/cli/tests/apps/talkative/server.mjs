// An MCP server on its standard streams, without dependencies, that has more than tools, and says things that are for no call: on
// its standard error, and in the protocol's own words while two calls share its pipe.
import { createInterface } from "node:readline";

const tool = (name, description) => ({ name, description, inputSchema: { type: "object" } });
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (said) => ({ content: [{ type: "text", text: said }] });
const together = [];

function call(name) {
  if (name === "leave") {
    console.error("nobody listens, so it leaves");
    process.exit(3);
  }
  if (name !== "together") throw new Error(`no tool ${name}`);
  return new Promise((resolve) => {
    together.push(resolve);
    if (together.length < 2) return;
    const params = { level: "warning", logger: "hall", data: "both are here" };
    send({ method: "notifications/message", params });
    together.splice(0).forEach((one) => one(text("together")));
  });
}

async function answer({ method, params }) {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {}, prompts: {}, resources: {}, logging: {} },
        serverInfo: { name: "talkative", version: "1.0.0" },
      };
    case "ping":
    case "logging/setLevel":
      return {};
    case "tools/list":
      return { tools: [tool("together", "Answers when it is asked twice"), tool("leave", "Ends")] };
    case "tools/call":
      return call(params.name);
    case "prompts/list":
      return { prompts: [{ name: "greet", description: "Says hello", arguments: [{ name: "whom" }] }] };
    case "resources/list":
      return { resources: [{ uri: "talk://today", name: "today", description: "What was said today" }] };
    case "resources/templates/list":
      return { resourceTemplates: [{ uriTemplate: "talk://days/{day}", name: "a day" }] };
    default:
      return undefined;
  }
}

console.error("it is there");
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined) continue;
  answer(message).then((result) => {
    const said = result === undefined ? { error: { code: -32601, message: "no such method" } } : { result };
    send({ id: message.id, ...said });
  });
}
