// Every screen, and the states of it that are worth a look. screens.test.ts holds it against routes.tsx; axe and the
// contact sheet go through it.
import type { Page } from "playwright-core";
import type { House } from "./house";

export interface Stage {
  house: House;
  /** One in which nothing was installed yet. Screens may switch it off and on. */
  empty: House;
  /** Ids of runs that were made before, by what they show. */
  runs: Record<"table" | "notes" | "failed" | "moved" | "limited" | "places" | "text" | "answer", string>;
}

export interface Screen {
  name: string;
  /** The route in routes.tsx that it is a state of; "sign-in" and "not-found" stand outside of that list. */
  route: string;
  at(stage: Stage): string;
  /** What is done there before looking. */
  act?(page: Page, stage: Stage): Promise<void>;
  /** It has a frame, of which the browser says something by itself. */
  framed?: boolean;
  /** Puts back what was done, so that the next screen begins as this one did. */
  after?(stage: Stage): Promise<unknown>;
  /** What the browser itself complains of there, and rightly: an answer that is a no. */
  refusal?: string;
  /** Without being signed in, or in the house where nothing was installed yet. */
  who?: "stranger" | "newcomer";
}

const ONCE = /^(Once|Dieses Mal)/;
const INSTALL = /^(Install|Installieren)$/;
const install = (source: string): string => `/apps?install=${encodeURIComponent(source)}`;
/** Ends what the screens begin. An app that was stopped would be shown as such from then on, so it is turned on again. */
async function stopAll({ house }: Stage): Promise<void> {
  for (const app of ["looper", "scribe", "courier"]) {
    await house.say("stop", app);
    await house.say("app", "enable", app);
  }
}

