import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { problemOf, UNREACHABLE } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { useWords } from "@/i18n";
import { words as shell } from "@/layout/words";
import { escapeLines, escapeText } from "@/text/escape";
import { words } from "./state-words";

/** Stops a run at once. It never asks back: stopping too much costs little. */
export function StopRun({ run, main = false }: { run: Schemas["RunSummary"]; main?: boolean }) {
  const said = useWords(words);
  const offline = useWords(shell).offline;
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    try {
      await acts.runStop(run.run);
      announce(said.stoppedNow);
      await queries.invalidateQueries({ queryKey: ["runs"] });
    } catch (error) {
      const problem = problemOf(error);
      announce(problem.code === UNREACHABLE ? offline : escapeLines(problem.message));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      look={main ? "danger" : "plain"}
      busy={busy}
      aria-label={said.stopRun(escapeText(run.app), escapeText(run.action))}
      onClick={() => void stop()}
    >
      <Icon name="stop" className="size-4" /> {said.stop}
    </Button>
  );
}
