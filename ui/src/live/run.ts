import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import type { Problem } from "@/api/problem";
import { line } from "./line";
import { RunStream } from "./runStream";

export interface WatchedRun {
  stream: RunStream;
  /** Changes when the stream has more to show. */
  version: number;
  /** What is known of it while it is under way, and ever after. */
  summary: Schemas["RunSummary"] | null;
  report: Schemas["RunReport"] | null;
  /** Why nothing can be told of it. */
  problem: Problem | null;
  isUnderWay: boolean;
}

/** A run, from whatever it said before until its end, across broken lines and restarts of oikos. One run per mount. */
export function useRun(run: string): WatchedRun {
  const queries = useQueryClient();
  const [stream] = useState(() => new RunStream());
  const version = useSyncExternalStore(stream.subscribe, stream.version);
  const list = useQuery(reads.runList());
  const row = list.data?.runs.find((row) => row.run === run) ?? null;
  // Asked for only where it has ended: before, the answer would be waited for and hold a connection.
  const hasEnded = stream.state === "ended" || Boolean(row?.ended_at);
  const asked: UseQueryResult<Schemas["RunEnd"]> = useQuery({ ...reads.runReport(run), enabled: hasEnded });

  useEffect(
    () =>
      stream.state === "watched"
        ? line.watch(run, stream.seq, {
            chunk: (chunk) => stream.chunk(chunk),
            failed: (problem) => stream.failed(problem),
            end(report) {
              queries.setQueryData(reads.runReport(run).queryKey, { run: report });
              stream.end(report);
            },
          })
        : undefined,
    [run, stream, queries],
  );

  const report = whole(asked.data?.run ?? null, stream.report);
  return {
    stream,
    version,
    summary: report ?? row,
    report,
    problem: report ? null : stream.problem,
    isUnderWay: !hasEnded && (stream.state === "watched" || row !== null),
  };
}

/** The newest report. What is too large to be kept stands in none but the first. */
function whole(newest: Schemas["RunReport"] | null, first: Schemas["RunReport"] | null): Schemas["RunReport"] | null {
  if (!newest || !first) return newest ?? first;
  const { data, text, renderer } = first;
  return { ...newest, data, text: text ?? null, renderer: renderer ?? null };
}
