// Our side of MCP Apps against the side that its makers wrote: each host with each view, for every renderer, in a real browser
// and through the real frame with its real policy.
import { readFile, readdir } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "vite";
import { openBrowser } from "./house";

const RENDERERS = resolve(import.meta.dirname, "../../../renderers");
const LABEL = "0123456789abcdef0123456789abcdef";
const FALLBACK = "the text for who cannot draw";
const DRAWN_MS = 20_000;

const NAMES = (await readdir(RENDERERS, { withFileTypes: true })).map(({ name }) => name);
const renderers: string[] = [];
for (const name of NAMES) {
  const has = await readFile(`${RENDERERS}/${name}/example.json`).then(
    () => true,
    () => false,
  );
  // What a server answered is drawn in the page alone: another host has that as it came.
  if (has && name !== "mcp") renderers.push(name);
}

let server: Server;
let browser: Browser;
let page: Page;
let origin: string;
const faults: string[] = [];
const parts: Record<string, string> = {};

/** One script of everything that a part needs. */
async function bundled(name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    root: `${RENDERERS}/test`,
    build: {
      write: false,
      target: "es2023",
      rollupOptions: { input: `${RENDERERS}/test/parts/${name}.ts`, output: { format: "iife" } },
    },
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output)) throw new Error(`${name} was not built`);
  const [{ code }] = output.output;
  return code.replaceAll(/<\/script/gi, "<\\/script").replaceAll("<!--", "<\\!--");
}

const document = (script: string) => `<!doctype html><meta charset="utf-8"><body><script>${script}</script>`;

/** What oikos serves the frame with, as the frame's own README says it. */
async function frameHeads(pages: string): Promise<Record<string, string>> {
  const said = await readFile(`${RENDERERS}/frame/README.md`, "utf8");
  const heads = /Content-Security-Policy: ([^`]*?)\nConnection-Allowlist: (.*)\n/.exec(said);
  const [, policy, connections] = heads ?? [];
  if (!policy || !connections) throw new Error("renderers/frame/README.md says no policy");
  return {
    "content-security-policy": policy.replaceAll(/\s+/g, " ").replace("<the page's origin>", pages),
    "connection-allowlist": connections,
  };
}

beforeAll(async () => {
  for (const name of ["host-ours", "host-theirs", "view-theirs"]) parts[name] = document(await bundled(name));
  const frame = await readFile(`${RENDERERS}/dist/frame.html`, "utf8");
  server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const isView = request.headers.host === `${LABEL}.localhost:${port}`;
    const found = isView ? (request.url === "/frame" ? frame : undefined) : parts[(request.url ?? "").slice(1)];
    void frameHeads(`http://127.0.0.1:${port}`).then((heads) => {
      response.writeHead(found === undefined ? 404 : 200, {
        "content-type": "text/html; charset=utf-8",
        ...(isView ? heads : {}),
      });
      response.end(found);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
  page = await browser.newPage();
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

interface Page3 {
  heard: { heights: number[]; links: string[]; stops: string[] };
  show(origin: string, html: string, given: { data: unknown; text: string }): void;
}

async function viewOf(): Promise<Frame> {
  for (let tries = 0; tries < 200; tries += 1) {
    const frame = page.frames().find((one) => one.parentFrame()?.parentFrame() === page.mainFrame());
    if (frame !== undefined) return frame;
    await page.waitForTimeout(50);
  }
  throw new Error("no view came");
}

const heard = () => page.evaluate(() => (globalThis as unknown as Page3).heard);

/** All texts of some data that are long enough to be known again. */
function textsOf(data: unknown): string[] {
  if (typeof data === "string") return data.length > 2 ? data.split("\n").filter((line) => line.length > 2) : [];
  return typeof data === "object" && data !== null ? Object.values(data).flatMap(textsOf) : [];
}

test("all renderers are here", () => {
  expect(renderers).toHaveLength(11);
});

for (const host of ["ours", "theirs"] as const) {
  for (const view of ["ours", "theirs"] as const) {
    test.for(renderers)(`host ${host}, view ${view}: %s`, async (name) => {
      faults.length = 0;
      const data = JSON.parse(await readFile(`${RENDERERS}/${name}/example.json`, "utf8")) as unknown;
      const html = view === "ours" ? await readFile(`${RENDERERS}/dist/${name}.html`, "utf8") : parts["view-theirs"]!;
      // Anew each time: no frame of the pair before is there.
      await page.goto(`${origin}/host-${host}`);
      const views = origin.replace("127.0.0.1", `${LABEL}.localhost`);
      await page.evaluate(([at, markup, given]) => (globalThis as unknown as Page3).show(at, markup, given), [
        views,
        html,
        { data, text: FALLBACK },
      ] as const);
      const frame = await viewOf();
      if (view === "theirs") {
        const said = frame.locator("pre[data-answer]");
        await said.waitFor({ timeout: DRAWN_MS });
        expect(JSON.parse((await said.textContent()) ?? "")).toEqual(data);
        // There and back: what it asked was heard, and answered without an error.
        expect((await heard()).links).toEqual(["https://example.com/from-theirs"]);
        expect(JSON.parse((await said.getAttribute("data-answer")) ?? "")).not.toHaveProperty("isError", true);
      } else {
        const texts = textsOf(data);
        await frame.waitForFunction(
          (wanted) => {
            const { body } = globalThis.document;
            const labels = [...body.querySelectorAll("[aria-label]")].map((one) => one.getAttribute("aria-label"));
            const said = [body.innerText, ...labels].join("\n");
            return wanted.some((text) => said.includes(text)) || body.querySelector("canvas") !== null;
          },
          texts,
          { timeout: DRAWN_MS },
        );
        expect(await frame.evaluate(() => globalThis.document.body.innerText)).not.toContain(FALLBACK);
      }
      await page.waitForFunction(
        () => (globalThis as unknown as Page3).heard.heights.some((height) => height > 0),
        null,
        { timeout: DRAWN_MS },
      );
      expect((await heard()).stops).toEqual([]);
      expect(faults).toEqual([]);
    });
  }
}
