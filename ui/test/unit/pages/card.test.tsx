import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Language } from "@/i18n";
import AppsPage from "@/pages/apps/AppsPage";
import { paperOikos, Refuse, renderScreen } from "../kit";
import {
  aliasLine,
  card,
  detail,
  fileLine,
  FINGERPRINT,
  live,
  networkLine,
  OFFER,
  rules,
  scheduleLine,
  storageLine,
  withStarters,
} from "./cards";
import { server, tool } from "./servers/servers";

type Answers = Parameters<typeof paperOikos>[0];

async function look(answers: Answers, language: Language = "en") {
  const asked = paperOikos({ app_list: { apps: [] }, app_decline: null, ...answers });
  withStarters([]);
  const user = userEvent.setup();
  const drawn = renderScreen(AppsPage, { path: "/apps", at: "/apps?install=%2Fapps%2Fcsv", language });
  const word = language === "en" ? "Look at it" : "Ansehen";
  await user.click(await screen.findByRole("button", { name: word }));
  return { asked, user, ...drawn };
}
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const isDisabled = (element: HTMLElement) => (element as HTMLButtonElement).disabled;
const group = (name: string) => screen.getByRole("group", { name });

it("is not fetched by an address alone, and is declined when it is closed", async () => {
  const { asked, user, history } = await look({ app_offer: { offer: OFFER, card: card() } });
  await screen.findByRole("dialog", { name: "Install CSV Insights?" });
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(asked.map(({ operation }) => operation).filter((name) => name !== "app_list")).toEqual([
    "app_offer",
    "app_decline",
  ]);
  expect(asked.find(({ operation }) => operation === "app_decline")?.path).toEqual([OFFER]);
  expect(history?.at(-1)).toBe("/apps");
});

it("installs with a narrowed folder and narrowed hosts, saying exactly what was shown", async () => {
  const { asked, user, history } = await look({
    app_offer: { offer: OFFER, card: card() },
    app_install: { app: detail({ name: "csv-insights", title: "CSV Insights" }) },
  });
  const dialog = await screen.findByRole("dialog");
  // The yes is nowhere near the first key, and cannot be said yet.
  const install = button("Install");
  expect(isDisabled(install)).toBe(true);
  expect(dialog.contains(document.activeElement)).toBe(true);
  expect(document.activeElement).not.toBe(install);
  const why = "Name a folder for file.read, or choose Ask or Block there.";
  expect(screen.getByRole("button", { description: why })).toBe(install);
  // What can do most harm is first.
  expect([...dialog.querySelectorAll("[data-line]")].map((line) => line.getAttribute("data-line"))).toEqual([
    "file.read",
    "network",
    "storage",
  ]);

  await user.type(screen.getByRole("textbox", { name: "Folder for file.read" }), "Tables");
  await user.click(button("Add folder"));
  expect(screen.getByText("Give the whole path, from / on.")).toBeTruthy();
  await user.clear(screen.getByRole("textbox", { name: "Folder for file.read" }));
  await user.type(screen.getByRole("textbox", { name: "Folder for file.read" }), "/home/ada/Tables");
  await user.click(button("Add folder"));
  expect(screen.getByText("read files in /home/ada/Tables")).toBeTruthy();
  expect(isDisabled(install)).toBe(false);

  await user.click(button("Remove host api.example.org"));
  expect(screen.getByText("talk to cdn.example.org /v1")).toBeTruthy();
  await user.click(within(group("csv-insights: What network may do")).getByRole("radio", { name: "Ask" }));
  await user.click(install);

  await waitFor(() => expect(history?.at(-1)).toBe("/apps/csv-insights"));
  const said = asked.find(({ operation }) => operation === "app_install");
  expect(said?.path).toEqual([OFFER]);
  expect(said?.body).toEqual({
    choices: [
      { line: "file.read", state: "allow", target: "/home/ada/Tables" },
      { line: "network", state: "ask", only: ["cdn.example.org /v1"] },
      { line: "storage", state: "allow" },
    ],
  });
  expect(screen.getByText("CSV Insights 1.0.0 is installed.")).toBeTruthy();
  // It was taken, so there is nothing to decline.
  expect(asked.some(({ operation }) => operation === "app_decline")).toBe(false);
});

