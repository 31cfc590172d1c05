import type { Schemas } from "@/api/client";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { stateOf, TONES } from "./state";
import { words } from "./state-words";

/** How a run stands, in a word or two. */
export function RunPill({ run }: { run: Schemas["RunSummary"] }) {
  const said = useWords(words);
  const state = stateOf(run);
  const code = state === "failed" ? run.failure?.code : undefined;
  return <Pill tone={TONES[state]}>{(code && said.failed[code]) ?? said.state[state]}</Pill>;
}
