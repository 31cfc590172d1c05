// Each operation of the API by its own name. Reading ones have a key, so that whoever shows their answer hears when it
// is old (live/news.ts).
import { queryOptions } from "@tanstack/react-query";
import { client, said, type Schemas } from "./client";

const PAGE = 1_000;

/** All pages of a list that is told in pages. */
async function all<T, K extends string>(
  key: K,
  page: (after: string | undefined) => Promise<{ data?: Record<K, T[]>; error?: unknown; response: Response }>,
): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const answer = await page(after);
    const part = await said(Promise.resolve(answer));
    items.push(...part[key]);
    const next = /[?&]after=([^&>]+)/.exec(answer.response.headers.get("link") ?? "");
    after = next?.[1] ? decodeURIComponent(next[1]) : undefined;
  } while (after);
  return items;
}

const query = <T>(key: readonly unknown[], ask: () => Promise<T>) => queryOptions({ queryKey: key, queryFn: ask });

export const reads = {
  status: () => query(["status"], () => said(client.GET("/api/v1/status"))),
  doctor: () => query(["doctor"], () => said(client.GET("/api/v1/doctor"))),
  appList: () =>
    query(["apps"], () =>
      all<Schemas["AppSummary"], "apps">("apps", (after) =>
        client.GET("/api/v1/apps", { params: { query: { limit: PAGE, ...(after ? { after } : {}) } } }),
      ),
    ),
  appInfo: (app: string) =>
    query(["apps", app], () => said(client.GET("/api/v1/apps/{app}", { params: { path: { app } } }))),
  appView: (app: string, path: string) =>
    query(["grants", app, "view", path], () =>
      said(client.GET("/api/v1/apps/{app}/view", { params: { path: { app }, query: { path } } })),
    ),
  grantList: (app: string) =>
    query(["grants", app], () => said(client.GET("/api/v1/apps/{app}/grants", { params: { path: { app } } }))),
  /** Of all apps, in one answer. What makes the switches of one app old makes this old. */
  grantListAll: () =>
    query(["grants"], () =>
      all<Schemas["AppGrantsView"], "apps">("apps", (after) =>
        client.GET("/api/v1/grants", { params: { query: { limit: PAGE, ...(after ? { after } : {}) } } }),
      ),
    ),
  settingList: (app: string) =>
    query(["settings", app], () => said(client.GET("/api/v1/apps/{app}/settings", { params: { path: { app } } }))),
  runList: (limit = 200) =>
    query(["runs", "list", limit], () => said(client.GET("/api/v1/runs", { params: { query: { limit } } }))),
  runReport: (run: string) =>
    query(["runs", run], () => said(client.GET("/api/v1/runs/{run}", { params: { path: { run } } }))),
  approvalList: () =>
    query(["approvals"], () => said(client.GET("/api/v1/approvals", { params: { query: { limit: PAGE } } }))),
  log: (filter: { app?: string; run?: string; after_seq?: number; limit?: number }) =>
    query(["log", filter], () => said(client.GET("/api/v1/log", { params: { query: filter } }))),
  scheduleList: () => query(["schedules"], () => said(client.GET("/api/v1/schedules"))),
  publisherList: () => query(["publishers"], () => said(client.GET("/api/v1/publishers"))),
  /** MCP servers, each with its tools. */
  serverList: () => query(["servers"], () => said(client.GET("/api/v1/servers"))),
  serverInfo: (app: string) =>
    query(["servers", app], () => said(client.GET("/api/v1/servers/{app}", { params: { path: { app } } }))),
  serverLog: (app: string) =>
    query(["servers", app, "log"], () => said(client.GET("/api/v1/servers/{app}/log", { params: { path: { app } } }))),
  /** MCP clients of the machine where oikos runs. Only who sits at it may see them. */
  clientList: () => query(["clients"], () => said(client.GET("/api/v1/clients"))),
  tokenList: () => query(["tokens"], () => said(client.GET("/api/v1/tokens"))),
  loginList: () => query(["logins"], () => said(client.GET("/api/v1/logins"))),
  ownerList: () => query(["owners"], () => said(client.GET("/api/v1/owners"))),
};

/** What takes long answers in one piece, or step by step to who asks for that. Here it is asked for in one piece. */
const asJson = <T>(answer: Promise<{ data?: unknown; error?: unknown; response: Response }>) =>
  answer as Promise<{ data?: T; error?: unknown; response: Response }>;

