// An MCP server on its standard streams, without dependencies, that asks whoever calls its tools: what it wants to know is its answer,
// and the call comes again with that.
import { createInterface } from "node:readline";

const text = (text) => ({ resultType: "complete", content: [{ type: "text", text }] });
const tool = (name, description) => ({ name, description, inputSchema: { type: "object", properties: {} } });
const TOOLS = [tool("order", "Asks what to order, and for a page to be opened"), tool("abilities", "What it is told")];
const FORM = {
  type: "object",
  properties: {
    city: { type: "string", title: "City" },
    toppings: { type: "array", title: "On it", items: { type: "string", enum: ["salt", "dill", "rye"] }, maxItems: 2 },
  },
  required: ["city"],
};
const QUESTIONS = {
  what: { method: "elicitation/create", params: { mode: "form", message: "Where to?", requestedSchema: FORM } },
  where: {
    method: "elicitation/create",
    params: { mode: "url", url: "https://pay.example.org/order?id=8", message: "Pay there, please" },
  },
};

function call({ name, inputResponses, requestState, _meta }) {
  if (name === "abilities") return text(JSON.stringify(_meta["io.modelcontextprotocol/clientCapabilities"]));
  if (inputResponses) return text(JSON.stringify({ requestState, ...inputResponses }));
  return { resultType: "input_required", inputRequests: QUESTIONS, requestState: "round 1" };
}

function answer({ method, params }) {
  switch (method) {
    case "server/discover":
      return {
        resultType: "complete",
        supportedVersions: ["2026-07-28"],
        capabilities: { tools: {} },
        serverInfo: { name: "inquirer", version: "1.0.0" },
        ttlMs: 0,
        cacheScope: "private",
      };
    case "tools/list":
      return { resultType: "complete", tools: TOOLS, ttlMs: 0, cacheScope: "private" };
    case "tools/call":
      return call(params);
    default:
      return undefined;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined) continue;
  const result = answer(message);
  const said = result ? { result } : { error: { code: -32601, message: "no such method" } };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...said })}\n`);
}
