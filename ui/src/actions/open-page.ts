import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import type { Deed } from "./action";

const TITLE_MAX = 60;

/** Apps of the browser: opening one is what running is of others. */
const openPage: Deed = ({ apps }) =>
  apps
    .filter(({ opens, enabled }) => opens && enabled)
    .map(({ name, title }) => {
      const called = `${escapeText(name)} – ${shortenText(title, TITLE_MAX)}`;
      return {
        id: `open-page ${name}`,
        icon: "runs",
        label: { en: `Use ${called}`, de: `Benutzen: ${called}` },
        keywords: { en: "open page run start browser", de: "öffnen seite starten browser" },
        perform: ({ go }) => go(to.open(name)),
      };
    });

export default openPage;
