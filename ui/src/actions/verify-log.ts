import { acts } from "@/api/operations";
import type { Deed } from "./action";

const HOLDS = {
  en: "The log holds, from its first entry to its last.",
  de: "Das Protokoll hält, vom ersten bis zum letzten Eintrag.",
};
const BROKEN = { en: "The log does not hold.", de: "Das Protokoll hält nicht." };

const verifyLog: Deed = ({ language }) => [
  {
    id: "verify-log",
    icon: "log",
    label: { en: "Verify the log", de: "Protokoll prüfen" },
    keywords: { en: "chain proof audit check", de: "kette beweis nachweis" },
    perform: async ({ go, announce }) => {
      const { report } = await acts.logVerify();
      const holds = report.breaks.length === 0;
      announce((holds ? HOLDS : BROKEN)[language]);
      // Where and how stands there.
      if (!holds) go("/diagnostics");
    },
  },
];

export default verifyLog;
