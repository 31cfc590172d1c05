// An MCP server on its standard streams, without dependencies, that asks whoever calls its tools: each question is a request of its
// own while the call is open.
import { createInterface } from "node:readline";

const text = (text) => ({ content: [{ type: "text", text }] });
const tool = (name, description, properties = {}) => ({
  name,
  description,
  inputSchema: { type: "object", properties, required: Object.keys(properties) },
});
const TOOLS = [
  tool("echo", "Says it again", { said: { type: "string" } }),
  tool("order", "Asks what to order"),
  tool("visit", "Asks for a page to be opened"),
  tool("think", "Asks for a model"),
  tool("odd", "Asks with a form that is none"),
  tool("abilities", "What it was told at the greeting"),
];
const FORM = {
  type: "object",
  properties: {
    name: { type: "string", title: "Your name", minLength: 2 },
    size: {
      type: "string",
      title: "Size",
      oneOf: [
        { const: "s", title: "Small" },
        { const: "l", title: "Large" },
      ],
    },
    count: { type: "integer", title: "How many", description: "Of the same", minimum: 1, maximum: 9, default: 1 },
    gift: { type: "boolean", title: "As a gift" },
    email: { type: "string", title: "E-mail", format: "email" },
  },
  required: ["name", "size"],
};

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const asked = new Map();
let greeting = {};

/** Asks, and gives the result or the error that comes back. */
function ask(method, params) {
  const id = `q${asked.size + 1}`;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    say({ id, method, params });
  });
}

async function call(name, given) {
  switch (name) {
    case "echo":
      return text(given.said);
    case "order":
      return text(
        JSON.stringify(
          await ask("elicitation/create", { mode: "form", message: "What shall it be?", requestedSchema: FORM }),
        ),
      );
    case "visit":
      return text(
        JSON.stringify(
          await ask("elicitation/create", {
            mode: "url",
            elicitationId: "e1",
            url: "https://pay.example.org/order?id=7",
            message: "Pay there, please",
          }),
        ),
      );
    case "think":
      return text(JSON.stringify(await ask("sampling/createMessage", { messages: [], maxTokens: 9 })));
    case "odd": {
      const requestedSchema = { type: "object", properties: { a: { type: "object" } } };
      return text(JSON.stringify(await ask("elicitation/create", { message: "?", requestedSchema })));
    }
    case "abilities":
      return text(JSON.stringify(greeting));
    default:
      throw new Error(`no tool ${name}`);
  }
}

function answer({ method, params }) {
  switch (method) {
    case "initialize":
      greeting = params.capabilities;
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "asker", version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools: TOOLS };
    case "tools/call":
      return call(params.name, params.arguments ?? {});
    default:
      return undefined;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    asked.get(message.id)?.(message.result ?? { error: message.error });
    continue;
  }
  if (message.id === undefined) continue;
  Promise.resolve(answer(message)).then((result) =>
    say({ id: message.id, ...(result ? { result } : { error: { code: -32601, message: "no such method" } }) }),
  );
}
