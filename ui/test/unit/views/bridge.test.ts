import { beforeEach, describe, expect, it } from "vitest";
import { ViewBridge, type BridgeParts, type SavedFile, type StopReason } from "@/views/bridge";
import { isSmall } from "@/views/message-size";
import { PaperWindow, settled } from "./windows";

const ORIGIN = "http://abc.localhost:7070";

interface Sent {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number };
}

let page: PaperWindow;
let sent: Sent[];
let targets: string[];
let heights: number[];
let stops: StopReason[];
let links: string[];
let files: SavedFile[];
let now: number;
let answer: () => Promise<boolean>;
let frame: { postMessage(message: unknown, target: string): void };
let bridge: ViewBridge;

beforeEach(() => {
  page = new PaperWindow("http://127.0.0.1:7070");
  [sent, targets, heights, stops, links, files] = [[], [], [], [], [], []];
  now = 0;
  answer = () => Promise.resolve(true);
  frame = {
    postMessage(message, target) {
      sent.push(message as Sent);
      targets.push(target);
    },
  };
  bridge = new ViewBridge({
    self: page as unknown as BridgeParts["self"],
    frame: () => frame as unknown as Window,
    origin: ORIGIN,
    html: "<p>view</p>",
    context: { theme: "dark", locale: "de" },
    now: () => now,
    onHeight: (height) => heights.push(height),
    onStop: (reason) => stops.push(reason),
    openLink(url) {
      links.push(url);
      return answer();
    },
    saveFile(file) {
      files.push(file);
      return answer();
    },
  });
});

const say = (message: object, from: { source?: unknown; origin?: string } = {}) =>
  page.deliver({ source: frame, origin: ORIGIN, data: { jsonrpc: "2.0", ...message }, ...from });
const proxyReady = () => say({ method: "ui/notifications/sandbox-proxy-ready", params: {} });
const initialized = () => say({ method: "ui/notifications/initialized", params: {} });
const ready = () => {
  proxyReady();
  initialized();
  sent.length = 0;
};
const methods = () => sent.map(({ method }) => method);

describe("the handshake", () => {
  it("goes in the order of MCP Apps, and keeps the result until the view can hear it", async () => {
    bridge.resultSend({ a: 1 }, { structuredContent: { rows: [] }, text: "none" });
    proxyReady();
    expect(methods()).toEqual(["ui/notifications/sandbox-resource-ready"]);
    expect(sent[0]?.params).toEqual({ html: "<p>view</p>" });
    say({ id: 1, method: "ui/initialize", params: { protocolVersion: "2026-01-26" } });
    await settled();
    expect(sent[1]).toMatchObject({
      id: 1,
      result: {
        protocolVersion: "2026-01-26",
        hostInfo: { name: "oikos" },
        hostContext: { theme: "dark", locale: "de" },
      },
    });
    expect(sent.length).toBe(2);
    initialized();
    expect(methods().slice(2)).toEqual(["ui/notifications/tool-input", "ui/notifications/tool-result"]);
    expect(sent[3]?.params).toEqual({ content: [{ type: "text", text: "none" }], structuredContent: { rows: [] } });
    expect(new Set(targets)).toEqual(new Set([ORIGIN]));
  });

  it("hands the document over once", () => {
    proxyReady();
    proxyReady();
    ready();
    proxyReady();
    expect(methods()).toEqual([]);
  });

  it("sends nothing to a view that says it is ready before it was drawn", () => {
    bridge.resultSend({}, { structuredContent: { secret: 1 }, text: "" });
    initialized();
    expect(sent).toEqual([]);
  });

  it("says when theme or language change", () => {
    bridge.contextChange({ theme: "light", locale: "en" });
    ready();
    bridge.contextChange({ theme: "dark", locale: "en" });
    expect(sent).toMatchObject([
      { method: "ui/notifications/host-context-changed", params: { theme: "dark", locale: "en" } },
    ]);
  });

  it("says goodbye once and listens no more", () => {
    ready();
    bridge.close();
    bridge.close();
    expect(methods()).toEqual(["ui/resource-teardown"]);
    expect(page.listeners).toBe(0);
    expect(stops).toEqual([]);
  });
});

