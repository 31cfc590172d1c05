// A hostile app in the real page of the real oikos: everything that its view tries to get out of its frame, and what became
// of it. Whether something got out is not what the view says, but what arrived where it was sent.
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import type { BrowserContext, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { House, openProfile, unnoted, watch } from "./house";
import { Sink } from "./sink";

let house: House;
let browser: BrowserContext;
let faults: () => string[];
let page: Page;
let sink: Sink;

beforeAll(async () => {
  house = await House.open();
  sink = await Sink.open();
  await house.say("app", "install", house.package("crates/cli/tests/apps/escapist"), "--yes");
  await house.say("grant", "escapist", "view=allow");
  const log = [`--log-net-log=${house.path("net.json")}`, "--net-log-capture-mode=Everything"];
  browser = await openProfile(house.path("profile"), ...log);
  page = await browser.newPage();
  // A profile opens with a page of its own.
  for (const other of browser.pages()) if (other !== page) await other.close();
  faults = watch(page);
  await page.goto(await house.link());
  await page.getByRole("navigation").first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  sink?.close();
  await house?.close();
});
beforeEach(() => {
  faults();
  sink.take();
});

/** Starts a run whose result names a view, and opens it in the page. */
async function show(view: string): Promise<string> {
  const input = { view, http: sink.http, stun: sink.stun, page: house.origin };
  const said = await house.say("run", "escapist", "show", "--json", "--input", JSON.stringify(input));
  const { run } = JSON.parse(said.trim().split("\n").at(-1) ?? "") as { run: string };
  await page.goto(`${house.origin}/runs/${run}`);
  return page.url();
}

/** The frame that the app's document is in, once its script has come so far. */
async function viewFrame(): Promise<Frame> {
  await page.waitForFunction(() => document.querySelector("iframe") !== null);
  for (;;) {
    const frame = page.frames().find((one) => one.parentFrame()?.parentFrame() === page.mainFrame());
    if (frame !== undefined) return frame;
    await page.waitForTimeout(50);
  }
}

/** The origin of the frame around the view. */
const outerOrigin = () =>
  new URL(
    page
      .frames()
      .find((one) => one.url().endsWith("/frame"))
      ?.url() ?? "",
  ).origin;

const NOTHING = { requests: [], connections: 0, packets: 0 };

test("the sink hears what is sent to it: what is counted below can be counted", async () => {
  await fetch(`${sink.http}/here`);
  const other = await browser.newPage();
  await other.goto(`${sink.http}/page`);
  await other.evaluate(async (stun) => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
    peer.createDataChannel("x");
    await peer.setLocalDescription(await peer.createOffer());
    await new Promise((done) => setTimeout(done, 1500));
  }, sink.stun);
  const { requests, connections, packets } = sink.take();
  await other.evaluate((http) => {
    const link = (rel: string, href: string) =>
      globalThis.document.head.append(Object.assign(globalThis.document.createElement("link"), { rel, href }));
    for (const rel of ["dns-prefetch", "preconnect"]) link(rel, `http://heard-${rel}.leak.invalid/`);
    // Where nothing was connected to before, or the connection that is there is taken.
    link("preconnect", http.replace("127.0.0.1", "localhost"));
  }, sink.http);
  await other.waitForTimeout(1_500);
  await other.close();
  expect(sink.take().connections).toBeGreaterThan(0);
  expect(requests).toContain("GET /here HTTP/1.1");
  expect(requests).toContain("GET /page HTTP/1.1");
  expect(connections).toBeGreaterThan(1);
  expect(packets).toBeGreaterThan(0);
});

test("an honest view draws what its run made", async () => {
  await show("honest");
  const frame = await viewFrame();
  await frame.getByText("drawn: honest").waitFor();
  await page.waitForFunction(() => document.querySelector("iframe")?.height === "321");
  expect(outerOrigin()).toMatch(/^http:\/\/[0-9a-f]{32}\.localhost:\d+$/);
  expect(await frame.evaluate(() => self.origin)).toBe("null");
  expect(unnoted(faults())).toEqual([]);
});

test("nothing gets out of the frame, whatever the view tries", async () => {
  const url = await show("escape");
  const frame = await viewFrame();
  await frame.getByText("tried all").waitFor({ timeout: 110_000 });
  const report = await frame.evaluate(() => (globalThis as unknown as { report: Record<string, string> }).report);
  if (process.env["REPORT"]) console.log(JSON.stringify(report, null, 1));
  // Where it was sent.
  expect(sink.take()).toEqual(NOTHING);
  expect(report["candidates"]).toBe("0");
  expect(report["scripts in child frames"]).toBe("0");
  // The page and its frame are where they were, and no other window came.
  expect(page.url()).toBe(url);
  expect(await page.title()).toMatch(/^escapist/);
  expect(browser.pages()).toHaveLength(1);
  expect(page.frames().some((one) => one.url().endsWith("/frame"))).toBe(true);
  // What it got hold of.
  const threw = (...names: string[]) =>
    Object.fromEntries(
      names.map((name) => [name, expect.stringMatching(/^threw (Security|Eval|Type|NotAllowed|Reference)/)]),
    );
  expect(report).toMatchObject({
    ...threw("read the page above", "read the frame above", "read the frame's storage", "send the page away"),
    ...threw("send the page away by its href", "send the frame away", "ask the API", "ask the API blindly", "fetch"),
    ...threw("fetch that outlives", "eval", "Function", "localStorage", "sessionStorage", "cookie", "caches"),
    ...threw("service worker", "module", "handler of a text"),
    "open a window": "blocked",
    XMLHttpRequest: "blocked",
    picture: "blocked",
    style: "blocked",
    video: "blocked",
    WebRTC: "no constructor",
    "answer 9": "-32601",
    "answer 10": "-32601",
  });
  expect(report["a text became code"]).toBeUndefined();
  const connected = Object.entries(report).filter(
    ([name, said]) => name.startsWith("WebRTC") && said.startsWith("a conn"),
  );
  expect(connected).toEqual([]);
  // The page still listens to it, and to nobody who says that he is the frame.
  await page.locator("iframe").waitFor();
});