it("names a host of one's own in place of any host, and what starts by itself cannot ask", async () => {
  const any = networkLine({
    scope: { scope: "network", rules: [] },
    sentence: { code: "card_network_any", args: [] },
    severity: "high",
    state: "ask",
  });
  const { asked, user } = await look({
    app_offer: { offer: OFFER, card: card({ lines: [any, scheduleLine()] }) },
    app_install: { app: detail({ name: "csv-insights" }) },
  });
  await screen.findByRole("dialog");
  expect(screen.getByText("high risk")).toBeTruthy();
  expect(screen.getByText(/Monday to Friday at 08:30/)).toBeTruthy();
  expect(within(group("csv-insights: What event.schedule may do")).queryByRole("radio", { name: "Ask" })).toBeNull();
  await user.click(screen.getByText("Only certain hosts"));
  await user.type(screen.getByRole("textbox", { name: "One more host" }), "https://example.org/docs");
  await user.click(button("Add host"));
  await user.click(button("Install"));
  await waitFor(() => expect(asked.at(-1)?.operation).not.toBe("app_offer"));
  expect(asked.find(({ operation }) => operation === "app_install")?.body).toEqual({
    choices: [
      { line: "network", state: "block" },
      { line: "network", state: "ask", target: "example.org/docs" },
      { line: "event.schedule", state: "allow" },
    ],
  });
});

it("lets its owner choose what an app's own name for a server stands for, by the keyboard alone", async () => {
  const servers = [
    server("github", { title: "GitHub", tools: [tool("search-code"), tool("old", "gone"), tool("list-issues")] }),
    server("off", { enabled: false }),
    server("notes"),
  ];
  const { asked, user } = await look({
    app_offer: { offer: OFFER, card: card({ lines: [aliasLine(), storageLine()] }) },
    app_install: { app: detail({ name: "csv-insights" }) },
    server_list: { servers },
  });
  await screen.findByRole("dialog");
  expect(screen.getByText("No server yet. Calls to it fail until you choose one of yours.")).toBeTruthy();
  const named = await screen.findByRole("combobox", { name: "Server for mcp.search" });
  const options = (of: HTMLElement) =>
    within(of)
      .getAllByRole("option")
      .map(({ textContent }) => textContent);
  // One that is off cannot be called.
  expect(options(named)).toEqual(["Choose one of your servers", "github – GitHub", "notes"]);
  const which = screen.getByRole("combobox", { name: "Its tool for mcp.search" }) as HTMLSelectElement;
  expect([which.disabled, isDisabled(button("Use this"))]).toEqual([true, true]);
  await user.selectOptions(named, "github");
  expect(options(which)).toEqual(["Every tool of it", "list_issues", "search_code"]);
  await user.selectOptions(which, "search_code");
  // Nothing of it is said before the yes to it.
  expect(screen.getByText("call the server, or the tool of one, that you name for search")).toBeTruthy();
  which.focus();
  await user.tab();
  expect(document.activeElement).toBe(button("Use this"));
  await user.keyboard("{Enter}");
  expect(screen.getByText("call search_code of your MCP server github, as search")).toBeTruthy();
  await user.click(button("Install"));
  await waitFor(() => expect(asked.some(({ operation }) => operation === "app_install")).toBe(true));
  expect(asked.find(({ operation }) => operation === "app_install")?.body).toEqual({
    choices: [
      { line: "mcp.search", state: "ask", target: "github/search_code" },
      { line: "storage", state: "allow" },
    ],
  });
});

it("leads on to the servers where there is none, and installs without one", async () => {
  const { asked, user } = await look({
    app_offer: { offer: OFFER, card: card({ lines: [aliasLine({ state: "allow" })] }) },
    app_install: { app: detail({ name: "csv-insights" }) },
    server_list: { servers: [] },
  });
  const link = await screen.findByRole("link", { name: "Import servers" });
  expect(link.getAttribute("href")).toBe("/servers/-/import");
  expect(screen.queryByRole("combobox", { name: "Server for mcp.search" })).toBeNull();
  await user.click(button("Install"));
  await waitFor(() => expect(asked.some(({ operation }) => operation === "app_install")).toBe(true));
  expect(asked.find(({ operation }) => operation === "app_install")?.body).toEqual({
    choices: [{ line: "mcp.search", state: "allow" }],
  });
});

