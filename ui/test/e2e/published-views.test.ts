// Views that others published, in our frame with its real policy: each says the same to our host as to the one that the makers of MCP
// Apps wrote, and what needs no network is drawn. The packages come from npm; without a network there is nothing to draw.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  stage = await FrameStage.open("host-ours", "host-theirs");
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
    await run("tar", ["-xzf", stdout.trim().split("\n").at(-1)!, "package/dist/mcp-app.html"], { cwd: folder });
    return await readFile(join(folder, "package/dist/mcp-app.html"), "utf8");
  } catch (why) {
    if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED/.test(String(why))) return undefined;
    throw why;
  }
}

const heard = (): Promise<Heard> => page.evaluate(() => (globalThis as unknown as Held).heard);

async function show(host: "ours" | "theirs", html: string, given: object): Promise<Frame> {
  await page.goto(`${stage.origin}/host-${host}`);
  await page.evaluate(([at, markup, what]) => (globalThis as unknown as Held).show(at, markup, what), [
    stage.views,
    html,
    given,
  ] as const);
  const frameOf = () => page.frames().find((one) => one.parentFrame()?.parentFrame() === page.mainFrame());
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
