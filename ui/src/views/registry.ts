// Which renderer draws what. Each comes when it is first needed; the names are the ones in an app's `renderer`.
import type { RendererData, RendererName } from "../../../renderers/shared/data";
import type { View } from "./view";

type Loaders = { readonly [Name in RendererName]: () => Promise<{ view: View<RendererData[Name]> }> };

export const loaders: Loaders = {
  card: () => import("./card"),
  table: () => import("./table"),
  markdown: () => import("./markdown"),
  "key-value": () => import("./key-value"),
  status: () => import("./status"),
  chart: () => import("./chart"),
  map: () => import("./map"),
  log: () => import("./log"),
  diff: () => import("./diff"),
  "weather-cards": () => import("./weather-cards"),
  "search-cards": () => import("./search-cards"),
  mcp: () => import("./mcp"),
};

export const rendererNames = Object.keys(loaders) as RendererName[];

export const isRenderer = (name: string): name is RendererName => Object.hasOwn(loaders, name);

const loaded = new Map<RendererName, View<unknown>>();

export async function viewLoad(name: RendererName): Promise<View<unknown>> {
  // Each view meets only data that its own schema has let through.
  const view = (await loaders[name]()).view as View<unknown>;
  loaded.set(name, view);
  return view;
}

/** What has been loaded before is there at once. */
export const viewNow = (name: RendererName): View<unknown> | undefined => loaded.get(name);
