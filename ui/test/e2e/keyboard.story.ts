// The same deeds with a keyboard and nothing else: Tab, Enter, Space, arrows. What cannot be reached or seen by it fails.
import { readdir } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { House, openBrowser, signIn, type Window } from "./house";

// More than any screen has to step over.
const STEPS_MAX = 160;

let house: House;
let browser: Browser;
let window: Window;
let page: Page;

beforeAll(async () => {
  house = await House.open();
  browser = await openBrowser();
  window = await signIn(house, browser);
  page = window.page;
  // A pointer would be a cheat.
  for (const act of ["click", "dblclick", "hover", "tap"] as const) {
    page[act] = () => Promise.reject(new Error("this story has no pointer"));
  }
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async (context) => {
  if (context.task.result?.state === "fail") {
    await page.screenshot({ path: `/tmp/oikos-keys-${context.task.name.replaceAll(/\W+/g, "-")}.png` }).catch(() => {});
  }
  expect(window.faults()).toEqual([]);
});

const isHere = (target: Locator) =>
  target.evaluate((element) => element === document.activeElement, undefined, { timeout: 5_000 });

/** Steps on until it is there; then looks whether the place can be seen. */
async function reach(target: Locator): Promise<void> {
  await target.waitFor({ state: "attached" });
  for (let step = 0; step < STEPS_MAX; step += 1) {
    if (await isHere(target)) {
      const outline = await target.evaluate((element) => {
        const around = [element, element.parentElement, element.nextElementSibling].filter((place) => place !== null);
        return around.some((place) => getComputedStyle(place).outlineStyle !== "none");
      });
      expect(outline, "where the keyboard is can be seen").toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`${target} cannot be reached with Tab`);
}
async function press(target: Locator, key = "Enter"): Promise<void> {
  await reach(target);
  await page.keyboard.press(key);
}
async function type(target: Locator, text: string): Promise<void> {
  await reach(target);
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}
/** A radio button by arrows: from wherever its group stands. */
async function choose(row: Locator, word: "Ask" | "Allow" | "Block"): Promise<void> {
  const wanted = row.getByRole("radio", { name: word, exact: true });
  await reach(row.getByRole("radio", { checked: true }));
  for (let step = 0; step < 3 && !(await isHere(wanted)); step += 1) await page.keyboard.press("ArrowRight");
  expect(await wanted.isChecked()).toBe(true);
}
/** Where to, by the palette. */
async function palette(words: string): Promise<void> {
  await page.keyboard.press("Control+k");
  const box = page.getByRole("dialog").getByRole("combobox");
  await box.waitFor();
  await expect.poll(() => isHere(box), { timeout: 10_000 }).toBe(true);
  await page.keyboard.type(words);
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
}
const dialog = () => page.getByRole("dialog");
const main = () => page.getByRole("main");

async function install(source: string, folder?: string): Promise<void> {
  await palette("apps");
  await page.waitForURL(/\/apps/);
  await press(page.getByRole("button", { name: "Install an app" }).first());
  await type(dialog().getByRole("textbox").first(), source);
  await page.keyboard.press("Enter");
  await dialog()
    .getByRole("heading", { name: /^Install / })
    .waitFor();
  if (folder) {
    for (const line of await dialog()
      .getByRole("listitem")
      .filter({ has: page.getByRole("textbox", { name: /folder/i }) })
      .all()) {
      await choose(line, "Allow");
      await type(line.getByRole("textbox", { name: /folder/i }).first(), folder);
      await page.keyboard.press("Enter");
    }
  }
  await press(dialog().getByRole("button", { name: "Install", exact: true }));
  await dialog().waitFor({ state: "detached" });
}

test("install, run on a file, read what it did", async () => {
  const file = await house.file("sales.csv", "city,sales\nWien,3\nGraz,5\nLinz,8\n");
  await install(house.package("apps/csv-insights"));
  await palette("analyze");
  await page.waitForURL(/\/run\/analyze/);
  await reach(page.locator("input[type=file]").first());
  const asked = page.waitForEvent("filechooser");
  await page.keyboard.press("Enter");
  await (await asked).setFiles(file);
  await press(main().getByRole("button", { name: "Analyze" }));
  await page.waitForURL(/\/runs\//);
  await page.getByRole("table").first().waitFor();
  await palette("activity");
  await page.waitForURL(/\/activity/);
  await page
    .getByText(/sales\.csv/)
    .first()
    .waitFor();
});

test("install for a folder, tidy it, undo", async () => {
  const untidy = house.path("files", "untidy");
  for (const name of ["letter.txt", "photo.jpg"]) await house.file(`untidy/${name}`, name);
  const before = await readdir(untidy);
  await install(house.package("apps/folder-tidy"), untidy);
  await press(main().getByRole("link", { name: "Run tidy" }));
  await page.waitForURL(/\/run\/tidy/);
  await press(main().getByRole("button", { name: "Run", exact: true }));
  await page.waitForURL(/\/runs\//);
  await press(main().getByRole("button", { name: "Undo" }));
  await press(dialog().getByRole("button", { name: "Undo" }));
  await expect.poll(() => readdir(untidy)).toEqual(before);
});

test("stop an app that loops, from the palette", async () => {
  await install(house.package("crates/cli/tests/apps/looper"));
  await palette("loop for ever");
  await page.waitForURL(/\/run\/spin/);
  await press(main().getByRole("button", { name: "Run", exact: true }));
  await page.waitForURL(/\/runs\//);
  await main().getByRole("button", { name: /^Stop/ }).waitFor();
  await palette("stop everything");
  await page
    .getByText(/stopped/i)
    .first()
    .waitFor();
  await main().getByRole("button", { name: /^Stop/ }).waitFor({ state: "detached" });
});

test("answer a question, change a grant", async () => {
  const folder = house.path("files", "papers");
  await house.file("papers/one.txt", "one");
  await install(house.package("crates/cli/tests/apps/scribe"), folder);
  await house.say("grant", "scribe", "file.write=ask");
  await palette("write a file");
  await page.waitForURL(/\/run\/write/);
  await type(main().getByRole("textbox", { name: /path/i }), "papers/two.txt");
  await type(main().getByRole("textbox", { name: /text/i }), "two");
  await press(main().getByRole("button", { name: "Run", exact: true }));
  await press(main().getByRole("button", { name: "Once" }));
  await expect.poll(() => readdir(folder)).toContain("two.txt");
  await palette("grants");
  await page.waitForURL(/\/grants/);
  await press(
    main()
      .getByRole("button", { name: /scribe/ })
      .first(),
  );
  await choose(
    dialog()
      .getByRole("listitem")
      .filter({ hasText: /create, change and remove/ }),
    "Block",
  );
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
  const state = async () => {
    const { grants } = JSON.parse(await house.say("grant", "scribe", "--json")) as {
      grants: { line: string; state: string }[];
    };
    return grants.find(({ line }) => line === "file.write")?.state;
  };
  await expect.poll(state).toBe("block");
});