describe("who is listened to", () => {
  it.each([
    ["another window", { source: {} }],
    ["no window", { source: null }],
    ["the page itself", { source: "page" }],
    ["another origin", { origin: "http://evil.localhost:7070" }],
    ["another port", { origin: "http://abc.localhost:7071" }],
    ["the view past its frame", { origin: "null" }],
    ["nobody", { origin: "" }],
  ])("%s is not", async (_, from) => {
    say({ method: "ui/notifications/sandbox-proxy-ready" }, from);
    say({ id: 1, method: "ui/initialize" }, from);
    say({ method: "ui/notifications/size-changed", params: { height: 500 } }, from);
    for (let count = 0; count < 500; count += 1) say({ method: "x" }, from);
    await settled();
    expect([sent, heights, stops]).toEqual([[], [], []]);
  });

  it("nobody is, while there is no frame", () => {
    const gone = frame;
    frame = null as never;
    page.deliver({
      source: null,
      origin: ORIGIN,
      data: { jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready" },
    });
    frame = gone;
    expect(sent).toEqual([]);
  });
});

describe("what is heard", () => {
  it.each([
    "text",
    7,
    null,
    undefined,
    [],
    {},
    { method: "ui/notifications/size-changed", params: { height: 500 } },
    { jsonrpc: "1.0", method: "ui/notifications/size-changed", params: { height: 500 } },
    { jsonrpc: "2.0", method: 7, params: { height: 500 } },
    { jsonrpc: "2.0", method: ["ui/notifications/size-changed"], params: { height: 500 } },
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: {}, method: "ping" },
    { jsonrpc: "2.0", method: "ui/notifications/tool-result", params: { structuredContent: 1 } },
    { jsonrpc: "2.0", method: "ui/notifications/sandbox-resource-ready", params: { html: "x" } },
    { jsonrpc: "2.0", method: "notifications/message", params: { data: "x" } },
    { jsonrpc: "2.0", method: "ui/notifications/size-changed", params: { height: "500" } },
    { jsonrpc: "2.0", method: "ui/notifications/size-changed", params: { height: Infinity } },
    { jsonrpc: "2.0", method: "ui/notifications/size-changed", params: null },
  ])("is not %j", async (data) => {
    ready();
    page.deliver({ source: frame, origin: ORIGIN, data });
    await settled();
    expect([sent, heights, stops]).toEqual([[], [], []]);
  });

  it.each([
    "tools/call",
    "resources/read",
    "resources/list",
    "sampling/createMessage",
    "ui/message",
    "ui/update-model-context",
    "constructor",
    "toString",
  ])("asks in vain for %s", async (method) => {
    ready();
    say({ id: 3, method, params: {} });
    await settled();
    expect(sent).toMatchObject([{ id: 3, error: { code: -32601 } }]);
  });

  it("keeps the height within bounds", () => {
    ready();
    for (const height of [-5, 0, 100.2, 1e9]) say({ method: "ui/notifications/size-changed", params: { height } });
    expect(heights).toEqual([48, 48, 101, 2000]);
  });

  it("stops a view that the frame refused to draw", () => {
    proxyReady();
    say({ method: "ui/notifications/sandbox-refused", params: { reason: "child_frame" } });
    expect(stops).toEqual(["refused"]);
    expect(page.listeners).toBe(0);
  });
});

describe("how much is heard", () => {
  it("stops a flood", () => {
    ready();
    for (let count = 0; count < 1_000; count += 1)
      say({ method: "ui/notifications/size-changed", params: { height: count } });
    expect(stops).toEqual(["flood"]);
    expect(heights.length).toBeLessThanOrEqual(100);
    expect(page.listeners).toBe(0);
    bridge.resultSend({}, { structuredContent: 1, text: "" });
    expect(sent).toEqual([]);
  });

  it("hears one that speaks slowly for as long as it likes", () => {
    ready();
    for (let count = 0; count < 1_000; count += 1) {
      now += 60;
      say({ method: "ui/notifications/size-changed", params: { height: 100 } });
    }
    expect(stops).toEqual([]);
    expect(heights.length).toBe(1_000);
  });

  it("takes no credit from a clock that goes back", () => {
    ready();
    now = -1e9;
    for (let count = 0; count < 200; count += 1) say({ method: "x" });
    expect(stops).toEqual(["flood"]);
  });

  const round: Record<string, unknown> = {};
  round["self"] = round;
  let deep: object = {};
  for (let level = 0; level < 20; level += 1) deep = { deep };
  it.each([
    ["a long text", { text: "x".repeat(6 << 20) }],
    ["many texts", { list: Array.from({ length: 7 }, () => "x".repeat(1 << 20)) }],
    ["many values", { list: Array.from({ length: 30_000 }, () => 0) }],
    ["a circle", round],
    ["a well", deep],
    ["bytes", { bytes: new ArrayBuffer(8) }],
    ["a map", { map: new Map() }],
    ["a sparse list", { list: Object.assign([], { length: 4_000_000_000, 0: 1 }) }],
  ])("stops a view that sends %s", (name, params) => {
    ready();
    say({ method: "ui/notifications/size-changed", params: { height: 99, ...params } });
    if (name === "a sparse list") expect([stops, heights]).toEqual([[], [99]]);
    else expect([stops, heights]).toEqual([["oversize"], []]);
  });

  it("lets an ordinary message through", () => {
    expect(
      isSmall({ jsonrpc: "2.0", id: 1, params: { contents: [{ resource: { text: "x".repeat(4 << 20) } }] } }),
    ).toBe(true);
  });
});