it("asks only for what is new in an upgrade, and leaves the rest alone", async () => {
  const upgrade = card({
    app: "notes",
    title: "Notes",
    version: "1.1.0",
    upgrade_from: "1.0.0",
    lines: [storageLine(), networkLine(), fileLine()],
    change: {
      lines: ["network"],
      gone: ["clipboard.read"],
      more: [{ code: "card_change_hook", args: [{ text: "preuninstall" }] }],
    },
  });
  const held = live(
    fileLine({ state: "ask", needs: null, sentence: { code: "card_file_read", args: [{ list: ["/n"] }] } }),
  );
  const { asked, user } = await look({
    app_offer: { offer: OFFER, card: upgrade },
    grant_list: { app: "notes", grants: [held] },
    app_install: { app: detail({ version: "1.1.0" }) },
  });
  const dialog = await screen.findByRole("dialog", { name: "Upgrade notes 1.0.0 → 1.1.0?" });
  expect([...dialog.querySelectorAll("[data-line]")].map((line) => line.getAttribute("data-line"))).toEqual([
    "network",
  ]);
  expect(within(dialog).getByText(/preuninstall/)).toBeTruthy();
  expect(within(dialog).getByText("It no longer asks for: clipboard.read")).toBeTruthy();
  await user.click(within(dialog).getByText("2 things stay as you set them"));
  expect(await within(dialog).findByText("read files in /n")).toBeTruthy();
  await user.click(button("Upgrade"));
  await waitFor(() => expect(asked.some(({ operation }) => operation === "app_install")).toBe(true));
  expect(asked.find(({ operation }) => operation === "app_install")?.body).toEqual({
    choices: [{ line: "network", state: "allow", only: ["api.example.org", "cdn.example.org /v1"] }],
  });
});

it("changes nothing where the very version is installed already", async () => {
  const { asked, user } = await look({
    app_offer: { offer: OFFER, card: card({ upgrade_from: "1.0.0" }) },
    grant_list: { app: "csv-insights", grants: [] },
    app_install: { app: detail({ name: "csv-insights" }) },
  });
  const dialog = await screen.findByRole("dialog", { name: "Install CSV Insights 1.0.0 again?" });
  expect(dialog.querySelector("[data-line]")).toBeNull();
  await user.click(button("Install again"));
  await waitFor(() => expect(asked.some(({ operation }) => operation === "app_install")).toBe(true));
  expect(asked.find(({ operation }) => operation === "app_install")?.body).toEqual({ choices: [] });
});

it("trusts a publisher only after a deliberate step, with the fingerprint in view", async () => {
  const refuse = new Refuse(
    422,
    "publisher_untrusted",
    `csv-insights is signed with a key that nobody but the package itself names: ${FINGERPRINT}`,
    `ask its publisher for their fingerprint, in another way than by this package; if it is the same, add --trust ${FINGERPRINT}`,
  );
  const { asked, user } = await look({
    app_offer: ({ body }: { body: unknown }) =>
      (body as { trust?: string }).trust ? { offer: OFFER, card: card({ badge: "publisher" }) } : refuse,
  });
  expect(await screen.findByText(FINGERPRINT)).toBeTruthy();
  const trust = button("Trust this key");
  expect(isDisabled(trust)).toBe(true);
  await user.click(screen.getByRole("switch", { name: /I compared this fingerprint/ }));
  await user.click(trust);
  await screen.findByRole("dialog", { name: "Install CSV Insights?" });
  expect(asked.filter(({ operation }) => operation === "app_offer").map(({ body }) => body)).toEqual([
    { source: "/apps/csv" },
    { source: "/apps/csv", trust: FINGERPRINT },
  ]);
});

it("takes an older version only when that is said, and a key that is not known by hand", async () => {
  const older = new Refuse(
    422,
    "package_downgrade",
    "notes 1.0.0 is older than the 1.1.0 that you had already",
    "add --downgrade",
  );
  const { asked, user } = await look({
    app_offer: ({ body }: { body: unknown }) => {
      const { downgrade, trust } = body as { downgrade?: boolean; trust?: string };
      if (!trust)
        return new Refuse(422, "publisher_unknown", "the package is signed with a key that is not known here", "ask");
      return downgrade ? { offer: OFFER, card: card({ upgrade_from: "1.1.0", change: {} }) } : older;
    },
    grant_list: { app: "csv-insights", grants: [] },
  });
  await user.type(await screen.findByRole("textbox", { name: /Public key/ }), "RWQf6LRCGA9i53m");
  await user.click(button("Trust this key"));
  await user.click(await screen.findByRole("button", { name: "Look at the older version" }));
  await screen.findByRole("dialog", { name: "Replace csv-insights 1.1.0 by 1.0.0?" });
  expect(asked.findLast(({ operation }) => operation === "app_offer")?.body).toEqual({
    source: "/apps/csv",
    trust: "RWQf6LRCGA9i53m",
    downgrade: true,
  });
});

