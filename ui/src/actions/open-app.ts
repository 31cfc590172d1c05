import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import type { Deed } from "./action";

const TITLE_MAX = 60;

const openApp: Deed = ({ apps }) =>
  apps.map(({ name, title }) => {
    const called = `${escapeText(name)} – ${shortenText(title, TITLE_MAX)}`;
    return {
      id: `open-app ${name}`,
      icon: "apps",
      label: { en: `Open app: ${called}`, de: `App öffnen: ${called}` },
      keywords: { en: "run actions", de: "ausführen aktionen starten" },
      perform: ({ go }) => go(to.app(name)),
    };
  });

export default openApp;
