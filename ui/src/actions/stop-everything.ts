import { acts } from "@/api/operations";
import { words } from "@/layout/words";
import type { Deed } from "./action";

const stopEverything: Deed = ({ language }) => [
  {
    id: "stop-everything",
    icon: "stop",
    label: { en: words.en.stopAll, de: words.de.stopAll },
    keywords: { en: "halt kill end all runs", de: "halt beenden abbrechen alle läufe" },
    perform: async ({ announce }) => {
      const { runs, paused } = await acts.runStopAll();
      announce(words[language].stopped(runs.length, paused.length));
    },
  },
];

export default stopEverything;