const app = (app: string) => ({ params: { path: { app } } });
const run = (run: string) => ({ params: { path: { run } } });

export const acts = {
  signIn: (link: string) => said(client.POST("/api/v1/sign-in", { body: { link } })),
  appOffer: (body: Schemas["OfferBody"]): Promise<Schemas["Offered"]> =>
    said(asJson(client.POST("/api/v1/offers", { body }))),
  appDecline: (offer: string) => said(client.DELETE("/api/v1/offers/{offer}", { params: { path: { offer } } })),
  appInstall: (offer: string, choices: Schemas["LineChoice"][]): Promise<Schemas["Installed"]> =>
    said(asJson(client.POST("/api/v1/offers/{offer}/install", { params: { path: { offer } }, body: { choices } }))),
  appRemove: (name: string, erase: boolean) =>
    said(client.DELETE("/api/v1/apps/{app}", { params: { path: { app: name }, query: { erase } } })),
  appEnable: (name: string) => said(client.POST("/api/v1/apps/{app}/enable", app(name))),
  appDisable: (name: string) => said(client.POST("/api/v1/apps/{app}/disable", app(name))),
  appStop: (name: string) => said(client.POST("/api/v1/apps/{app}/stop", app(name))),
  appEntry: (name: string, path: string) =>
    said(client.POST("/api/v1/apps/{app}/entry", { ...app(name), body: { path } })),
  appRollback: (name: string, restore_storage: boolean) =>
    said(client.POST("/api/v1/apps/{app}/rollback", { ...app(name), body: { restore_storage } })),
  grantSet: (name: string, choices: Schemas["LineChoice"][]) =>
    said(client.PATCH("/api/v1/apps/{app}/grants", { ...app(name), body: { choices } })),
  settingSet: (name: string, settings: Record<string, unknown>) =>
    said(client.PATCH("/api/v1/apps/{app}/settings", { ...app(name), body: { settings } })),
  serverLook: (name: string) => said(client.POST("/api/v1/servers/{app}/look", app(name))),
  serverSignIn: (name: string, body: Schemas["ServerSignInBody"]) =>
    said(client.POST("/api/v1/servers/{app}/sign-in", { ...app(name), body })),
  /** Waits a while for it to end. No query: each answer is news. */
  serverSignInWait: (name: string) => said(client.GET("/api/v1/servers/{app}/sign-in", app(name))),
  serverSignOut: (name: string) => said(client.DELETE("/api/v1/servers/{app}/sign-in", app(name))),
  serverDecide: (name: string, body: Schemas["DecideBody"]) =>
    said(client.PATCH("/api/v1/servers/{app}/tools", { ...app(name), body })),
  /** What an import would do. Nothing is done, but what it is asked may hold keys, so it is no address. */
  importList: (body: Schemas["ImportBody"]) => said(client.POST("/api/v1/imports", { body })),
  clientConnect: (name: string, body: Schemas["ClientBody"]) =>
    said(client.POST("/api/v1/clients/{client}", { params: { path: { client: name } }, body })),
  runStop: (id: string) => said(client.POST("/api/v1/runs/{run}/stop", run(id))),
  runStopAll: () => said(client.POST("/api/v1/stop")),
  undo: (id: string) => said(client.POST("/api/v1/runs/{run}/undo", run(id))),
  approvalAnswer: (question: string, body: Schemas["Answer"]) =>
    said(client.POST("/api/v1/approvals/{question}", { params: { path: { question } }, body })),
  publisherTrust: (body: Schemas["TrustBody"]) => said(client.POST("/api/v1/publishers", { body })),
  publisherImport: (statements: string) => said(client.POST("/api/v1/publishers/import", { body: { statements } })),
  eventEmit: (body: Schemas["EventBody"]) => said(client.POST("/api/v1/events", { body })),
  logVerify: () => said(client.GET("/api/v1/log/verify")),
  tokenNew: (body: Schemas["TokenBody"]) => said(client.POST("/api/v1/tokens", { body })),
  tokenRevoke: (token: string) => said(client.DELETE("/api/v1/tokens/{token}", { params: { path: { token } } })),
  loginLink: () => said(client.POST("/api/v1/logins/link")),
  loginRevoke: (login: string) => said(client.DELETE("/api/v1/logins/{login}", { params: { path: { login } } })),
  ownerNew: (name: string) => said(client.POST("/api/v1/owners", { body: { name } })),
};
