// Views that others published, in our frame with its real policy: each says the same to our host as to the one that the makers of MCP
// Apps wrote, and what needs no network is drawn. The packages come from npm; without a network there is nothing to draw.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FrameStage } from "./frame-stage";
import { openBrowser } from "./house";
import { leftOut } from "./registry";

const run = promisify(execFile);
const DRAWN_MS = 20_000;
const INFO = {
  hostname: "ithaca",
  platform: "linux 6.1",
  arch: "x64",
  cpu: { model: "Example 3000", count: 2 },
  memory: { totalBytes: 8_589_934_592 },
};
const STATS = {
  cpu: {
    cores: [
      { idle: 10, total: 100 },
      { idle: 20, total: 100 },
    ],
  },
  memory: { usedBytes: 4_294_967_296, usedPercent: 50, freeBytes: 4_294_967_296 },
  uptime: { seconds: 3_600 },
  timestamp: "2026-11-23T12:00:00.000Z",
};
const answered = (data: object) => ({
  content: [{ type: "text", text: JSON.stringify(data) }],
  structuredContent: data,
});

interface Heard {
  said: { method: string; params: unknown }[];
  stops: string[];
}
interface Held {
  heard: Heard;
  show(origin: string, html: string, given: object): void;
}

let folder: string;
let stage: FrameStage;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "oikos-published-"));
  stage = await FrameStage.open("host-ours", "host-theirs", "host-direct");
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 900, height: 900 } });
});
afterAll(async () => {
  await browser?.close();
  stage?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The document of a package; nothing where there is no network. */
async function published(name: string): Promise<string | undefined> {
  try {
    const words = ["pack", `@modelcontextprotocol/${name}@2.0.3`, "--silent", "--pack-destination", folder];
    const { stdout } = await run("npm", words, { cwd: folder });
    await run("tar", ["-xzf", stdout.trim().split("\n").at(-1)!, "package/dist"], { cwd: folder });
    return await readFile(join(folder, "package/dist/mcp-app.html"), "utf8");
  } catch (why) {
    if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED/.test(String(why))) return undefined;
    throw why;
  }
}

const heard = (on = page): Promise<Heard> => on.evaluate(() => (globalThis as unknown as Held).heard);

async function show(host: "ours" | "theirs" | "direct", html: string, given: object, on = page): Promise<Frame> {
  await on.goto(`${stage.origin}/host-${host}`);
  await on.evaluate(([at, markup, what]) => (globalThis as unknown as Held).show(at, markup, what), [
    stage.views,
    html,
    given,
  ] as const);
  // A host without a frame of ours between has the view itself below it.
  const above = (one: Frame) => (host === "direct" ? one.parentFrame() : one.parentFrame()?.parentFrame());
  const frameOf = () => on.frames().find((one) => above(one) === on.mainFrame());
  await expect.poll(() => frameOf() !== undefined, { timeout: DRAWN_MS }).toBe(true);
  return frameOf()!;
}

/** What a view says to greet its host, without what says how large it is. */
const greeting = ({ said }: Heard) =>
  said.filter(({ method }) => /^ui\/(?:initialize|notifications\/(?:sandbox-proxy-ready|initialized))$/.test(method));

/** What it says to each of both hosts. */
async function greetings(html: string, given: object): Promise<Heard["said"][]> {
  const all = [];
  for (const host of ["theirs", "ours"] as const) {
    await show(host, html, given);
    await expect.poll(async () => greeting(await heard()).length, { timeout: DRAWN_MS }).toBe(3);
    all.push(greeting(await heard()));
  }
  return all;
}

test("the system monitor is drawn, polls, and greets both hosts alike", async (context) => {
  const html = await published("server-system-monitor");
  if (html === undefined) return leftOut(context);
  const given = { data: INFO, text: JSON.stringify(INFO), answers: { "poll-system-stats": answered(STATS) } };
  const [theirs, ours] = await greetings(html, given);
  expect(ours).toEqual(theirs);
  const frame = await show("ours", html, given);
  await frame.getByText("ithaca").first().waitFor({ timeout: DRAWN_MS });
  await frame.locator("canvas").first().waitFor({ timeout: DRAWN_MS });
  await expect
    .poll(async () => (await heard()).said.filter(({ method }) => method === "tools/call").length, {
      timeout: DRAWN_MS,
    })
    .toBeGreaterThan(1);
  await page.evaluate(() =>
    document.querySelector("iframe")?.setAttribute("style", "width: 100%; height: 850px; border: 0"),
  );
  await page.screenshot({ path: process.env["MONITOR"] ?? join(folder, "monitor.png"), fullPage: true });
  expect((await heard()).stops).toEqual([]);
});

// It loads what it draws with from elsewhere before it says a word, which no frame of ours lets it.
test("the map reaches nobody, and says as much to one host as to the other", async (context) => {
  const html = await published("server-map");
  if (html === undefined) return leftOut(context);
  const reached: string[] = [];
  page.on("response", (response) => reached.push(new URL(response.url()).hostname));
  const all = [];
  for (const host of ["theirs", "ours"] as const) {
    const frame = await show(host, html, { data: {}, text: "a map", answers: {} });
    const tried = () => frame.evaluate(() => document.querySelectorAll('[href*="cesium.com"]').length);
    await expect.poll(tried, { timeout: DRAWN_MS }).toBe(1);
    all.push((await heard()).said);
  }
  expect(all[1]).toEqual(all[0]);
  expect(reached.filter((host) => host !== "127.0.0.1" && !host.endsWith(".localhost"))).toEqual([]);
});

/** What CesiumJS is to the map, of which nothing here can be loaded: it lets itself be called, and draws where its camera is. */
function globe(): void {
  const nothing = () => {};
  const event = { addEventListener: () => nothing };
  class Drawn {
    canvas = document.createElement("canvas");
    imageryLayers = { length: 0, addImageryProvider: nothing };
    scene = {
      globe: { tilesLoaded: true, tileLoadProgressEvent: event },
      postProcessStages: { fxaa: {} },
      requestRender: nothing,
    };
    camera = {
      moveEnd: event,
      positionCartographic: {},
      flyTo: nothing,
      setView: ({ destination }: { destination: number[] }) => {
        document.getElementById("cesiumContainer")!.dataset["at"] = destination.join(" ");
      },
    };
    render = nothing;
    resize = nothing;
  }
  Object.assign(globalThis, {
    Cesium: {
      Ion: {},
      Camera: {},
      Color: {},
      Credit: Object,
      Viewer: Drawn,
      Cartesian3: { fromDegrees: (...at: number[]) => at },
      Rectangle: { fromDegrees: nothing },
      Math: { toRadians: (degrees: number) => degrees },
      UrlTemplateImageryProvider: class {
        errorEvent = event;
      },
    },
  });
}

/** Keeps what a document is told by the one above it. */
function listen(): void {
  const told: unknown[] = [];
  Object.assign(globalThis, { told });
  addEventListener("message", ({ data }) => told.push(data));
}

/** What the tool of a package's own server answers. */
async function answerOf(server: string, name: string, given: object): Promise<object> {
  const child = spawn("node", [server, "--stdio"], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "exit");
  try {
    const say = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    const clientInfo = { name: "oikos-e2e", version: "1.0.0" };
    say({ id: 1, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } });
    for await (const line of createInterface({ input: child.stdout, signal: AbortSignal.timeout(DRAWN_MS) })) {
      const { id, result } = JSON.parse(line) as { id?: number; result?: object };
      if (id === 2 && result !== undefined) return result;
      if (id !== 1) continue;
      say({ method: "notifications/initialized" });
      say({ id: 2, method: "tools/call", params: { name, arguments: given } });
    }
    throw new Error(`${name} was not answered`);
  } finally {
    child.kill();
    await ended;
  }
}

