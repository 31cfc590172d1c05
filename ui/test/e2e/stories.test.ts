// What a person does with oikos, from the first start on: one house, one story a test, in order. Everything is found by
// its role and its name, as somebody finds it who does not see the page.
import { readdir } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { House, openBrowser, openWindow, signIn, type Window } from "./house";

let house: House;
let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  house = await House.open();
  browser = await openBrowser();
  window = await openWindow(browser);
  page = window.page;
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async (context) => {
  if (context.task.result?.state === "fail") {
    await page
      .screenshot({ path: `/tmp/oikos-story-${context.task.name.replaceAll(/\W+/g, "-")}.png` })
      .catch(() => {});
  }
});
/** Nothing was complained about: no error, no line in the console, no violation of the policy. */
const unblemished = (...windows: Window[]) => {
  for (const { faults } of [window, ...windows]) expect(faults()).toEqual([]);
};
const dialog = () => page.getByRole("dialog");
const go = (path: string) => page.goto(house.origin + path);

/** What a row of the card is set to. */
const choice = (row: Locator, word: "Ask" | "Allow" | "Block") => row.getByRole("radio", { name: word, exact: true });

/** Offers a package in the page and waits for its card. */
async function offer(source: string): Promise<Locator> {
  await go("/apps");
  await page.getByRole("button", { name: "Install an app" }).first().click();
  await dialog().getByRole("textbox").first().fill(source);
  await page.keyboard.press("Enter");
  await dialog()
    .getByRole("heading", { name: /^(Install|Upgrade) / })
    .waitFor();
  await deed(dialog()).waitFor();
  return dialog();
}

const deed = (card: Locator) => card.getByRole("button", { name: /^(Install|Upgrade)$/ });

/** Allows every line of a card that is about files, in one folder alone. */
async function narrow(card: Locator, folder: string): Promise<void> {
  const lines = card.getByRole("listitem").filter({ has: page.getByRole("textbox", { name: /folder/i }) });
  await lines.first().waitFor();
  for (const line of await lines.all()) {
    await choice(line, "Allow").check({ force: true });
    await line.getByRole("textbox", { name: /folder/i }).fill(folder);
    await line.getByRole("button", { name: "Add folder" }).click();
    await line.getByText(folder).first().waitFor();
  }
}

async function install(source: string, before: (card: Locator) => Promise<void> = async () => {}): Promise<void> {
  const card = await offer(source);
  await before(card);
  await deed(card).click();
  await dialog().waitFor({ state: "detached" });
}

test("first run: a link lets in, a few steps, an app that works", async () => {
  await page.goto(house.origin);
  await page.getByRole("heading", { level: 1, name: /sign in/i }).waitFor();
  await page.goto(await house.link());
  await page.getByRole("heading", { level: 1, name: /welcome/i }).waitFor();
  // What lets in stands in no address and no history.
  expect(page.url()).not.toContain("oikoslink");
  // Every step can be left out.
  await page.getByRole("link", { name: /skip/i }).first().click();
  await page.getByRole("navigation").first().waitFor();
  await install(house.package("apps/greeter"));
  await page.getByRole("heading", { level: 1, name: /greeter/i }).waitFor();
  await page.getByRole("link", { name: "Run greet" }).click();
  await page.getByRole("main").getByRole("textbox", { name: /name/i }).first().fill("Ada");
  await page.getByRole("main").getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText(/Ada/).first().waitFor();
  unblemished();
});

test("install, narrowed to a folder", async () => {
  await house.file("papers/one.txt", "one");
  const folder = house.path("files", "papers");
  await install(house.package("crates/cli/tests/apps/scribe"), (card) => narrow(card, folder));
  const grants = JSON.parse(await house.say("grant", "scribe", "--json")) as {
    grants: { line: string; state: string; scope: { folders?: string[] } }[];
  };
  const files = grants.grants.filter(({ line }) => line.startsWith("file"));
  expect(files.length).toBeGreaterThan(0);
  for (const { state, scope } of files)
    expect({ state, folders: scope.folders }).toEqual({ state: "allow", folders: [folder] });
  await go("/apps/scribe?tab=touch");
  await page.getByText(folder).first().waitFor();
  unblemished();
});

const TABLE = [
  "month,city,sales",
  ...Array.from({ length: 60 }, (_, row) => `${(row % 12) + 1},${["Wien", "Graz", "Linz"][row % 3]},${100 + row * 7}`),
].join("\n");