export const SCREENS: readonly Screen[] = [
  { name: "sign in", route: "sign-in", at: () => "/", who: "stranger" },
  { name: "home", route: "/", at: () => "/" },
  { name: "welcome", route: "/welcome", at: () => "/welcome" },
  { name: "apps", route: "/apps", at: () => "/apps" },
  { name: "card", route: "/apps", at: ({ house }) => install(house.package("apps/folder-tidy")), act: card },
  {
    name: "card of an upgrade",
    route: "/apps",
    at: ({ house }) => install(house.package("crates/cli/tests/apps/ledger-2")),
    act: card,
  },
  { name: "app", route: "/apps/:app", at: () => "/apps/csv-insights" },
  { name: "app: what it may touch", route: "/apps/:app", at: () => "/apps/page-watch?tab=touch" },
  { name: "app: settings", route: "/apps/:app", at: () => "/apps/page-watch?tab=settings" },
  { name: "app: about", route: "/apps/:app", at: () => "/apps/csv-insights?tab=about" },
  { name: "opened", route: "/apps/:app/open", at: () => "/apps/tip-split/open", act: opened, framed: true },
  { name: "start", route: "/apps/:app/run/:action", at: () => "/apps/csv-insights/run/analyze" },
  { name: "servers", route: "/servers", at: () => "/servers" },
  { name: "server: tools that wait", route: "/servers/:app", at: () => "/servers/fickle", act: waiting },
  { name: "server: how it runs", route: "/servers/:app", at: () => "/servers/fickle?tab=health" },
  { name: "server: what it wrote", route: "/servers/:app", at: () => "/servers/fickle?tab=log" },
  {
    name: "server: accept all?",
    route: "/servers/:app",
    at: () => "/servers/fickle",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Accept all|Alle) 2/ }).click();
      await dialog(page);
    },
  },
  {
    name: "server: an input schema",
    route: "/servers/:app",
    at: () => "/servers/fickle",
    act: async (page) => {
      const tool = page.getByRole("article", { name: "echo", exact: true });
      await tool.locator("summary").first().click();
      await tool.getByText("properties:").waitFor();
      await tool.getByText("properties:").scrollIntoViewIfNeeded();
    },
  },
  { name: "no such server", route: "/servers/:app", at: () => "/servers/nowhere", refusal: "status of 404" },
  { name: "import: where from", route: "/servers/-/import", at: () => "/servers/-/import" },
  {
    name: "import: one server",
    route: "/servers/-/import",
    at: () => "/servers/-/import",
    act: async (page) => {
      await page.getByText(/^(One server|Ein Server)$/).click();
      await page.getByRole("textbox", { name: /^(Command|Befehl)$/ }).fill("npx -y 'a server' | sh");
      await page.getByRole("button", { name: /^(Add one|Eins hinzufügen)$/ }).click();
      await page.getByRole("button", { name: /^(Look at this server|Diesen Server ansehen)$/ }).click();
      await page.locator("main [aria-invalid=true]").waitFor();
    },
  },
  {
    name: "import: refused",
    route: "/servers/-/import",
    at: () => "/servers/-/import",
    refusal: "status of 422",
    act: async (page, { house }) => {
      await page.getByText(/^(A file|Eine Datei)$/).click();
      await page.getByRole("main").getByRole("textbox").fill(house.path("files", "nowhere.mcpb"));
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "import: what was found", route: "/servers/-/import", at: () => "/servers/-/import", act: found },
  { name: "import: a card", route: "/servers/-/import", at: () => "/servers/-/import", act: importCard },
  {
    name: "import: what came of it",
    route: "/servers/-/import",
    at: () => "/servers/-/import",
    act: async (page) => {
      await importCard(page);
      await page.getByRole("button", { name: INSTALL }).click();
      await page.getByRole("link", { name: /^(Look at its tools|Seine Werkzeuge ansehen)/ }).waitFor();
    },
    after: ({ house }) => house.say("app", "remove", "weather", "--erase"),
  },
  {
    name: "import: none found",
    route: "/servers/-/import",
    at: () => "/servers/-/import",
    who: "newcomer",
    act: async (page) => {
      await scan(page);
      await page.getByText(/^(No server was found|Es wurde kein Server gefunden)$/).waitFor();
    },
  },
  { name: "connect a client", route: "/servers/-/connect", at: () => "/servers/-/connect" },
  {
    name: "connect a client: by its address",
    route: "/servers/-/connect",
    at: () => "/servers/-/connect?client=vscode",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Make a key|Schlüssel anlegen)$/ }).click();
      await page.getByText(/"Authorization": "Bearer oikos/).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "connect a client: what would change",
    route: "/servers/-/connect",
    at: () => "/servers/-/connect",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Show what would change|Zeigen, was sich ändern würde)$/ }).click();
      await page.getByRole("heading", { name: /^(What would change|Was sich ändern würde)$/ }).waitFor();
    },
  },
  {
    name: "connect a client: its file cannot be read",
    route: "/servers/-/connect",
    at: () => "/servers/-/connect?client=cursor",
  },
  { name: "start: a tool that waits", route: "/apps/:app/run/:action", at: () => "/apps/fickle/run/forecast" },
  { name: "start: a tool", route: "/apps/:app/run/:action", at: () => "/apps/fickle/run/echo" },
  { name: "app: an MCP server", route: "/apps/:app", at: () => "/apps/fickle" },
  { name: "runs", route: "/runs", at: () => "/runs" },
  { name: "run: a table", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.table}` },
  { name: "run: what it could reach", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.table}?tab=reach` },
  { name: "run: log", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.table}?tab=log` },
  { name: "run: failed", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.failed}` },
  { name: "run: to undo", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.moved}` },
  { name: "approvals", route: "/approvals", at: () => "/approvals" },
  { name: "activity", route: "/activity", at: () => "/activity" },
  { name: "activity of a run", route: "/activity", at: ({ runs }) => `/activity?run=${runs.moved}` },
  { name: "grants", route: "/grants", at: () => "/grants" },
  { name: "grants of an app", route: "/grants", at: () => "/grants?app=page-watch", act: dialog },
  { name: "schedules", route: "/schedules", at: () => "/schedules" },
  { name: "live log", route: "/logs", at: () => "/logs", act: atEnd },
  { name: "keys", route: "/keys", at: () => "/keys" },
  { name: "settings", route: "/settings", at: () => "/settings" },
  { name: "diagnostics", route: "/diagnostics", at: () => "/diagnostics" },
  {
    name: "palette",
    route: "/runs",
    at: () => "/runs",
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").getByRole("combobox").waitFor();
    },
  },
  { name: "first step: rules", route: "/welcome", at: () => "/welcome?step=2", who: "newcomer" },
  { name: "first step: an app", route: "/welcome", at: () => "/welcome?step=3", who: "newcomer" },
  { name: "apps: none yet", route: "/apps", at: () => "/apps", who: "newcomer" },
  { name: "runs: none yet", route: "/runs", at: () => "/runs", who: "newcomer" },
  { name: "activity: none yet", route: "/activity", at: () => "/activity", who: "newcomer" },
  { name: "servers: none yet", route: "/servers", at: () => "/servers", who: "newcomer" },
  { name: "grants: none yet", route: "/grants", at: () => "/grants", who: "newcomer" },
  { name: "schedules: none yet", route: "/schedules", at: () => "/schedules", who: "newcomer" },
  {
    name: "offline",
    route: "/apps",
    at: () => "/apps",
    who: "newcomer",
    act: async (page, { empty }) => {
      await empty.kill();
      await page.getByText(/does not answer|antwortet nicht/).waitFor();
    },
    after: ({ empty }) => empty.start(),
  },
  {
    name: "card of a greedy app",
    route: "/apps",
    at: ({ house }) => install(house.package("crates/cli/tests/apps/greedy")),
    act: card,
  },
  {
    name: "card: narrowed to hosts",
    route: "/apps",
    at: ({ house }) => install(house.package("apps/link-check")),
    act: async (page) => {
      await card(page);
      const summary = page.getByRole("dialog").locator("summary").first();
      await summary.click();
      await page.getByRole("dialog").getByRole("textbox").last().fill("example.org");
      await summary.scrollIntoViewIfNeeded();
    },
  },
  {
    name: "card: a folder is lacking",
    route: "/apps",
    at: ({ house }) => install(house.package("apps/folder-tidy")),
    act: async (page) => {
      await card(page);
      const allow = page.getByRole("radio", { name: /^(Allow|Erlauben)$/ }).first();
      // Not by a pointer: the card scrolls while it comes.
      await allow.focus();
      await page.keyboard.press("Space");
      await page
        .getByRole("radio", { name: /^(Allow|Erlauben)$/, checked: true })
        .first()
        .waitFor({ state: "attached" });
    },
  },
  {
    name: "install refused",
    route: "/apps",
    refusal: "status of 422",
    at: ({ house }) => install(house.path("files", "broken")),
    act: async (page) => {
      await page.getByRole("dialog").getByRole("textbox").first().press("Enter");
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "app that is off", route: "/apps/:app", at: () => "/apps/counter" },
  { name: "app that was stopped", route: "/apps/:app", at: () => "/apps/clockwork" },
  {
    name: "app: something runs",
    route: "/apps/:app",
    at: () => "/apps/looper/run/wait",
    act: async (page, { house }) => {
      await begin(page);
      await page.goto(`${house.origin}/apps/looper`);
      await page.getByRole("button", { name: /^(Stop app|App stoppen)/ }).waitFor();
    },
    after: stopAll,
  },
  {
    name: "app: remove?",
    route: "/apps/:app",
    at: () => "/apps/csv-insights?tab=about",
    act: async (page) => {
      await page.getByRole("button", { name: /^(Remove|Entfernen) …$/ }).click();
      await dialog(page);
    },
  },
  {
    name: "start: not filled in",
    route: "/apps/:app/run/:action",
    at: () => "/apps/csv-insights/run/analyze",
    act: async (page) => {
      await page.locator("main form button[type=submit]").last().click();
      await page.locator("main [aria-invalid=true], main [role=alert]").first().waitFor();
    },
  },
  {
    name: "runs: some under way",
    route: "/runs",
    at: () => "/apps/looper/run/wait",
    act: async (page, { house }) => {
      await begin(page);
      await page.goto(`${house.origin}/runs`);
      await page
        .getByRole("main")
        .getByRole("button", { name: /^(Stop|Stopp)/ })
        .waitFor();
    },
    after: stopAll,
  },
  {
    name: "run: saying much",
    route: "/runs/:run",
    at: () => "/apps/looper/run/wait",
    act: async (page) => {
      await page
        .getByRole("main")
        .getByRole("spinbutton")
        .or(page.getByRole("main").getByRole("textbox"))
        .last()
        .fill("5");
      await begin(page);
      await page.waitForTimeout(1_500);
    },
    after: stopAll,
  },
  { name: "run: it asks", route: "/runs/:run", at: () => "/apps/scribe/run/write", act: ask, after: stopAll },
  {
    name: "approvals: questions",
    route: "/approvals",
    at: () => "/apps/courier/run/send",
    act: async (page, stage) => {
      await page.getByRole("textbox", { name: /url/i }).fill("https://example.org/inbox");
      await begin(page);
      await page.goto(`${stage.house.origin}/apps/scribe/run/write`);
      await ask(page);
      await page.goto(`${stage.house.origin}/approvals`);
      await page.getByRole("button", { name: ONCE }).nth(1).waitFor();
    },
    after: stopAll,
  },
  { name: "run: at its limit", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.limited}` },
  { name: "run: a map", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.places}` },
  { name: "run: a text", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.text}` },
  { name: "run: an answer of a server", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.answer}` },
  { name: "run: undo?", route: "/runs/:run", at: ({ runs }) => `/runs/${runs.moved}?undo=1`, act: dialog },
  { name: "activity: a record", route: "/activity", at: () => "/activity?entry=12", act: dialog },
  {
    name: "activity: verified",
    route: "/activity",
    at: () => "/activity",
    act: async (page) => {
      await page.getByRole("button", { name: /Verify|prüfen/i }).click();
      await page.getByText(/The chain holds|Die Kette hält/).waitFor();
    },
  },
  {
    name: "activity: stop an app?",
    route: "/activity",
    at: () => "/activity",
    act: async (page) => {
      await page
        .getByRole("main")
        .getByRole("button", { name: /^(Stop|Stopp)/ })
        .first()
        .click();
      await dialog(page);
    },
  },
  { name: "API keys", route: "/keys", at: () => "/keys?tab=keys" },
  { name: "signed-in browsers", route: "/keys", at: () => "/keys?tab=browsers" },
  { name: "owners", route: "/keys", at: () => "/keys?tab=owners" },
  { name: "no such page", route: "not-found", at: () => "/nowhere/at/all" },
];

/** An address alone fetches nothing: a person asks for the card. */
async function card(page: Page): Promise<void> {
  await page.getByRole("dialog").getByRole("textbox").first().press("Enter");
  await page.getByRole("button", { name: /^(Install|Upgrade|Installieren|Aktualisieren)$/ }).waitFor();
}

/** Its own document has come into the frame. */
async function opened(page: Page): Promise<void> {
  await page.frameLocator("iframe").frameLocator("iframe").getByRole("heading").first().waitFor();
}

/** Looks for what other programs have set up. */
async function scan(page: Page): Promise<void> {
  await page.getByRole("main").locator("form button[type=submit]").click();
}

async function found(page: Page): Promise<void> {
  await scan(page);
  await page.getByRole("checkbox").first().waitFor();
}

/** The card of one server that was set up elsewhere. */
async function importCard(page: Page): Promise<void> {
  await found(page);
  await page.getByRole("button", { name: /^(Choose none|Keinen auswählen)$/ }).click();
  await page.getByRole("checkbox", { name: /weather/ }).check();
  await page.getByRole("button", { name: /^(Continue with 1|Mit 1 weitermachen)$/ }).click();
  await page.getByRole("button", { name: INSTALL }).waitFor();
}

/** What changed is there to be read. */
async function waiting(page: Page): Promise<void> {
  await page.getByRole("article", { name: "forecast" }).getByRole("list").first().waitFor();
}

async function dialog(page: Page): Promise<void> {
  await page.getByRole("dialog").waitFor();
}

/** The log follows by itself: its newest entry is in view. */
async function atEnd(page: Page): Promise<void> {
  const log = page.getByRole("log");
  await log.waitFor();
  await page.waitForFunction(
    (list) => {
      const box = list?.parentElement;
      return box && box.scrollHeight > box.clientHeight && box.scrollTop + box.clientHeight >= box.scrollHeight - 1;
    },
    await log.elementHandle(),
  );
  await page.getByRole("switch", { checked: true }).waitFor();
}

/** Starts what the form is about. */
async function begin(page: Page): Promise<void> {
  await page.locator("main form button[type=submit]").last().click();
  await page.waitForURL(/\/runs\//);
  await page
    .getByRole("button", { name: /^(Stop|Stopp): |^Stop run/ })
    .or(page.getByRole("heading", { level: 1 }))
    .first()
    .waitFor();
}

/** Has an app ask for a file, and waits for the question. */
async function ask(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: /path/i }).fill("papers/two.txt");
  await page.getByRole("textbox", { name: /text/i }).fill("two");
  await begin(page);
  await page.getByRole("button", { name: ONCE }).waitFor();
}
