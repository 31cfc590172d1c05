// What servers and clients have a person asked, in the real page of the real oikos: a client that fetches its owner to a page that was
// closed, and forms and addresses of servers in both revisions (crates/cli/tests/apps/asker and inquirer, real programs in boxes).
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { House, openBrowser, signIn, type Window } from "./house";

let house: House;
let browser: Browser;
let window: Window | null = null;

beforeAll(async () => {
  house = await House.open();
  browser = await openBrowser();
  for (const server of ["asker", "inquirer"]) {
    await house.say("app", "install", house.package(`crates/cli/tests/apps/${server}`), "--yes");
    await house.say("mcp", "look", server);
    await house.say("mcp", "accept", server);
  }
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async (context) => {
  if (!window) return;
  if (context.task.result?.state === "fail") {
    await window.page
      .screenshot({ path: `/tmp/oikos-asking-${context.task.name.replaceAll(/\W+/g, "-")}.png`, fullPage: true })
      .catch(() => {});
  }
  expect(window.faults()).toEqual([]);
});

async function page(): Promise<Page> {
  window ??= await signIn(house, browser);
  return window.page;
}
const open = async () => JSON.parse(await house.say("approval", "list", "--json")) as { kind: string }[];

interface Message {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: { content?: { text: string }[]; isError?: boolean };
}

/** A client with a session, which says that it opens addresses. */
class Client {
  private constructor(
    private readonly headers: Record<string, string>,
    private readonly url: string,
  ) {}

  static async open(): Promise<Client> {
    const key = (await house.say("token", "new", "client", "--rights", "read,run")).trim();
    const headers: Record<string, string> = {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const client = new Client(headers, `${house.origin}/mcp`);
    const answer = await client.post({
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: { elicitation: { url: {} } },
        clientInfo: { name: "test", version: "1" },
      },
    });
    headers["mcp-session-id"] = answer.headers.get("mcp-session-id") ?? "";
    headers["mcp-protocol-version"] = "2025-11-25";
    await answer.text();
    await (await client.post({ method: "notifications/initialized" })).text();
    return client;
  }

  post(message: object): Promise<Response> {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    return fetch(this.url, { method: "POST", headers: this.headers, body });
  }

  /** What comes while a call is open, message by message. */
  async *call(name: string, given: object): AsyncGenerator<Message, undefined> {
    const answer = await this.post({ id: 7, method: "tools/call", params: { name, arguments: given } });
    let text = "";
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const data = event
          .split("\n")
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).trim())
          .join("\n");
        if (data !== "") yield JSON.parse(data) as Message;
      }
    }
    return undefined;
  }
}

test("a client fetches its owner to a page that was closed, and only the answer there counts", async () => {
  await house.say("mcp", "ask", "asker", "echo");
  const client = await Client.open();
  const heard = client.call("asker_echo", { said: "please" });
  const asked = (await heard.next()).value;
  expect(asked).toMatchObject({ method: "elicitation/create", params: { mode: "url" } });
  await (await client.post({ id: asked?.id, result: { action: "accept" } })).text();
  expect(await open()).toHaveLength(1);
  // Now the address is opened.
  const at = await page();
  await at.goto(house.origin + new URL(String(asked?.params?.["url"])).pathname);
  const card = at.getByRole("article", { name: "Question of asker" });
  await card.getByText("please").waitFor();
  await card.getByRole("button", { name: "Once, asker" }).click();
  const complete = (await heard.next()).value;
  expect(complete).toMatchObject({
    method: "notifications/elicitation/complete",
    params: { elicitationId: asked?.params?.["elicitationId"] },
  });
  expect((await heard.next()).value?.result?.content?.[0]?.text).toBe("please");
});

/** Starts a tool, and waits for what it asks on the run's own page. */
async function start(server: string, tool: string): Promise<Locator> {
  const at = await page();
  await at.goto(`${house.origin}/apps/${server}/run/${tool}`);
  await at.getByRole("main").getByRole("button", { name: "Run", exact: true }).click();
  await at.waitForURL(/\/runs\//);
  const card = at.getByRole("article", { name: `Question of ${server}` });
  await card.waitFor();
  return card;
}
const answered = async (text: string) => {
  const at = await page();
  await at.getByText("Done", { exact: true }).first().waitFor();
  await at.getByRole("main").getByText(text).first().waitFor();
};

test("a form of a server is filled in with the keyboard, where its run is", async () => {
  const card = await start("asker", "order");
  const { keyboard } = await page();
  await card.getByText("what you fill in goes to its server, node src/main.mjs, for a stranger to read").waitFor();
  await card.getByText("What shall it be?").waitFor();
  // Nothing is sent that does not fit.
  await card.getByRole("textbox", { name: "Your name (required)" }).focus();
  await keyboard.type("A");
  await keyboard.press("Enter");
  await card.getByText("At least 2 characters.").first().waitFor();
  await card.getByRole("textbox", { name: "Your name (required)" }).focus();
  await keyboard.type("Bea");
  await keyboard.press("Tab");
  await keyboard.type("Large");
  await card.getByRole("textbox", { name: "E-mail" }).fill("ada@example.org");
  await card.getByRole("button", { name: "Send" }).focus();
  await keyboard.press("Enter");
  await answered('"action":"accept"');
  await answered('"email":"ada@example.org"');
  await answered('"size":"l"');
  expect(await open()).toEqual([]);
});

test("a form is declined and left unanswered, and the server hears which", async () => {
  const card = await start("asker", "order");
  await card.getByRole("button", { name: "No, asker" }).click();
  await answered('{"action":"decline"}');
  await start("asker", "order");
  const at = await page();
  await at.goto(`${house.origin}/approvals`);
  const waiting = at.getByRole("article", { name: "Question of asker" });
  await waiting.getByRole("button", { name: "Leave unanswered, asker" }).click();
  await waiting
    .getByText("You left it unanswered.")
    .or(at.getByText("No app is waiting for an answer"))
    .first()
    .waitFor();
  await expect.poll(() => house.say("log", "asker")).toContain("you left it unanswered");
});

test("on the newest wire a form and an address are asked one after the other", async () => {
  const card = await start("inquirer", "order");
  await card.getByRole("textbox", { name: "City (required)" }).fill("Wien");
  await card.getByRole("button", { name: "Send" }).click();
  const at = await page();
  const link = at.getByRole("link", { name: "Open pay.example.org" });
  await link.waitFor();
  expect(await link.getAttribute("href")).toBe("https://pay.example.org/order?id=8");
  // The tab would look for a host that is not there: what counts here is that it is a tab of its own.
  await window!.context.route("https://pay.example.org/**", (route) => route.fulfill({ body: "<p>Pay</p>" }));
  const [tab] = await Promise.all([window!.context.waitForEvent("page"), link.click()]);
  expect(await tab.evaluate(() => globalThis.opener === null)).toBe(true);
  await tab.close();
  await answered('"what":{"action":"accept","content":{"city":"Wien"}}');
  await answered('"where":{"action":"accept"}');
});