/** A host's answer to `ui/initialize`. */
interface Greeted {
  protocolVersion: string;
  hostInfo: object;
  hostCapabilities: object;
  hostContext: Record<string, unknown>;
}
interface Told {
  jsonrpc: string;
  id?: number;
  method?: string;
  params?: unknown;
  result?: Greeted;
}

// What it loads to draw with stands here already, and so it does what it does in a host that lets it load it. Nothing else differs:
// its document is the published one to the letter, and the policy of our frame is the real one.
test("the map greets our host, and is told by it, as without oikos", async (context) => {
  const html = await published("server-map");
  if (html === undefined) return leftOut(context);
  const asked = { west: 23.6, south: 37.9, east: 23.8, north: 38.1, label: "Ἀθῆναι" };
  const result = await answerOf(join(folder, "package/dist/index.js"), "show-map", asked);
  const seen = [];
  // In a process of its own the view may be under way before the browser has put there what stands here for it.
  const oneProcess = await openBrowser("--disable-features=IsolateSandboxedIframes");
  context.onTestFinished(() => oneProcess.close());
  for (const host of ["direct", "ours"] as const) {
    const on = await oneProcess.newPage();
    await on.addInitScript(globe);
    await on.addInitScript(listen);
    const frame = await show(host, html, { asked, result, data: {}, text: "", answers: {} }, on);
    // It stands where it was called with.
    await frame.locator("#cesiumContainer[data-at]").waitFor({ state: "attached", timeout: DRAWN_MS });
    const told = () => frame.evaluate(() => (globalThis as unknown as { told: Told[] }).told);
    await expect.poll(async () => (await told()).length, { timeout: DRAWN_MS }).toBeGreaterThanOrEqual(3);
    await frame.getByText("Loading globe").waitFor({ state: "hidden", timeout: DRAWN_MS });
    const at = await frame.locator("#cesiumContainer").getAttribute("data-at");
    const { said, stops } = await heard(on);
    expect(stops).toEqual([]);
    // What our outer frame says is no word of the view.
    const ofView = said.filter(({ method }) => !method.startsWith("ui/notifications/sandbox-"));
    seen.push({ at, said: ofView, told: await told() });
    await on.close();
  }
  const [direct, ours] = seen;
  expect(ours!.at).toBe(direct!.at);
  // What it says: the same words, in the same order, to the letter.
  expect(JSON.stringify(ours!.said)).toBe(JSON.stringify(direct!.said));
  expect(ours!.said.slice(0, 2).map(({ method }) => method)).toEqual(["ui/initialize", "ui/notifications/initialized"]);
  // What it is told: the same kinds of words in the same order, and of each word that is about its call, the same bytes.
  const kinds = ({ told }: { told: Told[] }) => told.map(({ id, method }) => method ?? `answer ${id}`);
  expect(kinds(ours!)).toEqual(["answer 0", "ui/notifications/tool-input", "ui/notifications/tool-result"]);
  expect(kinds(direct!)).toEqual(kinds(ours!));
  const about = ({ told }: { told: Told[] }) => told.slice(1).map(({ params }) => JSON.stringify(params));
  expect(about(ours!)).toEqual([JSON.stringify({ arguments: asked }), JSON.stringify(result)]);
  expect(about(direct!)).toEqual(about(ours!));
  // The greeting: what a host says of itself may differ, and is named here, one by one; nothing else does.
  const greeted = [direct!, ours!].map(({ told }) => told[0]!.result!);
  expect(Object.keys(greeted[1]!).toSorted()).toEqual(Object.keys(greeted[0]!).toSorted());
  const own = greeted.map(({ hostInfo, hostContext }) => ({
    // Who it is.
    hostInfo,
    // Ours has a place in a run's page, and no full screen to give away.
    modes: hostContext["availableDisplayModes"],
    // How tall it lets a view become.
    dimensions: hostContext["containerDimensions"],
  }));
  expect(own[1]).toEqual({
    hostInfo: { name: "oikos", version: "1" },
    modes: ["inline"],
    dimensions: { maxHeight: 2_000 },
  });
  const common = greeted.map(({ protocolVersion, hostCapabilities, hostContext }) => {
    const { availableDisplayModes: _modes, containerDimensions: _dimensions, ...context } = hostContext;
    return { protocolVersion, hostCapabilities, context };
  });
  expect(common[1]).toEqual(common[0]);
});
