import { acts } from "@/api/operations";
import { words } from "@/layout/words";
import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

/** Stops what runs of an app, and that it starts by itself. */
const stopApp: Deed = ({ apps, language }) =>
  apps
    .filter((app) => app.enabled && !app.paused)
    .map(({ name }) => ({
      id: `stop-app ${name}`,
      icon: "stop",
      label: { en: `Stop app: ${escapeText(name)}`, de: `App stoppen: ${escapeText(name)}` },
      keywords: { en: "halt pause end", de: "halt anhalten beenden" },
      perform: async ({ announce }) => {
        const { runs } = await acts.appStop(name);
        announce(words[language].stopped(runs.length));
      },
    }));

export default stopApp;
