import type { Schemas } from "@/api/client";

interface KeptWords {
  concerns: Record<Schemas["Concern"], string>;
  holds: Record<Schemas["BoxHold"], string>;
  fix: string;
}

export const words: { en: KeptWords; de: KeptWords } = {
  en: {
    concerns: { files: "Files", network: "Network", processes: "Programs", memory: "Memory" },
    holds: { full: "kept in full", part: "kept in part", none: "not kept, so it is not started" },
    fix: "For more:",
  },
  de: {
    concerns: { files: "Dateien", network: "Netz", processes: "Programme", memory: "Arbeitsspeicher" },
    holds: { full: "ganz gehalten", part: "teils gehalten", none: "nicht gehalten, also nicht gestartet" },
    fix: "Für mehr:",
  },
};