describe("what only a person can give", () => {
  const link = (url: unknown, id = 1) => say({ id, method: "ui/open-link", params: { url } });

  it("is given when they agree", async () => {
    ready();
    link("https://user@example.org/a b");
    await settled();
    expect(links).toEqual(["https://example.org/a%20b"]);
    expect(sent).toEqual([{ jsonrpc: "2.0", id: 1, result: {} }]);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//example.org",
    7,
    null,
    {},
    `https://x/${"a".repeat(9_999)}`,
  ])("is not even asked for with %j", async (url) => {
    ready();
    link(url);
    await settled();
    expect(links).toEqual([]);
    expect(sent).toMatchObject([{ id: 1, result: { isError: true } }]);
  });

  it("is asked for one thing at a time, and not for ever", async () => {
    ready();
    let decide: (agreed: boolean) => void = () => {};
    answer = () => new Promise((resolve) => (decide = resolve));
    link("https://a.example/", 1);
    link("https://b.example/", 2);
    await settled();
    expect(links).toEqual(["https://a.example/"]);
    expect(sent).toMatchObject([{ id: 2, result: { isError: true } }]);
    decide(false);
    await settled();
    answer = () => Promise.resolve(false);
    for (let id = 3; id < 10; id += 1) {
      link("https://c.example/", id);
      await settled();
    }
    expect(links.length).toBe(3);
  });

  it("is not asked for before the view is ready, nor answered after it ended", async () => {
    link("https://a.example/");
    await settled();
    expect(links).toEqual([]);
    ready();
    let decide: (agreed: boolean) => void = () => {};
    answer = () => new Promise((resolve) => (decide = resolve));
    link("https://a.example/");
    bridge.close();
    sent.length = 0;
    decide(true);
    await settled();
    expect(sent).toEqual([]);
  });

  it("survives a question that fails", async () => {
    ready();
    answer = () => Promise.reject(new Error("no dialog"));
    link("https://a.example/");
    await settled();
    expect(sent).toMatchObject([{ result: { isError: true } }]);
  });

  it.each([
    [
      { uri: "file:///a/report.csv", mimeType: "text/csv", text: "a" },
      { name: "report.csv", type: "text/csv", text: "a" },
    ],
    [
      { uri: "../../.bashrc", mimeType: "text/html", text: "<script>" },
      { name: "bashrc", type: "text/plain", text: "<script>" },
    ],
    [
      { uri: "x\\..\\a\u202egpj.exe", text: "" },
      { name: "a_gpj.exe", type: "text/plain", text: "" },
    ],
    [{ text: "a" }, { name: "file.txt", type: "text/plain", text: "a" }],
  ])("is a file with a plain name: %j", async (resource, file) => {
    ready();
    say({ id: 1, method: "ui/download-file", params: { contents: [{ type: "resource", resource }] } });
    await settled();
    expect(files).toEqual([file]);
  });

  it.each([
    [],
    [null],
    [{ type: "resource_link", uri: "https://evil.example/x" }],
    [{ resource: { blob: "AA==" } }],
    [{ resource: { text: "a" } }, { resource: { text: "b" } }],
    "x",
  ])("is no file: %j", async (...contents) => {
    ready();
    say({ id: 1, method: "ui/download-file", params: { contents } });
    await settled();
    if (contents.length === 1 && contents[0] === "x") return expect(files).toEqual([]);
    expect(files).toEqual([]);
    expect(sent).toMatchObject([{ result: { isError: true } }]);
  });
});
