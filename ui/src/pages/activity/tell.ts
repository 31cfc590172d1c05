// What entries of the log tell: of which kind each is, and what an app did in all.
import type { Entry } from "@/live/log";
import type { Schemas } from "@/api/client";

export type AuditRecord = Schemas["AuditRecord"];

export const KINDS = ["runs", "files", "network", "storage", "asked", "denied", "yours", "events", "oikos"] as const;
export type Kind = (typeof KINDS)[number];

const BY_EVENT: Partial<Record<AuditRecord["event"], Kind>> = {
  run_started: "runs",
  run_ended: "runs",
  denied: "denied",
  refused: "denied",
  asked: "asked",
  answered: "asked",
  granted: "yours",
  app: "yours",
  publisher: "yours",
  access: "yours",
  stopped: "yours",
  undone: "yours",
  event: "events",
  housekeeping: "oikos",
};
const BY_WORD: Readonly<Record<string, Kind>> = {
  file: "files",
  csv: "files",
  http: "network",
  network: "network",
  sending: "network",
  storage: "storage",
  event: "events",
  undoing: "yours",
  undone: "yours",
};

export function kindOf(record: AuditRecord): Kind {
  const word = record.sentence.code.split("_", 1)[0] ?? "";
  const kind = BY_EVENT[record.event] ?? BY_WORD[word] ?? "oikos";
  // A page that was fetched is told as read, like a file.
  return kind === "files" && isAddress(textAt(record, 0)) ? "network" : kind;
}

export interface Tally {
  app: string;
  runs: number;
  filesRead: number;
  /** Reads that the log counts and does not name. */
  readsUntold: number;
  filesChanged: number;
  requests: number;
  asked: number;
  denied: number;
}

const NOTHING = { runs: 0, filesRead: 0, readsUntold: 0, filesChanged: 0, requests: 0, asked: 0, denied: 0 };
const CHANGES = new Set(["file_created", "file_overwrote", "file_removed", "file_moved"]);
const READS = new Set(["file_read", "file_read_times", "csv_scanned"]);

/** What each app did in these entries, who did something last first. */
export function tallies(entries: readonly Entry[]): Tally[] {
  const byApp = new Map<string, Tally & { read: Set<string>; changed: Set<string> }>();
  for (const { record } of entries.toReversed()) {
    if (!record?.app) continue;
    const { app } = record;
    const tally = byApp.get(app) ?? { ...NOTHING, app, read: new Set<string>(), changed: new Set<string>() };
    byApp.set(app, tally);
    const { code } = record.sentence;
    if (record.event === "run_started") tally.runs += 1;
    if (record.event === "asked") tally.asked += 1;
    if (record.event === "denied") tally.denied += code === "denied_again" ? numberAt(record, 0) : 1;
    if (READS.has(code) && !isAddress(textAt(record, 0))) tally.read.add(textAt(record, 0));
    if (isChange(record)) tally.changed.add(textAt(record, 0));
    if (code === "run_ended_many") tally.readsUntold += numberAt(record, 0);
    if (code === "network_used") tally.requests += numberAt(record, 1);
    if (code === "network_used_beyond") tally.requests += numberAt(record, 0);
  }
  return [...byApp.values()].map(({ read, changed, ...tally }) => ({
    ...tally,
    filesRead: read.size,
    filesChanged: changed.size,
  }));
}

/** A change of a file that has happened, and can be taken back as long as the trash has the old one. */
export const isChange = (record: AuditRecord): boolean =>
  record.event === "outcome" && record.state !== "not_done" && CHANGES.has(record.sentence.code);

/** Leaves out what was announced and then settled: it is told once, by how it ended. */
export function withoutSettled(entries: readonly Entry[]): Entry[] {
  const settled = new Set<string>();
  const told: Entry[] = [];
  // Backwards: taking an effect back has its number again, so an end belongs to the last announcement before it.
  for (const entry of entries.toReversed()) {
    const { record } = entry;
    if (record?.event === "outcome") settled.add(`${record.run ?? ""} ${record.effect}`);
    if (record?.event === "intent" && settled.delete(`${record.run ?? ""} ${record.effect}`)) continue;
    told.push(entry);
  }
  return told.toReversed();
}

function textAt(record: AuditRecord, index: number): string {
  const arg = record.sentence.args?.[index];
  return arg && "text" in arg ? arg.text : "";
}

function numberAt(record: AuditRecord, index: number): number {
  const arg = record.sentence.args?.[index];
  return arg && "number" in arg ? arg.number : 0;
}

const isAddress = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