test("csv-insights on a file that is picked in the page, its chart drawn", async () => {
  const file = await house.file("sales.csv", TABLE);
  await install(house.package("apps/csv-insights"));
  await go("/apps/csv-insights/run/analyze");
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByRole("button", { name: "Analyze" }).click();
  await page.waitForURL(/\/runs\//);
  await page
    .getByRole("img", { name: /chart|distribution|histogram|values/i })
    .first()
    .waitFor();
  await page.getByRole("table").first().waitFor();
  await page.getByText("sales").first().waitFor();
  await page.getByText("sales.csv").first().waitFor();
  unblemished();
});

test("activity tells it in plain words", async () => {
  await go("/activity?app=csv-insights");
  await page.getByText(/1 run/).first().waitFor();
  await page
    .getByText(/sales\.csv/)
    .first()
    .waitFor();
  unblemished();
});

test("undo what folder-tidy did", async () => {
  const untidy = house.path("files", "untidy");
  for (const name of ["letter.txt", "photo.jpg", "table.csv"]) await house.file(`untidy/${name}`, name);
  await install(house.package("apps/folder-tidy"), (card) => narrow(card, untidy));
  const before = await readdir(untidy);
  await go("/apps/folder-tidy");
  await page.getByRole("link", { name: "Run tidy" }).click();
  await page.getByRole("main").getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByRole("button", { name: "Undo" }).waitFor();
  expect(await readdir(untidy)).not.toEqual(before);
  await page.getByRole("button", { name: "Undo" }).click();
  await dialog().getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => readdir(untidy)).toEqual(before);
  unblemished();
});

test("stop an app that loops", async () => {
  await install(house.package("crates/cli/tests/apps/looper"));
  await go("/apps/looper/run/spin");
  await page.getByRole("main").getByRole("button", { name: "Run" }).click();
  await page.waitForURL(/\/runs\//);
  await page.getByRole("main").getByRole("button", { name: /^Stop/ }).click();
  await page
    .getByText(/stopped/i)
    .first()
    .waitFor();
  // The owner's log says so too, in the owner's words.
  expect(await house.say("log", "looper")).toContain("stopped");
  unblemished();
});

test("a question is answered from a second window", async () => {
  const folder = house.path("files", "papers");
  await house.say("grant", "scribe", "file.write=ask");
  const second = await signIn(house, browser);
  await go("/apps/scribe/run/write");
  await page.getByRole("textbox", { name: /path/i }).fill("papers/two.txt");
  await page.getByRole("textbox", { name: /text/i }).fill("two");
  await page.getByRole("main").getByRole("button", { name: "Run" }).click();
  await page.getByRole("button", { name: "Once" }).waitFor();
  await second.page.goto(`${house.origin}/approvals`);
  await second.page.getByRole("button", { name: "Once" }).click();
  await second.page.getByRole("button", { name: "Once" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Once" }).waitFor({ state: "detached" });
  await page.getByText("Done", { exact: true }).first().waitFor();
  expect(await readdir(folder)).toContain("two.txt");
  unblemished(second);
  await second.context.close();
});

test("a grant that is changed is seen at once, in every window", async () => {
  const second = await signIn(house, browser);
  await second.page.goto(`${house.origin}/apps/scribe?tab=touch`);
  await second.page.getByRole("radio", { name: "Ask" }).first().waitFor();
  await go("/grants?app=scribe");
  const line = dialog()
    .getByRole("listitem")
    .filter({ hasText: /create, change and remove/ });
  await choice(line, "Block").click({ force: true });
  const there = second.page.getByRole("listitem").filter({ hasText: /create, change and remove/ });
  await expect.poll(() => choice(there.first(), "Block").isChecked()).toBe(true);
  const { grants } = JSON.parse(await house.say("grant", "scribe", "--json")) as {
    grants: { line: string; state: string }[];
  };
  expect(grants.find(({ line }) => line === "file.write")?.state).toBe("block");
  unblemished(second);
  await second.context.close();
});

test("an upgrade shows what it adds, and nothing else", async () => {
  await install(house.package("crates/cli/tests/apps/ledger"));
  const card = await offer(house.package("crates/cli/tests/apps/ledger-2"));
  await card.getByRole("heading", { name: /Upgrade .*1\.0\.0.*2\.0\.0/ }).waitFor();
  await card.getByRole("button", { name: "Upgrade" }).click();
  await dialog().waitFor({ state: "detached" });
  await go("/apps/ledger?tab=about");
  await page.getByText("2.0.0").first().waitFor();
  unblemished();
});

test("oikos is killed under a run: the page comes back and says what is true", async () => {
  const away = await signIn(house, browser, { mayBeAway: true });
  await away.page.goto(`${house.origin}/apps/looper/run/wait`);
  await away.page.getByRole("main").getByRole("button", { name: "Run" }).click();
  await away.page.waitForURL(/\/runs\//);
  await away.page.getByRole("main").getByRole("button", { name: /^Stop/ }).waitFor();
  await house.kill();
  await away.page.getByText(/does not answer/).waitFor();
  await house.start();
  await away.page.getByText(/does not answer/).waitFor({ state: "detached" });
  await away.page.getByRole("main").getByRole("button", { name: /^Stop/ }).waitFor({ state: "detached" });
  await away.page
    .getByText(/ended before|interrupted|was ended|failed/i)
    .first()
    .waitFor();
  expect(away.faults()).toEqual([]);
  await away.context.close();
});
