// Every screen and state of screens.ts in light, dark and on a phone: axe finds nothing, and nothing is complained about.
// SCREENS=name,… looks at these alone, MODES=name,… in these ways alone. SHEET=FOLDER keeps a picture of each, and one sheet of all.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser, openWindow, signIn, unnoted, type Window } from "./house";
import { SCREENS, type Screen, type Stage } from "./screens";
import { setStage } from "./stage";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHEET = process.env["SHEET"];
const only = process.env["SCREENS"]?.split(",");
const ways = process.env["MODES"]?.split(",");

const ALL_MODES = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  { name: "german", colorScheme: "light", viewport: { width: 1280, height: 900 }, locale: "de-AT" },
  // What 1280 pixels leave at 400 %, in the language with the longer words.
  { name: "narrow", colorScheme: "light", viewport: { width: 320, height: 640 }, locale: "de-AT" },
] as const;
const MODES = ALL_MODES.filter(({ name }) => !ways || ways.includes(name));

let stage: Stage;
let browser: Browser;
beforeAll(async () => {
  stage = await setStage();
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stage?.house.close();
  await stage?.empty.close();
});

interface Violation {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Runs axe in a world of its own, where the policy of the page does not hold. */
async function axe(page: Page): Promise<string[]> {
  const source = await readFile(AXE, "utf8");
  const client = await page.context().newCDPSession(page);
  const { frameTree } = (await client.send("Page.getFrameTree")) as { frameTree: { frame: { id: string } } };
  const { executionContextId } = await client.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  const run = `${source}; axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((found) => JSON.stringify(found.violations))`;
  const { result, exceptionDetails } = await client.send("Runtime.evaluate", {
    expression: run,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await client.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  const found = JSON.parse(String(result.value)) as Violation[];
  return found.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes
        .slice(0, 4)
        .map((node) => `  ${node.html.slice(0, 200)}\n    ${node.failureSummary?.replaceAll("\n", " ").slice(0, 240)}`)
        .join("\n")}`,
  );
}

/** Nothing loads, nothing moves. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).or(page.getByRole("dialog")).first().waitFor();
  await page.waitForFunction(() => !document.body.innerText.match(/Loading …|Lädt …/));
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))),
  );
}

/** Wider than the window: somebody would have to scroll sideways. */
const overhang = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.each(MODES)("$name", ({ name: mode, ...options }) => {
  let inside: Window;
  let outside: Window;
  let beginning: Window;
  const pictures: { name: string; file: string }[] = [];
  beforeAll(async () => {
    inside = await signIn(stage.house, browser, options);
    outside = await openWindow(browser, options);
    beginning = await signIn(stage.empty, browser, { ...options, mayBeAway: true });
  });
  afterAll(async () => {
    await inside?.context.close();
    await outside?.context.close();
    await beginning?.context.close();
    if (SHEET) await writeFile(join(SHEET, `${mode}.json`), JSON.stringify(pictures));
  });
  test.each(SCREENS.filter(({ name }) => !only || only.includes(name)))("$name", async (screen: Screen) => {
    const { page, faults } = { stranger: outside, newcomer: beginning, owner: inside }[screen.who ?? "owner"];
    const house = screen.who === "newcomer" ? stage.empty : stage.house;
    try {
      await page.goto(house.origin + screen.at(stage));
      await settled(page);
      await screen.act?.(page, stage);
      await settled(page);
      if (SHEET) {
        const file = `${mode}-${screen.name.replaceAll(/\W+/g, "-")}.png`;
        await mkdir(SHEET, { recursive: true });
        await page.screenshot({ path: join(SHEET, file) });
        pictures.push({ name: screen.name, file });
      }
      expect(await axe(page)).toEqual([]);
      expect(await overhang(page)).toBeLessThanOrEqual(0);
      const { refusal } = screen;
      const seen = screen.framed ? unnoted(faults()) : faults();
      expect(seen.filter((fault) => !refusal || !fault.includes(refusal))).toEqual([]);
    } finally {
      await screen.after?.(stage);
    }
  });
});

test.runIf(SHEET)("one sheet of all", async () => {
  if (!SHEET) return;
  const rows = await Promise.all(
    MODES.map(
      async ({ name }) =>
        JSON.parse(await readFile(join(SHEET, `${name}.json`), "utf8")) as { name: string; file: string }[],
    ),
  );
  const figures = rows.flatMap((row, index) =>
    row.map(
      ({ name, file }) =>
        `<figure class="${MODES[index]?.name}"><img src="${file}" alt=""><figcaption>${name}</figcaption></figure>`,
    ),
  );
  const style =
    "body{font:14px sans-serif;display:flex;flex-wrap:wrap;gap:12px;background:#888;margin:12px}figure{margin:0;width:420px}figure.phone,figure.narrow{width:200px}img{width:100%}";
  await writeFile(
    join(SHEET, "sheet.html"),
    `<!doctype html><meta charset="utf-8"><title>oikos</title><style>${style}</style>${figures.join("\n")}`,
  );
  const page = await browser.newPage({ viewport: { width: 1760, height: 900 } });
  await page.goto(`file://${SHEET}/sheet.html`);
  await page.screenshot({ path: join(SHEET, "sheet.png"), fullPage: true });
  await page.close();
});
