// An app of the browser in the real page of the real oikos: installed, opened, used by keyboard, taken away. What it must not
// reach is proven with a hostile view, in frames.test.ts: it has the same frame.
import type { Browser, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { House, openBrowser, signIn, unnoted, type Window } from "./house";

let house: House;
let browser: Browser;
let window: Window;
let page: Page;
let view: FrameLocator;

beforeAll(async () => {
  house = await House.open();
  browser = await openBrowser();
  window = await signIn(house, browser);
  page = window.page;
  view = page.frameLocator("iframe").frameLocator("iframe");
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

const faults = () => unnoted(window.faults());
/** What the palette finds first for these words. */
async function choose(words: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill(words);
  await page.keyboard.press("Enter");
}
const answer = () => view.locator(".answer");

test("it is installed with a card that says where it runs", async () => {
  await page.goto(`${house.origin}/apps`);
  await page.getByRole("button", { name: "Install Split a bill" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("run in your browser, in a frame that reaches nothing").first().waitFor();
  await dialog.getByText("none of its code runs on this machine").first().waitFor();
  await dialog.getByRole("button", { name: "Install", exact: true }).click();
  await page.getByRole("heading", { name: "Split a bill", level: 1 }).waitFor();
  expect(faults()).toEqual([]);
});

test("it is opened from its own page, from the list and from the palette", async () => {
  await page.getByRole("link", { name: "Open Split a bill" }).click();
  await view.getByRole("heading", { name: "Split a bill" }).waitFor();
  await page.getByText("Reaches nothing").waitFor();
  await page.getByRole("link", { name: "Close tip-split" }).click();
  await page.waitForURL(`${house.origin}/apps/tip-split`);
  expect(await page.locator("iframe").count()).toBe(0);
  await page.goto(`${house.origin}/apps`);
  await page.getByRole("link", { name: "Open Split a bill" }).click();
  await view.getByRole("heading", { name: "Split a bill" }).waitFor();
  await page.goto(`${house.origin}/runs`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await choose("use tip-split");
  await page.waitForURL(`${house.origin}/apps/tip-split/open`);
  expect(faults()).toEqual([]);
});

test("it is used by keyboard, and fills the room that there is", async () => {
  await view.getByRole("textbox", { name: "Bill" }).focus();
  await page.keyboard.type("100,01");
  await expect.poll(() => answer().textContent()).toContain("1 × 55.01 and 1 × 55.00");
  // To the tip, which is one group: an arrow chooses.
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => answer().textContent()).toContain("15.00 of it tip");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(() => answer().textContent()).toContain("2 × 38.34 and 1 × 38.33");
  const box = await page.locator("iframe").boundingBox();
  const { height } = page.viewportSize() ?? { height: 0 };
  expect(box?.height).toBeGreaterThan(height / 2);
  expect(faults()).toEqual([]);
});

test("it takes the theme and the language of the page, as they change", async () => {
  const theme = () => view.locator("html").getAttribute("data-theme");
  for (const scheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await expect.poll(theme).toBe(scheme);
  }
  // Keys that are pressed within the frame are the app's.
  await page.getByRole("link", { name: "Close tip-split" }).focus();
  await choose("Deutsch");
  await view.getByRole("heading", { name: "Rechnung teilen" }).waitFor();
  await page.getByText("Erreicht nichts").waitFor();
  await choose("English");
  await view.getByRole("heading", { name: "Split a bill" }).waitFor();
  expect(faults()).toEqual([]);
});

test("what was opened is in the log, and nothing was run", async () => {
  await page.goto(`${house.origin}/activity?app=tip-split`);
  await page
    .getByText(/you opened its page index\.html/)
    .first()
    .waitFor();
  // One line each time: the page does not open it again because of its own line.
  const log = await house.say("log", "tip-split", "--json");
  expect(log.match(/app_opened/g)).toHaveLength(3);
  expect(await house.say("run", "--list")).not.toContain("tip-split");
});

test("where its page is blocked it is not opened, and the page says by what it would be", async () => {
  await page.goto(`${house.origin}/apps/tip-split/open`);
  await view.getByRole("heading", { name: "Split a bill" }).waitFor();
  await house.say("grant", "tip-split", "view=block");
  await page.getByText("oikos grant tip-split view=allow").waitFor();
  expect(await page.locator("iframe").count()).toBe(0);
  await page.getByRole("link", { name: "What it may touch" }).click();
  await page.getByText("run in your browser, in a frame that reaches nothing").first().waitFor();
  await house.say("grant", "tip-split", "view=allow");
  await page.goto(`${house.origin}/apps/tip-split/open`);
  await view.getByRole("heading", { name: "Split a bill" }).waitFor();
});

test("turned off, it offers nothing to open", async () => {
  await house.say("app", "disable", "tip-split");
  await page.getByText("It cannot be opened now").waitFor();
  await page.getByRole("link", { name: "To the app" }).click();
  await page.getByText("It cannot run now").waitFor();
  expect(await page.getByRole("link", { name: "Open Split a bill" }).count()).toBe(0);
});
