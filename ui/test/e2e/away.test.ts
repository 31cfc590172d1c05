// What stays when oikos does not answer, and what reaches somebody who looks elsewhere.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { House, openBrowser, signIn, unnoted, type Window } from "./house";

let house: House;
let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  house = await House.open();
  await house.say("app", "install", house.package("crates/cli/tests/apps/scribe"), "--yes");
  await house.file("papers/one.txt", "one");
  await house.say("grant", "scribe", `file.write=ask:${house.path("files", "papers")}`);
  browser = await openBrowser();
  window = await signIn(house, browser, { mayBeAway: true });
  page = window.page;
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async (context) => {
  if (context.task.result?.state !== "fail") return;
  await page.screenshot({ path: `/tmp/oikos-away-${context.task.name.replaceAll(/\W+/g, "-")}.png` }).catch(() => {});
});

test("the page can be installed", async () => {
  const client = await page.context().newCDPSession(page);
  const { errors, url } = await client.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  expect(new URL(url).pathname).toBe("/manifest.webmanifest");
  const { installabilityErrors } = await client.send("Page.getInstallabilityErrors");
  // Windows of tests are private ones, in which nothing can be installed. All else would be the page's own fault.
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(["in-incognito"]);
});

test("the page opens while oikos is away, says so, and goes on when it is back", async () => {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await house.kill();
  await page.goto(`${house.origin}/activity`);
  await page.getByRole("navigation").first().waitFor();
  await page.getByRole("heading", { level: 1, name: "Activity" }).waitFor();
  await page
    .getByText(/does not answer/)
    .first()
    .waitFor();
  // No answer of oikos was kept: nothing of what happened stands here.
  expect(await page.getByText("scribe").count()).toBe(0);
  // Another screen, whose parts were never asked for before.
  await page.goto(`${house.origin}/keys`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await house.start();
  await page.goto(`${house.origin}/activity`);
  await page.getByRole("heading", { level: 4 }).first().waitFor();
  await page.getByText(/does not answer/).waitFor({ state: "detached" });
  expect(unnoted(window.faults())).toEqual([]);
});

test("a question reaches who looks elsewhere and wanted that, and leads to itself", async () => {
  await window.context.grantPermissions(["notifications"], { origin: house.origin });
  await page.addInitScript(() => {
    // Windows of tests are never hidden; and what a browser shows beside its window, no test can see.
    const told: { title: string; body: string | undefined }[] = [];
    let isAway = false;
    Object.defineProperty(document, "hidden", { get: () => isAway });
    let last: Notification | null = null;
    globalThis.Notification = new Proxy(Notification, {
      construct(target, [title, options]: [string, NotificationOptions?]) {
        told.push({ title, body: options?.body });
        last = new target(title, options);
        return last;
      },
    });
    Object.assign(globalThis, {
      told,
      lookAway: () => void (isAway = true),
      click: () => last?.dispatchEvent(new Event("click")),
    });
  });
  await page.goto(`${house.origin}/settings`);
  const choice = page.getByRole("switch", { name: "Tell me about questions" });
  await choice.press("Space");
  await page.getByText(/^On: this browser tells you/).waitFor();
  await page.evaluate("lookAway()");
  const other = await window.context.newPage();
  await other.goto(`${house.origin}/apps/scribe/run/write`);
  await other.getByRole("textbox", { name: /path/i }).fill("papers/two.txt");
  await other.getByRole("textbox", { name: /text/i }).fill("a secret of mine");
  await other.getByRole("button", { name: "Run", exact: true }).click();
  await other.getByRole("button", { name: /^Once/ }).waitFor();
  await page.waitForFunction("told.length > 0");
  // It may stand on a locked screen: no more than who asks.
  expect(await page.evaluate("told")).toEqual([
    { title: "scribe asks you something", body: "It waits for your answer." },
  ]);
  expect(await page.title()).toMatch(/^\(1\) /);
  await page.evaluate("click()");
  await page.waitForURL(/\/approvals$/);
  await page.getByText("papers/two.txt").first().waitFor();
  await other.close();
  expect(unnoted(window.faults())).toEqual([]);
});
