import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { acts, reads } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { useWords } from "@/i18n";
import { words } from "./words";

/** How many runs are under way. */
export function useUnderWay(): number {
  const runs = useQuery(reads.runList());
  return runs.data?.runs.filter((run) => !run.ended_at).length ?? 0;
}

/** Always in view, never asks back: stopping too much costs little, stopping too late may not. */
export function StopAll({ small = false }: { small?: boolean }) {
  const said = useWords(words);
  const running = useUnderWay();
  const [busy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    try {
      const { runs, paused } = await acts.runStopAll();
      announce(said.stopped(runs.length, paused.length));
    } catch (error) {
      announce(problemOf(error).message || said.offline);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        look={running > 0 ? "danger" : "plain"}
        busy={busy}
        onClick={() => void stop()}
        className={`w-full ${small ? "whitespace-nowrap max-sm:px-2.5" : ""}`}
      >
        <Icon name="stop" className="size-4" /> {small ? said.stop : said.stopAll}
      </Button>
      {!small && <p className="text-xs text-muted">{running > 0 ? said.running(running) : said.nothingRuns}</p>}
    </>
  );
}
