import { useQuery, useQueryClient, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import type { Problem } from "@/api/problem";
import { session } from "@/api/session";
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

interface Kept {
  stream: RunStream;
  screens: number;
  unwatch(): void;
}

// A line has no word for looking away, and holds 32 runs: what is under way goes on being heard when its screen is left,
// once, and is all there when somebody comes back.
const kept = new Map<string, Kept>();

// What somebody saw is not shown to whoever comes next.
session.subscribe(() => {
  if (session.secret()) return;
  for (const { unwatch } of kept.values()) unwatch();
  kept.clear();
});

function watch(run: string, stream: RunStream, queries: QueryClient): () => void {
  const known = kept.get(run);
  const watched: Kept = known?.stream === stream ? known : { stream, screens: 0, unwatch: () => {} };
  const release = () => {
    if (watched.screens > 0 || stream.state === "watched") return;
    watched.unwatch();
    if (kept.get(run) === watched) kept.delete(run);
  };
  if (watched !== known) {
    kept.set(run, watched);
    watched.unwatch = line.watch(run, stream.seq, {
      chunk: (chunk) => stream.chunk(chunk),
      failed(problem) {
        stream.failed(problem);
        release();
      },
      end(report) {
        queries.setQueryData(reads.runReport(run).queryKey, { run: report });
        stream.end(report);
        release();
      },
    });
  }
  watched.screens += 1;
  return () => {
    watched.screens -= 1;
    release();
  };
}

/** How long what was asked for ahead waits for a screen that shows it. */
const AHEAD_MS = 10_000;

/** Begins to watch a run before its screen is drawn. */
export function watchAhead(run: string, queries: QueryClient): RunStream {
  const stream = kept.get(run)?.stream ?? new RunStream();
  setTimeout(watch(run, stream, queries), AHEAD_MS);
  void queries.prefetchQuery(reads.runList());
  return stream;
}

/** A run, from whatever it said before until its end, across broken lines and restarts of oikos. One run per mount. */
export function useRun(run: string): WatchedRun {
  const queries = useQueryClient();
  const [stream] = useState(() => kept.get(run)?.stream ?? new RunStream());
  const version = useSyncExternalStore(stream.subscribe, stream.version);
  const list = useQuery(reads.runList());
  const row = list.data?.runs.find((row) => row.run === run) ?? null;
  // Asked for only where it has ended: before, the answer would be waited for and hold a connection.
  const hasEnded = stream.state === "ended" || Boolean(row?.ended_at);
  const asked: UseQueryResult<Schemas["RunEnd"]> = useQuery({ ...reads.runReport(run), enabled: hasEnded });

  useEffect(() => (stream.state === "watched" ? watch(run, stream, queries) : undefined), [run, stream, queries]);

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
