// Every screen of the page: its address, its words in menus, its part of the script. A test holds that no screen is left
// out of the list of screens that are looked at (test/e2e/screens.ts).
import type { QueryClient } from "@tanstack/react-query";
import type { IconName } from "@/components/Icon";
import { part, type Part } from "@/components/part";

interface Ahead {
  /** Asks for what the screen shows, before it is drawn. */
  ahead?(queries: QueryClient, place: Readonly<Record<string, string>>): void;
}
type Screen = Part<object, Ahead>;

export interface Route {
  path: string;
  screen: Screen;
  /** In the menu: its word in layout/words.ts and its picture. */
  menu?: { word: MenuWord; icon: IconName };
}

export type MenuWord =
  | "apps"
  | "servers"
  | "runs"
  | "approvals"
  | "activity"
  | "grants"
  | "schedules"
  | "logs"
  | "keys"
  | "settings"
  | "diagnostics";

export const ROUTES: readonly Route[] = [
  { path: "/", screen: part(() => import("@/pages/home/HomePage")) },
  { path: "/welcome", screen: part(() => import("@/pages/welcome/WelcomePage")) },
  { path: "/apps", screen: part(() => import("@/pages/apps/AppsPage")), menu: { word: "apps", icon: "apps" } },
  { path: "/apps/:app", screen: part(() => import("@/pages/apps/AppPage")) },
  { path: "/apps/:app/run/:action", screen: part(() => import("@/pages/runs/StartPage")) },
  { path: "/apps/:app/open", screen: part(() => import("@/pages/apps/open/OpenPage")) },
  {
    path: "/servers",
    screen: part(() => import("@/pages/servers/ServersPage")),
    menu: { word: "servers", icon: "server" },
  },
  // Within `-`, which is no name: a server may be called `connect`.
  { path: "/servers/-/connect", screen: part(() => import("@/pages/servers/connect/ConnectPage")) },
  { path: "/servers/-/import", screen: part(() => import("@/pages/servers/import/ImportPage")) },
  { path: "/servers/:app", screen: part(() => import("@/pages/servers/server/ServerPage")) },
  { path: "/runs", screen: part(() => import("@/pages/runs/RunsPage")), menu: { word: "runs", icon: "runs" } },
  { path: "/runs/:run", screen: part(() => import("@/pages/runs/RunPage")) },
  {
    path: "/approvals",
    screen: part(() => import("@/pages/approvals/ApprovalsPage")),
    menu: { word: "approvals", icon: "inbox" },
  },
  {
    path: "/activity",
    screen: part(() => import("@/pages/activity/ActivityPage")),
    menu: { word: "activity", icon: "activity" },
  },
  {
    path: "/grants",
    screen: part(() => import("@/pages/grants/GrantsPage")),
    menu: { word: "grants", icon: "grants" },
  },
  {
    path: "/schedules",
    screen: part(() => import("@/pages/schedules/SchedulesPage")),
    menu: { word: "schedules", icon: "clock" },
  },
  { path: "/logs", screen: part(() => import("@/pages/logs/LogsPage")), menu: { word: "logs", icon: "log" } },
  { path: "/keys", screen: part(() => import("@/pages/keys/KeysPage")), menu: { word: "keys", icon: "key" } },
  {
    path: "/settings",
    screen: part(() => import("@/pages/settings/SettingsPage")),
    menu: { word: "settings", icon: "settings" },
  },
  {
    path: "/diagnostics",
    screen: part(() => import("@/pages/diagnostics/DiagnosticsPage")),
    menu: { word: "diagnostics", icon: "doctor" },
  },
];

/** Before anybody is signed in. */
export const SignInPage: Screen = part(() => import("@/pages/sign-in/SignInPage"));
export const NotFoundPage: Screen = part(() => import("@/pages/not-found/NotFoundPage"));

/** The screen of an address, with what stands in the place of names; nothing where there is none. */
export function screenAt(path: string): { route: Route; place: Readonly<Record<string, string>> } | undefined {
  for (const route of ROUTES) {
    const fits = new RegExp(`^${route.path.replaceAll(/:([a-z]+)/g, "(?<$1>[^/]+)")}$`).exec(path);
    if (fits) return { route, place: { ...fits.groups } };
  }
  return undefined;
}

/** Loads what an address shows, and begins what takes a way to oikos and back. Nobody who is signed in: no `queries`. */
export async function loadScreen(path: string, queries: QueryClient | null): Promise<void> {
  if (!queries) return void (await SignInPage.load());
  const found = screenAt(path);
  if (!found) return void (await NotFoundPage.load());
  const { ahead } = await found.route.screen.load();
  ahead?.(queries, found.place);
}

/** Addresses within the page. No screen puts one together by hand. */
export const to = {
  app: (app: string, tab?: "touch" | "settings" | "about"): string =>
    `/apps/${encodeURIComponent(app)}${tab ? `?tab=${tab}` : ""}`,
  /** An app of the browser, opened. */
  open: (app: string): string => `/apps/${encodeURIComponent(app)}/open`,
  /** `again`: filled in as that run was. */
  start: (app: string, action: string, again?: string): string =>
    `/apps/${encodeURIComponent(app)}/run/${encodeURIComponent(action)}${again ? `?again=${encodeURIComponent(again)}` : ""}`,
  /** An MCP server. */
  server: (app: string, tab?: "health" | "log"): string =>
    `/servers/${encodeURIComponent(app)}${tab ? `?tab=${tab}` : ""}`,
  /** `choose`: what was found; `cards`: one card after the other, and what came of it. */
  importServers: (step?: "choose" | "cards"): string => `/servers/-/import${step ? `?step=${step}` : ""}`,
  connect: (client?: string): string =>
    client ? `/servers/-/connect?client=${encodeURIComponent(client)}` : "/servers/-/connect",
  install: (source: string): string => `/apps?install=${encodeURIComponent(source)}`,
  run: (run: string, tab?: "result" | "log" | "input" | "reach"): string => `/runs/${run}${tab ? `?tab=${tab}` : ""}`,
  activity: (filter: { app?: string; run?: string } = {}): string => {
    const query = new URLSearchParams(filter).toString();
    return query ? `/activity?${query}` : "/activity";
  },
  grants: (app?: string): string => (app ? `/grants?app=${encodeURIComponent(app)}` : "/grants"),
};
