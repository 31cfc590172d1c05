import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import AppPage from "@/pages/apps/AppPage";
import AppsPage from "@/pages/apps/AppsPage";
import { paperOikos, Refuse, renderScreen } from "../kit";
import {
  aliasLine,
  card,
  detail,
  fileLine,
  live,
  networkLine,
  OFFER,
  rules,
  run,
  storageLine,
  summary,
  withStarters,
} from "./cards";
import { server, tool } from "./servers/servers";

const APPS = { path: "/apps", at: "/apps" };
const page = (tab = "") => ({ path: "/apps/:app", at: `/apps/notes${tab}` });
// Asking for roles takes seconds where there are hundreds of them.
const cards = () => [...document.querySelectorAll('section[aria-label="Installed"] li')];

const starter = { name: "greeter", title: "Greeter", description: "Says hello.", version: "1.0.0" };

it("shows 500 apps without a question for each, and finds one of them", async () => {
  const many = Array.from({ length: 500 }, (_, index) =>
    summary({
      name: `app-${index}`,
      title: index === 321 ? "Weather of the \u202Eisland" : `App ${index}`,
      enabled: index % 5 !== 0,
    }),
  );
  const asked = paperOikos({ app_list: { apps: many } });
  withStarters([starter]);
  const user = userEvent.setup();
  const { history } = renderScreen(AppsPage, APPS);
  await waitFor(() => expect(cards()).toHaveLength(500));
  await user.type(screen.getByLabelText("Search apps"), "weather");
  await waitFor(() => expect(cards()).toHaveLength(1));
  const link = within(cards()[0] as HTMLElement).getByRole("link", { name: "Weather of the \\u{202e}island" });
  expect(link.getAttribute("href")).toBe("/apps/app-321");
  await waitFor(() => expect(history?.at(-1)).toBe("/apps?q=weather"));
  expect(asked).toHaveLength(1);
});

