// Views that servers have for what their tools answer, drawn in the real page of the real oikos: one that was written for this
// (crates/cli/tests/apps/drawer), and one as its authors published it. Both servers are real programs in their boxes.
import type { Browser, FrameLocator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { House, openBrowser, signIn, unnoted, type Window } from "./house";
import { leftOut } from "./registry";

const MONITOR = "@modelcontextprotocol/server-system-monitor@2.0.3";

/**
 * What is no fault of the page: that oikos refuses what a view asks, and what a stranger's document says to its own console, such as
 * that its library tries `eval` and goes on without.
 */
const SAID = [
  /server responded with a status of 40[34]/,
  /^console (?:debug|info|log|warning): /,
  /requires 'TrustedScript' assignment/,
];

let house: House;
let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  house = await House.open();
  browser = await openBrowser();
  window = await signIn(house, browser, { viewport: { width: 1100, height: 1300 } });
  page = window.page;
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async (context) => {
  if (context.task.result?.state === "fail") {
    await page
      .screenshot({ path: `/tmp/oikos-server-views-${context.task.name.replaceAll(/\W+/g, "-")}.png`, fullPage: true })
      .catch(() => {});
  }
  expect(unnoted(window.faults()).filter((fault) => !SAID.some((said) => said.test(fault)))).toEqual([]);
});

const main = () => page.getByRole("main");
/** The view: within the frame that oikos serves, and within nothing else. */
const view = (app: string): FrameLocator =>
  page.frameLocator(`iframe[title="What ${app} shows"]`).frameLocator("iframe");

async function call(app: string, action: string): Promise<void> {
  await page.goto(`${house.origin}/apps/${app}/run/${action}`);
  await main().getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\//);
}

const answer = (text: string | RegExp) => view("drawer").getByRole("status").getByText(text).waitFor();
const press = (name: string) => view("drawer").getByRole("button", { name, exact: true }).click();

test("what a tool answered is drawn by its server's view, which hears what it was called with", async () => {
  await house.say("app", "install", house.package("crates/cli/tests/apps/drawer"), "--yes");
  await house.say("mcp", "look", "drawer");
  await house.say("mcp", "accept", "drawer");
  await call("drawer", "draw");
  await view("drawer").getByRole("heading", { name: "Drawn with {}" }).waitFor();
  await view("drawer").getByText("zoom 1, drawn").waitFor();
  await view("drawer").getByText("theme: light").waitFor();
  // What it would load is said, and that it does not.
  await main()
    .getByText(/It would load from https:\/\/api\.example\.com, https:\/\/tiles\.example\.com/)
    .waitFor();
  await main().getByRole("button", { name: "Show the answer itself" }).click();
  await main().getByText("drawn", { exact: true }).waitFor();
  await main().getByRole("button", { name: "Show the answer itself" }).click();
  await view("drawer").getByText("zoom 1, drawn").waitFor();
});

test("it asks its own server and nobody else, and its owner is asked first where they want that", async () => {
  await press("Again");
  await answer('{"times":1}');
  await press("Elsewhere");
  await answer("refused: drawer has no tool 'elsewhere_tool'");
  await press("Read");
  await answer("read true");
  await house.say("mcp", "block", "drawer", "again");
  await press("Again");
  await answer(/refused: the tool 'again' of drawer is blocked/);
  await house.say("mcp", "ask", "drawer", "again");
  await press("Again");
  const waiting = async () => (JSON.parse(await house.say("approval", "list", "--json")) as unknown[]).length;
  await expect.poll(waiting, { timeout: 10_000 }).toBe(1);
  await view("drawer").getByRole("link", { name: "More" }).click();
  await page.getByRole("dialog").getByText("example.com", { exact: true }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await answer("not opened");
  const log = await house.say("log", "drawer");
  expect(log).toContain("a view of its server asked for it");
});

test("a view that others published is drawn, and goes on asking", async (context) => {
  const added = await house.say("mcp", "add", "monitor", "--yes", "--", "npx", "-y", MONITOR, "--stdio").then(
    () => true,
    (why: unknown) => {
      if (/network|ENOTFOUND|EAI_AGAIN/.test(String(why))) return false;
      throw why;
    },
  );
  if (!added) return leftOut(context);
  await house.say("mcp", "look", "monitor");
  await house.say("app", "enable", "monitor");
  await call("monitor", "get_system_info");
  const drawn = view("monitor");
  await drawn.getByRole("heading").first().waitFor();
  await drawn.locator("canvas").first().waitFor();
  // It polls by a tool that is for it alone.
  await expect
    .poll(() => house.say("log", "monitor"), { timeout: 20_000 })
    .toContain("a view of its server asked for it");
  await expect
    .poll(async () => (await drawn.locator("body").innerText()).length, { timeout: 20_000 })
    .toBeGreaterThan(40);
  await page.screenshot({ path: "/tmp/oikos-system-monitor.png", fullPage: true });
});
