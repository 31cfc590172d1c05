import { describe, expect, it } from "vitest";
import { ViewBridge, type BridgeParts, type StopReason } from "@/views/bridge";
import { frameRun } from "../../../../renderers/frame/frame";
import { FRAME_TAG, preludeRun } from "../../../../renderers/frame/prelude";
import { viewConnect, type ToolResult } from "../../../../renderers/shared/view-client";
import { PaperWindow, seenBy, settled } from "./windows";

const PAGE = "http://127.0.0.1:7070";
const FRAME = "http://abc.localhost:7070";

/** Page, outer frame and view, each a window of its own, joined only by messages. */
function stage(html = "<p>view</p>") {
  const page = new PaperWindow(PAGE);
  const outer = new PaperWindow(FRAME);
  const view = new PaperWindow("null");
  const pageAsSeenByOuter: object = seenBy(outer, page, () => outerAsSeenByPage);
  const outerAsSeenByPage: object = seenBy(page, outer, () => pageAsSeenByOuter);
  const outerAsSeenByView: object = seenBy(view, outer, () => viewAsSeenByOuter);
  const viewAsSeenByOuter: object = seenBy(outer, view, () => outerAsSeenByView);
  const inner = {
    title: "",
    srcdoc: "",
    contentWindow: viewAsSeenByOuter,
    attributes: {} as Record<string, string>,
    setAttribute(name: string, value: string) {
      this.attributes[name] = value;
    },
  };
  const appended: unknown[] = [];
  const self = Object.assign(outer, {
    document: { createElement: () => inner, body: { append: (element: unknown) => appended.push(element) } },
  });
  const stops: StopReason[] = [];
  const heights: number[] = [];
  const links: string[] = [];
  const bridge = new ViewBridge({
    self: page as unknown as BridgeParts["self"],
    frame: () => outerAsSeenByPage as Window,
    origin: FRAME,
    html,
    context: { theme: "dark", locale: "de-AT" },
    now: () => 0,
    onHeight: (height) => heights.push(height),
    onStop: (reason) => stops.push(reason),
    openLink(url) {
      links.push(url);
      return Promise.resolve(true);
    },
    saveFile: () => Promise.resolve(false),
  });
  const start = () =>
    frameRun({
      self: self as unknown as Window,
      host: pageAsSeenByOuter as Window,
      hostOrigin: PAGE,
      prelude: "PRELUDE",
      trust: (text) => text,
    });
  const viewWindow = Object.assign(view, { parent: outerAsSeenByView }) as unknown as Window;
  return {
    page,
    outer,
    view,
    viewWindow,
    inner,
    appended,
    bridge,
    stops,
    heights,
    links,
    start,
    outerAsSeenByView,
    pageAsSeenByOuter,
  };
}

describe("page, frame and view together", () => {
  it("draw a result and ask for a link", async () => {
    const { bridge, start, viewWindow, inner, appended, heights, links, stops } = stage();
    bridge.resultSend({ city: "Graz" }, { structuredContent: { rows: [1] }, text: "one" });
    start();
    await settled();
    expect(appended).toEqual([inner]);
    expect(inner.attributes).toEqual({ sandbox: "allow-scripts allow-forms", referrerpolicy: "no-referrer" });
    expect(inner.srcdoc).toMatch(/^<!doctype html>.*<script>PRELUDE<\/script><p>view<\/p>$/);

    const results: ToolResult[] = [];
    const inputs: unknown[] = [];
    const contexts: unknown[] = [];
    const connecting = viewConnect(
      "table",
      {
        result: (result) => results.push(result),
        input: (input) => inputs.push(input),
        context: (context) => contexts.push(context),
      },
      viewWindow,
    );
    await settled();
    const client = await connecting;
    await settled();
    expect(contexts).toMatchObject([{ theme: "dark", locale: "de-AT" }]);
    expect(inputs).toEqual([{ city: "Graz" }]);
    expect(results).toEqual([{ content: [{ type: "text", text: "one" }], structuredContent: { rows: [1] } }]);

    client.sizeSay({ width: 100, height: 333 });
    const opened = client.openLink("https://example.org/");
    await settled();
    expect(await opened).toBe(true);
    expect(await withSettled(client.openLink("javascript:alert(1)"))).toBe(false);
    bridge.contextChange({ theme: "light", locale: "en" });
    bridge.close();
    await settled();
    expect(contexts.at(-1)).toMatchObject({ theme: "light", locale: "en" });
    expect([heights, links, stops]).toEqual([[333], ["https://example.org/"], []]);
  });
});

async function withSettled<T>(promise: Promise<T>): Promise<T> {
  await settled();
  return promise;
}

