// The same deeds with a keyboard and nothing else: Tab, Enter, Space, arrows. What cannot be reached or seen by it fails.
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
  expect(await isHere(wanted), "the keyboard keeps its place").toBe(true);
  await expect.poll(() => wanted.isChecked()).toBe(true);
}
/** Where to, by the palette: in one go, as somebody types who knows the way. Nothing is waited for. */
async function palette(words: string): Promise<void> {
  await page.keyboard.press("Control+k");
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
}
/** A screen that was gone to begins at its title. */
async function beginsAt(title: string): Promise<void> {
  const heading = page.getByRole("heading", { level: 1, name: title, exact: true });
  await heading.waitFor();
  await expect.poll(() => isHere(heading), { timeout: 10_000 }).toBe(true);
}
const dialog = () => page.getByRole("dialog");
const main = () => page.getByRole("main");

async function install(source: string, folder?: string): Promise<void> {
  await palette("apps");
  await page.waitForURL(/\/apps/);
  await beginsAt("Apps");
  await press(page.getByRole("button", { name: "Install an app" }).first());
  await type(dialog().getByRole("textbox").first(), source);
  await page.keyboard.press("Enter");
  await dialog()
    .getByRole("heading", { name: /^Install / })
    .waitFor();
  if (folder) {
    const lines = dialog()
      .getByRole("listitem")
      .filter({ has: page.getByRole("textbox", { name: /folder/i }) });
    await lines.first().waitFor();
    for (const line of await lines.all()) {
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
  // Listened for early: a browser that hears of it and of the key at once may take the key first.
  const asked = page.waitForEvent("filechooser");
  await reach(page.locator("input[type=file]").first());
  await page.keyboard.press("Enter");
  await (await asked).setFiles(file);
  await press(main().getByRole("button", { name: "Analyze" }));
  await page.waitForURL(/\/runs\//);
  await page.getByRole("table").first().waitFor();
  await palette("activity");
  await page.waitForURL(/\/activity/);
  await beginsAt("Activity");
  await page
    .getByText(/sales\.csv/)
    .first()
    .waitFor();
});

test("what is typed into the palette is typed there, whatever comes beneath it", async () => {
  for (const [words, title] of [
    ["go to runs", "Runs"],
    ["live log", "Live log"],
    ["go to apps", "Apps"],
    ["diagnostics", "Diagnostics"],
    ["go to start", "Apps"],
  ] as const) {
    await palette(words);
    await page.keyboard.press("Control+k");
    // The screen of before comes only now, and the page is drawn anew for it.
    await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, title);
    await page.keyboard.type("never");
    const box = dialog().getByRole("combobox");
    expect(await isHere(box)).toBe(true);
    expect(await box.inputValue()).toBe("never");
    await page.keyboard.press("Escape");
    await beginsAt(title);
  }
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
      .getByRole("link", { name: /^scribe, Files/ })
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

test("look at a server, accept what it has, block a tool of it", async () => {
  await house.say("app", "install", house.package("ui/test/e2e/apps/fickle"), "--yes");
  await palette("go to servers");
  await page.waitForURL(/\/servers$/);
  await beginsAt("Servers");
  await press(main().getByRole("link", { name: "fickle" }));
  await beginsAt("fickle");
  await press(main().getByRole("button", { name: "Look again" }));
  await press(main().getByRole("button", { name: "Accept echo" }));
  // It went from under the keyboard, which goes on where it is said what is left.
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("5 tools wait for your yes.");
  await press(main().getByRole("button", { name: "Accept all 5 …" }));
  await press(dialog().getByRole("button", { name: "Accept all 5" }));
  await dialog().waitFor({ state: "detached" });
  await choose(main().getByRole("article", { name: "turn" }), "Block");
  await press(main().getByRole("link", { name: "Try it: echo" }));
  await page.waitForURL(/\/apps\/fickle\/run\/echo/);
  await type(main().getByRole("textbox", { name: /text/i }), "by hand");
  await press(main().getByRole("button", { name: "Run", exact: true }));
  await page.waitForURL(/\/runs\//);
  await main().getByText("You said: by hand").waitFor();
});

test("import a server that another program has set up", async () => {
  const program = house.path("home", "servers", "weather");
  const settings = house.path("home", ".config", "Claude");
  await mkdir(program, { recursive: true });
  await mkdir(settings, { recursive: true });
  await copyFile(house.package("ui/test/e2e/apps/fickle/server.js"), join(program, "server.js"));
  await writeFile(join(program, "package.json"), "{}");
  const entry = { command: "node", args: [join(program, "server.js")] };
  const config = { mcpServers: { weather: entry } };
  await writeFile(join(settings, "claude_desktop_config.json"), JSON.stringify(config));
  await palette("import servers");
  await beginsAt("Import servers");
  await press(main().getByRole("button", { name: "Look at what your other programs have set up" }));
  await main().getByRole("heading", { name: "What was found" }).waitFor();
  await press(main().getByRole("button", { name: /^Continue with/ }));
  const install = main().getByRole("button", { name: "Install", exact: true });
  await install.waitFor();
  await press(install);
  await press(main().getByRole("link", { name: "Look at its tools: weather" }));
  await beginsAt("weather");
});
