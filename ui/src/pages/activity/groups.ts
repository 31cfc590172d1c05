import type { Entry } from "@/live/log";
import { isChange } from "./tell";

export interface RunGroup {
  key: string;
  app: string | null;
  run: string | null;
  /** Newest first. */
  entries: Entry[];
}

export interface Day {
  at: number;
  groups: RunGroup[];
}

/** By day and then by run, newest first. What belongs to no run stands where it happened. */
export function daysOf(entries: readonly Entry[]): Day[] {
  const days: Day[] = [];
  let byRun = new Map<string, RunGroup>();
  let last = "";
  let at = 0;
  for (const entry of entries.toReversed()) {
    // A pruned entry has lost its time: it stands with the one after it.
    at = entry.record?.at ?? at;
    const date = new Date(at).toDateString();
    if (date !== last) {
      days.push({ at, groups: [] });
      byRun = new Map();
      last = date;
    }
    const groups = days.at(-1)?.groups ?? [];
    const run = entry.record?.run ?? null;
    const open = run ? byRun.get(run) : groups.at(-1)?.run === null ? groups.at(-1) : undefined;
    if (open) {
      open.entries.push(entry);
      continue;
    }
    const group = { key: `${run ?? "none"} ${entry.seq}`, app: entry.record?.app ?? null, run, entries: [entry] };
    groups.push(group);
    if (run) byRun.set(run, group);
  }
  return days;
}

/** Some groups that are drawn together. */
export interface Block {
  key: string;
  groups: RunGroup[];
}

/** So many places of the log make a block. */
const BLOCK_ENTRIES = 24;

/** Cut where the log's own count says so: what comes in front or behind moves no other cut. */
export function blocksOf(groups: readonly RunGroup[]): Block[] {
  const blocks: Block[] = [];
  const times = new Map<number, number>();
  let last: number | null = null;
  for (const group of groups) {
    const part = Math.floor((group.entries[0]?.seq ?? 0) / BLOCK_ENTRIES);
    if (part !== last) {
      const time = times.get(part) ?? 0;
      times.set(part, time + 1);
      blocks.push({ key: `${part} ${time}`, groups: [] });
      last = part;
    }
    blocks.at(-1)?.groups.push(group);
  }
  return blocks;
}

/** Runs with changes that were not taken back yet. */
export function undoable(entries: readonly Entry[]): ReadonlySet<string> {
  const open = new Map<string, number>();
  for (const { record } of entries) {
    if (!record?.run) continue;
    const step = isChange(record) ? 1 : record.sentence.code === "undone" ? -1 : 0;
    if (step !== 0) open.set(record.run, (open.get(record.run) ?? 0) + step);
  }
  return new Set([...open].filter(([, count]) => count > 0).map(([run]) => run));
}