test("a document with a frame inside is not drawn, and its text is shown", async () => {
  await show("framed");
  await page.getByText("it has frames inside").waitFor();
  await page.getByText("what the view would have shown").first().waitFor();
  expect(await page.locator("iframe").count()).toBe(0);
  expect(sink.take()).toEqual(NOTHING);
});

for (const way of [
  "location",
  "meta",
  "form",
  "anchor",
  "blob",
  "data",
  "script",
  "navigation",
  "blank",
  "opened",
  "command",
]) {
  test(`no other document takes the view's place, by ${way}`, async () => {
    const url = await show(`leave-${way}`);
    await page.waitForFunction(() => document.querySelector("iframe")?.height === "333");
    await page.waitForTimeout(2_500);
    expect(sink.take()).toEqual(NOTHING);
    expect(page.url()).toBe(url);
    expect(browser.pages()).toHaveLength(1);
  });
}

test("the origin of views has the frame and nothing else, and the page has no frame", async () => {
  await show("honest");
  await viewFrame();
  const origin = outerOrigin();
  // A browser does not let a host be chosen, and neither does its fetch.
  const ask = (path: string) =>
    new Promise<{ status: number; body: string; cookie: string | undefined }>((done, fail) => {
      const { host, port } = new URL(origin);
      const asked = request({ host: "127.0.0.1", port, path, headers: { host } }, (answer) => {
        let body = "";
        answer.on("data", (piece: Buffer) => (body += piece.toString()));
        answer.on("end", () =>
          done({ status: answer.statusCode ?? 0, body, cookie: answer.headers["set-cookie"]?.join() }),
        );
      });
      asked.on("error", fail);
      asked.end();
    });
  expect((await ask("/frame")).status).toBe(200);
  for (const path of ["/", "/index.html", "/apps", "/sw.js", "/frame.html"])
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  for (const path of ["/api/v1/apps", "/ws", "/metrics", "/livez", "/mcp"])
    expect([path, (await ask(path)).status]).toEqual([path, 421]);
  expect((await browser.cookies(origin)).length).toBe(0);
  const said = async (path: string) => (await fetch(house.origin + path)).text();
  expect(await said("/frame")).toBe(await said("/"));
  expect(await said("/frame")).not.toBe((await ask("/frame")).body);
  // In a tab of its own it draws nothing.
  const tab = await browser.newPage();
  await tab.goto(`${origin}/frame`);
  await tab.waitForTimeout(300);
  expect(await tab.locator("iframe").count()).toBe(0);
  await tab.close();
});

test("a page of somebody else cannot hold the frame", async () => {
  const origin = outerOrigin();
  const other = await browser.newPage();
  await other.goto(`${sink.http}/page`);
  const said: string[] = [];
  other.on("console", (message) => said.push(message.text()));
  await other.evaluate(
    (src) => document.body.append(Object.assign(document.createElement("iframe"), { src })),
    `${origin}/frame`,
  );
  await other.waitForTimeout(1_000);
  expect(said.join("\n")).toMatch(/frame-ancestors/);
  await other.close();
});

test("what the owner blocks is not drawn, and says by what it would be", async () => {
  await house.say("grant", "escapist", "view=block");
  await show("honest");
  await page.getByText("oikos grant escapist view=allow").waitFor();
  await page.getByText("what the view would have shown").first().waitFor();
  expect(await page.locator("iframe").count()).toBe(0);
  await house.say("grant", "escapist", "view=allow");
  const frame = await viewFrame();
  await frame.getByText("drawn: honest").waitFor();
});

test("WebRTC where nobody took it away sends nothing either", async () => {
  await show("honest");
  await viewFrame();
  const outer = page.frames().find((one) => one.url().endsWith("/frame"));
  const found = await outer?.evaluate(async (stun) => {
    const candidates: string[] = [];
    const peer = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
    peer.onicecandidate = ({ candidate }) => candidate && candidates.push(candidate.type ?? "");
    peer.createDataChannel("x");
    await peer.setLocalDescription(await peer.createOffer());
    await new Promise((done) => setTimeout(done, 2_000));
    return candidates;
  }, sink.stun);
  // It is there, and what it would say it cannot: there is no address that a server told it.
  expect(found?.filter((type) => type !== "host")).toEqual([]);
  expect(sink.take()).toEqual(NOTHING);
});

// Last: the browser writes down whose names it asked for, and all of it when it ends.
test("no name of the view's choice was looked up", async () => {
  await browser.close();
  const names = (await readFile(house.path("net.json"), "utf8")).match(/[a-z-]+\.leak\.invalid/g) ?? [];
  expect(names).toContain("heard-dns-prefetch.leak.invalid");
  expect(names).toContain("heard-preconnect.leak.invalid");
  expect([...new Set(names)].filter((name) => name.startsWith("secret-"))).toEqual([]);
});
