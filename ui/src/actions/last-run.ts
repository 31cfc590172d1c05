import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

const lastRun: Deed = ({ runs }) =>
  runs.slice(0, 1).map(({ run, app, action }) => {
    const what = `${escapeText(app)} ${escapeText(action)}`;
    return {
      id: "last-run",
      icon: "runs",
      label: { en: `Look at the last run: ${what}`, de: `Letzten Lauf ansehen: ${what}` },
      keywords: { en: "result undo output", de: "ergebnis zurücknehmen ausgabe" },
      perform: ({ go }) => go(to.run(run)),
    };
  });

export default lastRun;
