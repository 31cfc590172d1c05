// An MCP server of 2025-11-25 with a view of its own, whose every word is written here letter by letter: what it says has numbers
// that no machine number holds, members in an order of its own, and one of them twice.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const ADDRESS = "ui://drawer/view.html";
const html = readFileSync(new URL("view.html", import.meta.url), "utf8");
let drawn = 0;

const TOOLS = `[
  {"title":"Draw","name":"draw","inputSchema":{"type":"object","properties":{"z":{"type":"number","maximum":1.0},"a":{"type":"integer","minimum":-18446744073709551617}}},"_meta":{"com.example/own":1.50,"ui":{"resourceUri":"${ADDRESS}","com.example/more":[1.0]},"ui/resourceUri":"${ADDRESS}"},"annotations":{"readOnlyHint":true}},
  {"name":"again","description":"For the view alone","inputSchema":{"type":"object"},"_meta":{"ui":{"visibility":["app"]}}},
  {"name":"heard","description":"Says its arguments back, as they came","inputSchema":{"type":"object"},"_meta":{"ui":{"resourceUri":"${ADDRESS}","visibility":["model","app"]}}}
]`.replaceAll(/\n\s*/g, "");
const RESULT = `{"structuredContent":{"zoom":1.0,"large":123456789012345678901234567890,"exact":9007199254740993,"tiny":1e-400,"b":1,"a":[-0,1e400],"a":"\\u00e4\\ud800\\/"},"content":[{"type":"text","text":"drawn","_meta":{"n":1.10}}],"_meta":{"com.example/page":1.0}}`;
const CSP = `{"resourceDomains":["https://tiles.example.com"],"connectDomains":["https://api.example.com","wss://live.example.com"]}`;
const READ = `{"contents":[{"mimeType":"text/html;profile=mcp-app","uri":"${ADDRESS}","_meta":{"ui":{"prefersBorder":true,"csp":${CSP},"permissions":{"camera":{}},"com.example/scale":2.0}},"text":${JSON.stringify(html)}}]}`;
const LISTED = `{"resources":[{"uri":"${ADDRESS}","name":"view","mimeType":"text/html;profile=mcp-app","_meta":{"ui":{"csp":${CSP}}},"size":1.0}]}`;
const HELLO = `{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"resources":{}},"serverInfo":{"name":"drawer","version":"1.0.0"}}`;

const text = (said) => `{"content":[{"type":"text","text":${JSON.stringify(said)}}]}`;
const tools = {
  draw: () => RESULT,
  again: () => `{"content":[],"structuredContent":{"times":${(drawn += 1)}}}`,
  // The arguments stand last in a message of oikos, and before what else a client may write: all of the line is said.
  heard: (line) => text(line),
};
const methods = {
  initialize: () => HELLO,
  ping: () => "{}",
  "tools/list": () => `{"tools":${TOOLS}}`,
  "tools/call": ({ name }, line) => tools[name](line),
  "resources/list": () => LISTED,
  "resources/templates/list": () => `{"resourceTemplates":[]}`,
  "resources/read": () => READ,
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const answer = methods[method];
  const said = answer ? `"result":${answer(params, line)}` : `"error":{"code":-32601,"message":"not known here"}`;
  process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${said}}\n`);
});