it("offers only filters that show something, and keeps them in the address", async () => {
  paperOikos({
    app_list: {
      apps: [
        summary(),
        summary({ name: "off", title: "Off", enabled: false }),
        summary({ name: "stopped", title: "Stopped", paused: true }),
      ],
    },
  });
  withStarters([]);
  const user = userEvent.setup();
  const { history } = renderScreen(AppsPage, APPS);
  await user.click(await screen.findByRole("button", { name: "Paused 1" }));
  expect(cards()).toHaveLength(1);
  expect(screen.queryByRole("button", { name: /Broken/ })).toBeNull();
  expect(history?.at(-1)).toBe("/apps?filter=paused");
  await user.type(screen.getByRole("searchbox"), "zzz");
  expect(await screen.findByText("No app fits")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Show all apps" }));
  await waitFor(() => expect(cards()).toHaveLength(3));
});

it("opens the card of an app that comes with oikos with one click", async () => {
  const asked = paperOikos({
    app_list: { apps: [] },
    app_offer: { offer: OFFER, card: card({ title: "Greeter", lines: [] }) },
    app_decline: null,
  });
  withStarters([starter, { ...starter, name: "notes", title: "Notes", installed: "1.0.0" }]);
  const user = userEvent.setup();
  renderScreen(AppsPage, APPS);
  expect(await screen.findByText("No app is installed yet")).toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Install Greeter" }));
  expect(await screen.findByRole("dialog", { name: "Install Greeter?" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Install Notes" })).toBeNull();
  expect(asked.find(({ operation }) => operation === "app_offer")?.body).toEqual({ source: "greeter" });
});

it("speaks German", async () => {
  paperOikos({ app_list: { apps: [summary({ broken: "weg" })] } });
  withStarters([]);
  renderScreen(AppsPage, { ...APPS, language: "de" });
  expect(await screen.findByText("Ihr Code lässt sich nicht laden.")).toBeTruthy();
});

it("runs an action, and stops the app from every tab while it runs", async () => {
  const asked = paperOikos({
    app_info: { app: detail({ actions: [{ name: "add", title: "<b>Add\u202E</b>", input: {} }] }) },
    run_list: { runs: [run({ ended_at: null }), run({ run: `${OFFER.slice(0, -1)}9`, app: "other" })] },
    app_stop: { runs: [run().run], paused: ["notes"] },
    grant_list: { app: "notes", grants: [] },
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page());
  const link = await screen.findByRole("link", { name: "Run <b>Add\\u{202e}</b>" });
  expect(link.getAttribute("href")).toBe("/apps/notes/run/add");
  expect(await within(screen.getByRole("region", { name: "Last runs" })).findAllByRole("listitem")).toHaveLength(1);
  expect(screen.getByText("1 run under way")).toBeTruthy();
  await user.click(screen.getByRole("link", { name: "What it may touch" }));
  expect(await screen.findByText("It asks for nothing")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Stop app notes" }));
  expect(await screen.findByText("1 run stopped. It does not start by itself until you go on with it.")).toBeTruthy();
  expect(asked.some(({ operation }) => operation === "app_stop")).toBe(true);
});

it("changes at once what it may touch, and shows what holds", async () => {
  const file = live(fileLine({ needs: null, scope: { scope: "file", access: "read", folders: ["/a", "/b"] } }));
  const narrowed = networkLine({
    scope: { scope: "network", rules: rules({ host: "own.example.org", by_owner: true }) },
  });
  let grants = [file, live(narrowed), live(storageLine())];
  const asked = paperOikos({
    app_info: { app: detail() },
    run_list: { runs: [] },
    grant_list: () => ({ app: "notes", grants }),
    grant_set: ({ body }: { body: unknown }) => {
      const { choices } = body as { choices: { line: string; state: "ask" }[] };
      if (choices[0]?.line === "storage") return new Refuse(403, "permission_denied", "not from here");
      grants = grants.map((grant) => (grant.line === choices[0]?.line ? { ...grant, state: "ask" } : grant));
      return { app: "notes", grants };
    },
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page("?tab=touch"));
  const of = async (line: string) => within(await screen.findByRole("group", { name: `notes: What ${line} may do` }));
  await user.click((await of("network")).getByRole("radio", { name: "Ask" }));
  expect(await screen.findByText("That holds now.")).toBeTruthy();
  expect(((await of("network")).getByRole("radio", { name: "Ask" }) as HTMLInputElement).checked).toBe(true);
  await user.click(screen.getByRole("button", { name: "Remove folder /a" }));
  // Refused: what is shown stays what holds, with the reason beside it.
  await user.click((await of("storage")).getByRole("radio", { name: "Block" }));
  expect(await screen.findByText("not from here")).toBeTruthy();
  expect(((await of("storage")).getByRole("radio", { name: "Allow" }) as HTMLInputElement).checked).toBe(true);
  expect(asked.filter(({ operation }) => operation === "grant_set").map(({ body }) => body)).toEqual([
    { choices: [{ line: "network", state: "ask", only: ["own.example.org"] }] },
    { choices: [{ line: "file.read", state: "allow", target: "/b" }] },
    { choices: [{ line: "storage", state: "block" }] },
  ]);
});

it("says at once what an app's own name for a server stands for, and what that was before", async () => {
  const bound = (to: string) => ({
    ...live(
      aliasLine({
        state: "allow",
        needs: null,
        sentence: { code: "card_mcp_bound", args: [{ text: to }, { text: "search" }] },
      }),
    ),
    grant: OFFER,
    bound: to,
  });
  let grants = [bound("github/gone_by_now")];
  const asked = paperOikos({
    app_info: { app: detail() },
    run_list: { runs: [] },
    server_list: { servers: [server("github", { tools: [tool("search-code")] }), server("notes")] },
    grant_list: () => ({ app: "notes", grants }),
    grant_set: ({ body }: { body: unknown }) => {
      const { choices } = body as { choices: { target?: string; of?: string }[] };
      if (choices[0]?.target === "notes") return new Refuse(409, "conflict", "'mcp.search' was changed meanwhile");
      grants = [bound(choices[0]?.target ?? "github")];
      return { app: "notes", grants };
    },
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page("?tab=touch"));
  const named = (await screen.findByRole("combobox", { name: "Server for mcp.search" })) as HTMLSelectElement;
  const which = () => screen.getByRole("combobox", { name: "Its tool for mcp.search" }) as HTMLSelectElement;
  // What holds is shown, though its server has it no more.
  expect([named.value, which().value]).toEqual(["github", "gone_by_now"]);
  await user.selectOptions(which(), "search_code");
  const use = screen.getByRole("button", { name: "Use this" });
  use.focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByText("call tools of your MCP server github/search_code, as search")).toBeTruthy();
  expect(document.activeElement).toBe(use);
  await user.selectOptions(named, "notes");
  await user.click(use);
  expect(await screen.findByText("'mcp.search' was changed meanwhile")).toBeTruthy();
  expect(named.value).toBe("github");
  expect(asked.filter(({ operation }) => operation === "grant_set").map(({ body }) => body)).toEqual([
    { choices: [{ line: "mcp.search", state: "allow", target: "github/search_code", of: OFFER }] },
    { choices: [{ line: "mcp.search", state: "allow", target: "notes", of: OFFER }] },
  ]);
});

it("keeps the keyboard at its place while a change is on its way, and lets the last choice hold", async () => {
  let grants = [live(storageLine())];
  const answers: (() => void)[] = [];
  const asked = paperOikos({
    app_info: { app: detail() },
    run_list: { runs: [] },
    grant_list: () => ({ app: "notes", grants }),
    grant_set: async ({ body }: { body: unknown }) => {
      const { choices } = body as { choices: { state: "ask" | "block" }[] };
      await new Promise<void>((done) => answers.push(done));
      grants = grants.map((grant) => ({ ...grant, ...choices[0] }));
      return { app: "notes", grants };
    },
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page("?tab=touch"));
  const group = await screen.findByRole<HTMLFieldSetElement>("group", { name: "notes: What storage may do" });
  const radio = (name: string) => within(group).getByRole<HTMLInputElement>("radio", { name });
  const told = () => asked.filter(({ operation }) => operation === "grant_set").map(({ body }) => body);
  await user.click(radio("Ask"));
  expect(answers).toHaveLength(1);
  expect(group.disabled).toBe(false);
  await user.click(radio("Block"));
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.();
  await waitFor(() => expect(radio("Block").checked).toBe(true));
  expect(told()).toEqual([
    { choices: [{ line: "storage", state: "ask" }] },
    { choices: [{ line: "storage", state: "block" }] },
  ]);
  expect(document.activeElement).toBe(radio("Block"));
});

it("sends only the settings that were changed, and says that secrets cannot be set yet", async () => {
  const setting = { name: "city", title: "City", schema: { type: "string" }, is_set: false, value: "Bern" };
  const count = { name: "count", title: "Count", schema: { type: "integer" }, is_set: true, value: 3 };
  const secret = { name: "token", title: "Token", schema: { type: "string" }, is_set: false, is_secret: true };
  const asked = paperOikos({
    app_info: { app: detail() },
    run_list: { runs: [] },
    setting_list: { app: "notes", settings: [setting, count, secret] },
    setting_set: { app: "notes", settings: [{ ...setting, value: "Basel", is_set: true }, count, secret] },
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page("?tab=settings"));
  const field = await screen.findByRole("textbox", { name: /City/ });
  await user.clear(field);
  await user.type(field, "Basel");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Saved. It holds from the next run on.")).toBeTruthy();
  expect(asked.find(({ operation }) => operation === "setting_set")?.body).toEqual({ settings: { city: "Basel" } });
  expect(screen.queryByRole("textbox", { name: /Token/ })).toBeNull();
  expect(screen.getByText("token")).toBeTruthy();
});

it("rolls back and removes only after a second yes, with what happens to the data", async () => {
  const asked = paperOikos({
    app_info: { app: detail({ previous: "0.9.0" }) },
    run_list: { runs: [] },
    app_rollback: { app: detail({ version: "0.9.0" }) },
    app_remove: null,
  });
  const user = userEvent.setup();
  const { history } = renderScreen(AppPage, page("?tab=about"));
  await user.click(await screen.findByRole("button", { name: "Roll back" }));
  const back = within(await screen.findByRole("dialog", { name: "Roll notes back to 0.9.0?" }));
  await user.click(back.getByRole("switch", { name: "Bring its stored data back as well" }));
  expect(back.getByText(/is lost then, for good/)).toBeTruthy();
  await user.click(back.getByRole("button", { name: "Roll back" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(asked.find(({ operation }) => operation === "app_rollback")?.body).toEqual({ restore_storage: true });
  await user.click(screen.getByRole("button", { name: /^Remove/ }));
  const gone = within(await screen.findByRole("dialog", { name: "Remove notes?" }));
  expect(gone.getByText(/What it stored stays/)).toBeTruthy();
  await user.click(gone.getByRole("button", { name: "Remove" }));
  await waitFor(() => expect(history?.at(-1)).toBe("/apps"));
  expect(asked.find(({ operation }) => operation === "app_remove")?.query.get("erase")).toBe("false");
});

it("says what is wrong with an app and what to do about it", async () => {
  const asked = paperOikos({
    app_info: {
      app: detail({ enabled: false, unready: true, missing: [{ code: "card_missing", args: [{ text: "dice" }] }] }),
    },
    run_list: { runs: [] },
    app_enable: new Refuse(409, "hook_failed", "its set-up failed again"),
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page());
  expect(await screen.findByText("Its set-up has not ended well")).toBeTruthy();
  expect(screen.getByText("dice: nothing is known by that name")).toBeTruthy();
  expect(screen.queryByRole("link", { name: /^Run/ })).toBeNull();
  await user.click(screen.getByRole("button", { name: "Turn on" }));
  expect(await screen.findByText("its set-up failed again")).toBeTruthy();
  expect(asked.filter(({ operation }) => operation === "app_enable")).toHaveLength(1);
});

it("says so when there is no such app", async () => {
  paperOikos({ app_info: new Refuse(404, "app_not_found", "no") });
  renderScreen(AppPage, { ...page(), language: "de" });
  expect(await screen.findByText("So eine App ist nicht installiert")).toBeTruthy();
});

it("opens a page of an app by an address that lets this browser in", async () => {
  const url = "http://app-0.localhost:7070/.oikos/enter#x";
  const routes = [
    { method: "GET", path: "/" },
    { method: "POST", path: "/letters" },
    { method: "GET", path: "/letters/:id" },
  ];
  const asked = paperOikos({
    app_info: { app: detail({ routes }) },
    run_list: { runs: [] },
    app_entry: { url, expires_at: 7 },
  });
  const opened = vi.fn();
  vi.stubGlobal("open", opened);
  const user = userEvent.setup();
  renderScreen(AppPage, page());
  const pages = within(await screen.findByRole("region", { name: "Pages of its own" }));
  expect(pages.getByText("POST /letters")).toBeTruthy();
  // What takes more than its address is named, and not opened.
  expect(pages.getAllByRole("button")).toHaveLength(1);
  await user.click(pages.getByRole("button", { name: "Open /" }));
  await waitFor(() => expect(opened).toHaveBeenCalledWith(url, "_blank", "noopener,noreferrer"));
  expect(asked.find((ask) => ask.operation === "app_entry")).toMatchObject({ path: ["notes"], body: { path: "/" } });
});

it("offers to open nothing of an app that is off or stopped, and says why something did not open", async () => {
  const routes = [{ method: "GET", path: "/" }];
  paperOikos({ app_info: { app: detail({ routes, ...summary({ paused: true }) }) }, run_list: { runs: [] } });
  const { unmount } = renderScreen(AppPage, page());
  const pages = within(await screen.findByRole("region", { name: "Pages of its own" }));
  expect(pages.queryByRole("button")).toBeNull();
  unmount();
  paperOikos({
    app_info: { app: detail({ routes }) },
    run_list: { runs: [] },
    app_entry: new Refuse(501, "not_available", "notes has no address: no door is open"),
  });
  const user = userEvent.setup();
  renderScreen(AppPage, page());
  await user.click(await screen.findByRole("button", { name: "Open /" }));
  expect(await screen.findByText(/no door is open/)).toBeTruthy();
});

it("lets its owner say which of its tools other programs may call", async () => {
  const own = (state: "allow" | "block") =>
    server("notes", { tools: [{ ...tool("add"), state, accepted: { name: "add", title: "Add a note" } }] });
  const visible = { name: "add", visible: "notes.add", wire: "notes_add", parameters: { type: "object" } };
  const asked = paperOikos({
    app_info: { app: detail({ tools: [visible] }) },
    run_list: { runs: [] },
    grant_list: { app: "notes", grants: [] },
    server_info: { server: own("allow") },
    server_decide: { server: own("block") },
  });
  renderScreen(AppPage, page("?tab=touch"));
  const choices = await screen.findByRole("group", { name: "Whether other programs may call add" });
  screen.getByText("Add a note");
  await userEvent.setup().click(within(choices).getByRole("radio", { name: "Block" }));
  await waitFor(() =>
    expect(asked.find(({ operation }) => operation === "server_decide")?.body).toEqual({ tool: "add", state: "block" }),
  );
  expect(within(choices).getByRole<HTMLInputElement>("radio", { name: "Block" }).checked).toBe(true);
});
