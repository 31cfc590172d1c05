// Every screen, and the states of it that are worth a look. screens.test.ts holds it against routes.tsx; axe and the
// contact sheet go through it.
import type { Page } from "playwright-core";
import type { House } from "./house";

export interface Stage {
  house: House;
  /** Ids of runs that were made before, by what they show. */
  runs: Record<"table" | "notes" | "failed" | "moved", string>;
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
  /** Without being signed in. */
  stranger?: boolean;
}

export const SCREENS: readonly Screen[] = [
  { name: "sign in", route: "sign-in", at: () => "/", stranger: true },
  { name: "home", route: "/", at: () => "/" },
  { name: "welcome", route: "/welcome", at: () => "/welcome" },
  { name: "apps", route: "/apps", at: () => "/apps" },
  {
    name: "card",
    route: "/apps",
    at: ({ house }) => `/apps?install=${encodeURIComponent(house.package("apps/folder-tidy"))}`,
    act: card,
  },
  {
    name: "card of an upgrade",
    route: "/apps",
    at: ({ house }) => `/apps?install=${encodeURIComponent(house.package("crates/cli/tests/apps/ledger-2"))}`,
    act: card,
  },
  { name: "app", route: "/apps/:app", at: () => "/apps/csv-insights" },
  { name: "app: what it may touch", route: "/apps/:app", at: () => "/apps/page-watch?tab=touch" },
  { name: "app: settings", route: "/apps/:app", at: () => "/apps/page-watch?tab=settings" },
  { name: "app: about", route: "/apps/:app", at: () => "/apps/csv-insights?tab=about" },
  { name: "opened", route: "/apps/:app/open", at: () => "/apps/tip-split/open", act: opened, framed: true },
  { name: "start", route: "/apps/:app/run/:action", at: () => "/apps/csv-insights/run/analyze" },
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
  { name: "live log", route: "/logs", at: () => "/logs" },
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
  { name: "no such page", route: "not-found", at: () => "/nowhere/at/all" },
];

/** An address alone fetches nothing: a person asks for the card. */
async function card(page: Page): Promise<void> {
  await page.getByRole("dialog").getByRole("textbox").first().press("Enter");
  await page.getByRole("button", { name: /^(Install|Upgrade)$/ }).waitFor();
}

/** Its own document has come into the frame. */
async function opened(page: Page): Promise<void> {
  await page.frameLocator("iframe").frameLocator("iframe").getByRole("heading").first().waitFor();
}

async function dialog(page: Page): Promise<void> {
  await page.getByRole("dialog").waitFor();
}
