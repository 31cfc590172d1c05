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
      const { runs } = await acts.runStopAll();
      announce(words[language].stopped(runs.length));
    },
  },
];

export default stopEverything;
