import { acts } from "@/api/operations";
import { words } from "@/layout/words";
import { escapeText } from "@/text/escape";
import type { Deed } from "./action";

const stopRun: Deed = ({ runs, language }) =>
  runs
    .filter((run) => !run.ended_at)
    .map(({ run, app, action }) => {
      const what = `${escapeText(app)} ${escapeText(action)}`;
      return {
        id: `stop-run ${run}`,
        icon: "stop",
        label: { en: `Stop run: ${what}`, de: `Lauf stoppen: ${what}` },
        keywords: { en: "halt kill end cancel", de: "halt beenden abbrechen" },
        perform: async ({ announce }) => {
          const { runs } = await acts.runStop(run);
          announce(words[language].stopped(runs.length));
        },
      };
    });

export default stopRun;
