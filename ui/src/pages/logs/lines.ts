// Entries as lines of text, and finding among very many of them without holding up whoever types.
import { useEffect, useMemo, useRef, useState } from "react";
import { useSay, useWords } from "@/i18n";
import type { Entry } from "@/live/log";
import { escapeText } from "@/text/escape";
import { clockTime } from "@/text/time";
import type { AuditRecord } from "@/pages/activity/tell";
import { words, type Level } from "./words";

export interface Line {
  time: string;
  level: Level;
  levelWord: string;
  event: string;
  app: string;
  sentence: string;
  /** All of it in small letters. */
  found: string;
}

export function levelOf(record: AuditRecord): Level {
  switch (record.event) {
    case "denied":
    case "refused":
      return "problem";
    case "run_ended":
      if (!record.code) return "plain";
      return record.code === "stopped" ? "care" : "problem";
    case "outcome":
      return record.state === "done" ? "plain" : "problem";
    case "asked":
    case "answered":
    case "stopped":
      return "care";
    default:
      return "plain";
  }
}

/** Says entries as lines, each once in each language. */
class Lines {
  #known = new WeakMap<Entry, Line>();

  constructor(
    private readonly said: (typeof words)["en"],
    private readonly say: ReturnType<typeof useSay>,
  ) {}

  of = (entry: Entry): Line => {
    const before = this.#known.get(entry);
    if (before) return before;
    const { record } = entry;
    const level = record ? levelOf(record) : "plain";
    const levelWord = this.said.levels[level];
    const event = record ? this.said.events[record.event] : "";
    const app = escapeText(record?.app ?? "");
    const sentence = record ? this.say(record.sentence) : this.said.pruned;
    const line = {
      time: record ? clockTime(record.at) : "",
      level,
      levelWord,
      event,
      app,
      sentence,
      found: `${levelWord} ${event} ${app} ${sentence}`.toLowerCase(),
    };
    this.#known.set(entry, line);
    return line;
  };
}

export function useLines(): (entry: Entry) => Line {
  const said = useWords(words);
  const say = useSay();
  return useMemo(() => new Lines(said, say).of, [said, say]);
}

/** So long is looked before the browser may draw and hear keys again. */
const SLICE_MS = 8;
/** So often the clock is looked at meanwhile. */
const LOOK_ENTRIES = 64;
/** So often what was found is drawn: drawing costs more than looking. */
const DRAW_EVERY_MS = 120;

interface Found {
  /** What was looked for, and in which language. */
  key: string;
  lineOf: (entry: Entry) => Line;
  entries: readonly Entry[];
  /** All between these two were looked at. */
  from: number;
  through: number;
}

/** The entries that fit, found slice by slice. What was found stays as entries are added. */
export function useFitting(
  entries: readonly Entry[],
  { app, text }: { app: string; text: string },
  lineOf: (entry: Entry) => Line,
): { fitting: readonly Entry[]; isLooking: boolean } {
  const wanted = text.trim().toLowerCase();
  const key = JSON.stringify([app, wanted]);
  const isAll = !app && !wanted;
  const kept = useRef<Found | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (isAll) return undefined;
    const first = entries[0]?.seq ?? 1;
    const before = kept.current;
    const goesOn = before && before.key === key && before.lineOf === lineOf && first >= before.from;
    let state: Found = goesOn
      ? { ...before, from: first, entries: before.entries.filter(({ seq }) => seq >= first) }
      : { key, lineOf, entries: [], from: first, through: first - 1 };
    let index = entries.findIndex(({ seq }) => seq > state.through);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let drawn = 0;
    const fits = (entry: Entry) => (!app || entry.record?.app === app) && lineOf(entry).found.includes(wanted);
    const slice = () => {
      const until = performance.now() + SLICE_MS;
      const more: Entry[] = [];
      while (index >= 0 && index < entries.length && performance.now() < until) {
        more.push(...entries.slice(index, index + LOOK_ENTRIES).filter(fits));
        index = Math.min(entries.length, index + LOOK_ENTRIES);
      }
      state = {
        ...state,
        entries: more.length > 0 ? [...state.entries, ...more] : state.entries,
        through: entries[index - 1]?.seq ?? state.through,
      };
      kept.current = state;
      const isDone = index < 0 || index >= entries.length;
      if (isDone || performance.now() - drawn > DRAW_EVERY_MS) {
        drawn = performance.now();
        setFound(state);
      }
      if (!isDone) timer = setTimeout(slice, 0);
    };
    slice();
    return () => clearTimeout(timer);
  }, [entries, app, wanted, key, isAll, lineOf]);
  if (isAll) return { fitting: entries, isLooking: false };
  const isLooking = found?.key !== key || found.through < (entries.at(-1)?.seq ?? 0);
  return { fitting: found?.entries ?? [], isLooking };
}