describe("the outer frame", () => {
  const ready = "ui/notifications/sandbox-resource-ready";

  it("drops what a view says in the frame's own name", async () => {
    const { start, outerAsSeenByView, page, stops } = stage();
    start();
    await settled();
    const before = page.heard.length;
    for (const method of ["sandbox-proxy-ready", "sandbox-refused", "sandbox-resource-ready", "sandbox-"]) {
      (outerAsSeenByView as Window).postMessage(
        { jsonrpc: "2.0", method: `ui/notifications/${method}`, params: { html: "x" } },
        "*",
      );
    }
    for (const other of ["text", null, { method: "ping" }, { jsonrpc: "2.0", method: 7 }])
      (outerAsSeenByView as Window).postMessage(other, "*");
    await settled();
    expect(page.heard.length).toBe(before);
    expect(stops).toEqual([]);
  });

  it("listens to nobody else", async () => {
    const { start, outer, inner, page, view, pageAsSeenByOuter } = stage();
    start();
    await settled();
    const [heardByPage, heardByView, drawn] = [page.heard.length, view.heard.length, inner.srcdoc];
    const message = { jsonrpc: "2.0", method: "ui/notifications/tool-result", params: {} };
    for (const [source, origin] of [
      [{}, PAGE],
      [pageAsSeenByOuter, "http://evil.example"],
      [{}, "null"],
      [inner.contentWindow, PAGE],
      [inner.contentWindow, "http://x.localhost"],
    ] as const) {
      outer.deliver({ source, origin, data: message });
      outer.deliver({ source, origin, data: { jsonrpc: "2.0", method: ready, params: { html: "<p>other</p>" } } });
    }
    await settled();
    expect([page.heard.length, view.heard.length, inner.srcdoc]).toEqual([heardByPage, heardByView, drawn]);
  });

  it("draws one document and no second", async () => {
    const { start, outer, inner, appended, pageAsSeenByOuter } = stage();
    start();
    await settled();
    outer.deliver({
      source: pageAsSeenByOuter,
      origin: PAGE,
      data: { jsonrpc: "2.0", method: ready, params: { html: "<p>second</p>" } },
    });
    expect(inner.srcdoc).not.toContain("second");
    expect(appended.length).toBe(1);
  });

  it("refuses a document with frames, and the page says so", async () => {
    const { start, appended, stops } = stage('<p>x</p><template><IFRAME srcdoc="y"></template>');
    start();
    await settled();
    expect([appended, stops]).toEqual([[], ["refused"]]);
  });
});

describe("tags that would load another document", () => {
  it.each([
    "<iframe>",
    "<IFRAME\n",
    "<frame ",
    "<frameset",
    "<object/data=x>",
    "<embed",
    "<fencedframe",
    "<portal",
    "<x:iframe",
    "<svg><foreignObject><iframe srcdoc=x>",
    "<iframe",
  ])("are seen in %j", (html) => expect(FRAME_TAG.test(html)).toBe(true));
  it.each([
    "<p>iframe</p>",
    "<framework-x>",
    "<object-view>",
    "a < iframe",
    "&lt;iframe&gt;",
    '"iframe"',
    "<my-iframe>",
  ])("are not seen in %j", (html) => expect(FRAME_TAG.test(html)).toBe(false));
});

describe("the prelude", () => {
  type Rule = (text: string, type: string, sink: string) => string | null;
  const run = () => {
    const policies: Record<string, Record<string, Rule>> = {};
    const parser = { parseFromString: (text: string, type: string) => `${type} ${text}` };
    const constructor = (prototype: object = {}, own: object = {}) => Object.assign(() => {}, own, { prototype });
    const scope = {
      RTCPeerConnection: constructor(),
      webkitRTCPeerConnection: constructor(),
      XSLTProcessor: constructor(),
      DOMParser: { prototype: parser },
      Element: constructor({ setHTML: 1 }),
      ShadowRoot: constructor({ setHTML: 1 }),
      Document: constructor({}, { parseHTML: 1 }),
      trustedTypes: { createPolicy: (name: string, rules: Record<string, Rule>) => (policies[name] = rules) },
    };
    preludeRun(scope as never);
    return { scope, rules: policies["default"] ?? {} };
  };

  it("takes WebRTC away, and what would build frames out of other words", () => {
    const { scope } = run();
    expect(Object.keys(scope)).toEqual(["DOMParser", "Element", "ShadowRoot", "Document", "trustedTypes"]);
    expect(() => scope.DOMParser.prototype.parseFromString("<x/>", "application/xml")).toThrow(TypeError);
    expect(scope.DOMParser.prototype.parseFromString("<p>", "text/html")).toBe("text/html <p>");
    expect([
      "setHTML" in scope.Element.prototype,
      "setHTML" in scope.ShadowRoot.prototype,
      "parseHTML" in scope.Document,
    ]).toEqual([false, false, false]);
  });

  it.each([
    ["createHTML", "<p>x</p>", "Element innerHTML", "<p>x</p>"],
    ["createHTML", "<p><iframe srcdoc=x>", "Element innerHTML", null],
    ["createHTML", "<p>x</p>", "HTMLIFrameElement srcdoc", null],
    ["createHTML", "<p>x</p>", "Document write", null],
    ["createHTML", "<p>x</p>", "Document writeln", null],
    ["createScript", "1", "eval", null],
    ["createScriptURL", "blob:null/1", "Worker constructor", "blob:null/1"],
    ["createScriptURL", "data:text/javascript,1", "Worker constructor", null],
    ["createScriptURL", "https://evil.example/x.js", "HTMLScriptElement src", null],
  ])("%s of %j for %s", (rule, text, sink, expected) => {
    expect(run().rules[rule]?.(text, "", sink)).toBe(expected);
  });

  it("fails where there are no Trusted Types, where the outer frame draws nothing anyway", () => {
    const part = { prototype: {} };
    const paper = { DOMParser: part, Element: part, ShadowRoot: part, Document: part };
    expect(() => preludeRun(paper as never)).toThrow("no Trusted Types");
  });
});
