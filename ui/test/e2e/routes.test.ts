// An app that answers requests, in the real page of the real oikos: opened by a person, used by a person, and then trying
// to reach everything that is not its own. What got out is not what its page says, but what arrived where it was sent.
import { request } from "node:http";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { House, openProfile, watch } from "./house";
import { Sink } from "./sink";

let house: House;
let browser: BrowserContext;
let page: Page;
let letters: Page;
let faults: () => string[];
let sink: Sink;

/** What the browser says of every page of an app: it does not know `webrtc`, and takes its sandbox for that of a frame. */
const NOTED = [/Unrecognized Content-Security-Policy directive 'webrtc'/, /both allow-scripts and allow-same-origin/];
/** What it says of the picture that it must not get. */
const PROBED = [/probe\.gif/, /Connection-Allowlist/i];

const heard = (...more: RegExp[]) =>
  faults().filter((fault) => ![...NOTED, ...more].some((noted) => noted.test(fault)));

beforeAll(async () => {
  house = await House.open();
  sink = await Sink.open();
  await house.say("app", "install", house.package("crates/cli/tests/apps/letterbox"), "--yes");
  browser = await openProfile(house.path("profile"));
  browser.setDefaultTimeout(20_000);
  page = browser.pages()[0] ?? (await browser.newPage());
  await page.goto(await house.link());
  await page.getByRole("navigation").first().waitFor();
});
afterAll(async () => {
  await browser?.close();
  sink?.close();
  await house?.close();
});
beforeEach(() => void sink.take());

/** What the command line prints to let a browser in. */
const entry = async (...path: string[]) =>
  (JSON.parse(await house.say("app", "open", "letterbox", ...path, "--json")) as { url: string }).url;

test("a person opens a page of an app, writes something, and finds it again", async () => {
  await page.goto(`${house.origin}/apps/letterbox`);
  const opened = browser.waitForEvent("page");
  await page.getByRole("button", { name: "Open /", exact: true }).click();
  letters = await opened;
  await letters.getByRole("heading", { name: "Letterbox" }).waitFor();
  expect(letters.url()).toMatch(/^http:\/\/app-[0-9a-f]{32}\.localhost:\d+\/$/);
  // Its script has asked the app.
  await letters.getByText("Letters: 0").waitFor();
  faults = watch(letters);
  await letters.getByRole("textbox", { name: "Letter" }).fill("<b>a & b</b>");
  await letters.getByRole("button", { name: "Post" }).click();
  await letters.getByRole("heading", { name: "A letter" }).waitFor();
  await letters.getByText("<b>a & b</b>").waitFor();
  await letters.getByRole("link", { name: "All letters" }).click();
  await letters.getByText("Letters: 1").waitFor();
  expect(heard()).toEqual([]);
  const said = await house.say("log", "letterbox");
  expect(said).toContain("started route_post_letters (version 1.0.0) to answer the request POST /letters");
});

test("what was noted down opens again, and a link that stands elsewhere does not", async () => {
  const address = letters.url();
  const typed = await browser.newPage();
  await typed.goto(address);
  await typed.getByRole("heading", { name: "Letterbox" }).waitFor();
  await typed.goto(`${sink.http}/elsewhere`);
  await typed.evaluate((address) => location.assign(address), address);
  await typed.getByText("this browser was not let in").waitFor();
  // From there it is the person who goes on.
  await typed.getByRole("link", { name: "I was let in before" }).click();
  await typed.getByRole("heading", { name: "Letterbox" }).waitFor();
  await typed.close();
  // The address that lets a browser in does it once.
  const once = await entry("/letters");
  const [first, second] = [await browser.newPage(), await browser.newPage()];
  await first.goto(once);
  await first.waitForURL(/\/letters$/);
  await second.goto(once);
  await second.getByText("does not let you in any more").waitFor();
  expect(second.url()).not.toContain("#");
  await first.close();
  await second.close();
});

