// Our side of MCP Apps against the side that its makers wrote: each host with each view, for every renderer, in a real browser
// and through the real frame with its real policy.
import { readFile, readdir } from "node:fs/promises";
import type { Browser, Frame, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FrameStage, RENDERERS } from "./frame-stage";
import { openBrowser } from "./house";

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

let stage: FrameStage;
let browser: Browser;
let page: Page;
const faults: string[] = [];

beforeAll(async () => {
  stage = await FrameStage.open("host-ours", "host-theirs", "view-theirs");
  browser = await openBrowser();
  page = await browser.newPage();
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
});
afterAll(async () => {
  await browser?.close();
  stage?.close();
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
      const html =
        view === "ours" ? await readFile(`${RENDERERS}/dist/${name}.html`, "utf8") : stage.part("view-theirs");
      // Anew each time: no frame of the pair before is there.
      await page.goto(`${stage.origin}/host-${host}`);
      await page.evaluate(([at, markup, given]) => (globalThis as unknown as Page3).show(at, markup, given), [
        stage.views,
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