it("keeps what was chosen when a folder is refused, and says yes to a new offer", async () => {
  const second = OFFER.replace(/1$/, "2");
  let offers = 0;
  const { asked, user } = await look({
    app_offer: () => {
      offers += 1;
      return { offer: offers === 1 ? OFFER : second, card: card({ lines: [fileLine()] }) };
    },
    app_install: ({ path }: { path: string[] }) =>
      path[0] === OFFER
        ? new Refuse(422, "file_unusable", "/nowhere: no such folder")
        : { app: detail({ name: "csv-insights" }) },
  });
  await user.type(await screen.findByRole("textbox", { name: "Folder for file.read" }), "/nowhere{Enter}");
  await user.click(button("Install"));
  expect(await screen.findByText("/nowhere: no such folder")).toBeTruthy();
  await user.click(button("Remove folder /nowhere"));
  await user.type(screen.getByRole("textbox", { name: "Folder for file.read" }), "/home/ada{Enter}");
  await user.click(button("Install"));
  await waitFor(() => expect(asked.filter(({ operation }) => operation === "app_install")).toHaveLength(2));
  expect(asked.findLast(({ operation }) => operation === "app_install")).toMatchObject({
    path: [second],
    body: { choices: [{ line: "file.read", state: "allow", target: "/home/ada" }] },
  });
});

it("shows what an author wrote as text, marked as theirs", async () => {
  const hostile = "\u202Etxt.exe <img src=x onerror=alert(1)>\u200B";
  const { container } = await look({
    app_offer: {
      offer: OFFER,
      card: card({
        title: `${hostile}${"long ".repeat(200)}`,
        description: hostile,
        developer: hostile,
        notes: [hostile],
        lines: [
          storageLine({ reason: hostile }),
          networkLine({
            scope: { scope: "network", rules: rules({ host: "a.org", methods: ["GET"] }, { host: hostile }) },
          }),
        ],
      }),
    },
  });
  const dialog = await screen.findByRole("dialog");
  expect(
    within(dialog).getAllByText(/\\u\{202e\}txt\.exe <img src=x onerror=alert\(1\)>\\u\{200b\}/).length,
  ).toBeGreaterThan(3);
  expect(within(dialog).getByText(/Its author says:/)).toBeTruthy();
  expect(dialog.querySelector("img")).toBeNull();
  expect(document.body.textContent).not.toMatch(/[\u202E\u200B]/);
  expect(dialog.querySelector("h2")?.textContent?.length).toBeLessThan(120);
  expect(container).toBeTruthy();
});

it("speaks German", async () => {
  await look({ app_offer: { offer: OFFER, card: card() } }, "de");
  expect(await screen.findByRole("dialog", { name: "CSV Insights installieren?" })).toBeTruthy();
  expect(screen.getByText("Nenne einen Ordner für file.read, oder wähle dort Fragen oder Sperren.")).toBeTruthy();
  expect(isDisabled(button("Installieren"))).toBe(true);
});

it("says how this computer would keep a program, what it cannot keep, and what would mend that", async () => {
  const by = (...names: string[]) => ({ list: names });
  await look({
    app_offer: {
      offer: OFFER,
      card: card({
        secrets: { code: "card_secret_program", args: [{ list: ["token"] }] },
        facts: [
          { concern: "files", hold: "part", sentence: { code: "isolate_files_ruled", args: [by("Landlock")] } },
          {
            concern: "network",
            hold: "none",
            sentence: { code: "isolate_unkept_proxy", args: [] },
            fix: { code: "isolate_fix_command", args: [{ text: "sudo apt install bubblewrap" }] },
          },
        ],
      }),
    },
  });
  const kept = within(await screen.findByRole("region", { name: "How this computer keeps it to that" }));
  kept.getByText("kept in part");
  kept.getByText("not kept, so it is not started");
  kept.getByText(/sudo apt install bubblewrap/);
  expect(screen.getByRole("region", { name: "May also" }).textContent).toContain("token");
});
