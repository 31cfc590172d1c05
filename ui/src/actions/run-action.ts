import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import type { Deed } from "./action";

const TITLE_MAX = 60;

/** Actions that a person started lately or looked at. Asking each app for its own would be a request an app. */
const runAction: Deed = ({ apps, runs, actions }) => {
  const can = new Set(apps.filter((app) => app.enabled).map((app) => app.name));
  const found = new Map<string, { app: string; action: string; title: string }>();
  for (const known of actions) found.set(`${known.app} ${known.action}`, known);
  for (const { app, action, cause } of runs) {
    const key = `${app} ${action}`;
    if (!cause && !found.has(key)) found.set(key, { app, action, title: "" });
  }
  return [...found.values()]
    .filter(({ app }) => can.has(app))
    .map(({ app, action, title }) => {
      const what = `${escapeText(app)}: ${title ? shortenText(title, TITLE_MAX) : escapeText(action)}`;
      return {
        id: `run ${app} ${action}`,
        icon: "runs",
        label: { en: `Run ${what}`, de: `Ausführen: ${what}` },
        keywords: { en: `start ${escapeText(action)}`, de: `starten ${escapeText(action)}` },
        perform: ({ go }) => go(to.start(app, action)),
      };
    });
};

export default runAction;