test("nothing of what a page of an app tries gets out", async () => {
  const query = new URLSearchParams({ api: house.origin, sink: sink.http });
  await letters.goto(new URL(`/escape?${query.toString()}`, letters.url()).href);
  const output = letters.locator("output");
  await expect.poll(() => output.textContent(), { timeout: 30_000 }).toContain("form");
  await letters.waitForTimeout(1_000);
  const outcomes = JSON.parse((await output.textContent()) ?? "") as Record<string, string>;
  if (process.env["REPORT"]) console.log(JSON.stringify(outcomes, null, 1));
  expect(Object.values(outcomes).filter((said) => said.startsWith("got out"))).toEqual([]);
  expect(outcomes).toMatchObject({
    api: "TypeError",
    apiBlind: "TypeError",
    frame: "frame-src",
    cookie: "none to read",
  });
  expect(outcomes["worker"]).toMatch(/Error$/);
  // By going away itself, with what it knows in the address.
  const address = letters.url();
  await letters.getByRole("button", { name: "Leave" }).click();
  await letters.waitForTimeout(1_500);
  expect(sink.take()).toEqual({ requests: [], connections: 0, packets: 0 });
  expect([address, "chrome-error://chromewebdata/"]).toContain(letters.url());
  // The page is as it was.
  expect(browser.pages()).toHaveLength(2);
  await page.goto(`${house.origin}/apps`);
  await page.getByRole("navigation").first().waitFor();
});

test("a page of somebody else reaches nothing of an app", async () => {
  const address = new URL(await entry()).origin;
  const other = await browser.newPage();
  await other.goto(`${sink.http}/other`);
  const reached = await other.evaluate(async (address) => {
    const outcome = async (attempt: () => Promise<unknown>) => {
      try {
        return String(await attempt());
      } catch (error) {
        return (error as Error).name;
      }
    };
    const fetched = await outcome(() => fetch(`${address}/letters`, { credentials: "include" }));
    const sent = await outcome(() =>
      fetch(`${address}/letters`, {
        method: "POST",
        mode: "no-cors",
        credentials: "include",
        body: new URLSearchParams({ text: "forged" }),
      }),
    );
    const frame = document.createElement("iframe");
    frame.src = `${address}/`;
    document.body.append(frame);
    await new Promise((done) => (frame.onload = done));
    return { fetched, sent, framed: await outcome(() => Promise.resolve(frame.contentWindow?.document.title)) };
  }, address);
  expect(reached).toEqual({ fetched: "TypeError", sent: "TypeError", framed: "SecurityError" });
  await other.close();
  expect((await house.say("run", "letterbox", "count")).trim()).toBe("1");
});

test("programs ask with a key, and what an app may not say is no answer", async () => {
  const key = (await house.say("token", "new", "reader", "--rights", "run")).trim();
  const { host, port } = new URL(await entry());
  const ask = (path: string, headers: Record<string, string>) =>
    new Promise<{ status: number; code: string; bytes: number; cookie: string[] | undefined }>((done, fail) => {
      const asked = request({ host: "127.0.0.1", port, path, headers: { host, ...headers } }, (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("end", () => {
          const body = Buffer.concat(pieces);
          const is = (answer.headers["content-type"] ?? "").includes("problem");
          const code = is ? (JSON.parse(body.toString()) as { code: string }).code : "";
          done({ status: answer.statusCode ?? 0, code, bytes: body.length, cookie: answer.headers["set-cookie"] });
        });
      });
      asked.on("error", fail);
      asked.end();
    });
  const bearer = { authorization: `Bearer ${key}` };
  expect(await ask("/letters", bearer)).toMatchObject({ status: 200 });
  expect(await ask("/large", bearer)).toMatchObject({ status: 200, bytes: 4 << 20 });
  expect(await ask("/letters", {})).toMatchObject({ status: 401, code: "unauthenticated" });
  expect(await ask("/cookie", bearer)).toMatchObject({ status: 502, code: "app_failed", cookie: undefined });
  expect(await house.say("log", "letterbox")).toContain("does not say set-cookie");
});

test("a browser that does not keep pages in is not let in", async () => {
  const old = await openProfile(house.path("old-profile"), "--disable-features=ConnectionAllowlists");
  try {
    const shown = old.pages()[0] ?? (await old.newPage());
    await shown.goto(await entry());
    await shown.getByText("does not keep an app's page to itself").waitFor({ timeout: 20_000 });
  } finally {
    await old.close();
  }
});

test("stopped is stopped, for a page that is still open as well", async () => {
  await letters.goto(await entry());
  await letters.getByText("Letters: 1").waitFor();
  faults = watch(letters);
  await house.say("stop", "letterbox");
  expect(await letters.evaluate(async () => (await fetch("/letters")).status)).toBe(503);
  await letters.reload();
  await letters.getByText("letterbox was stopped, and answers no requests").waitFor();
  await house.say("app", "enable", "letterbox");
  await letters.reload();
  await letters.getByText("Letters: 1").waitFor();
  expect(heard(...PROBED, /503/)).toEqual([]);
});
