// Lines of a log as rows of one height: filtered, and broken where the view ends. As lines come only the new ones are
// looked at, so that following a long log costs no more than a short one; and of very many only so many at once that
// whoever types or scrolls meanwhile is not held up.
import { useEffect, useMemo, useReducer } from "react";
import type { LogRow } from "@/live/runStream";
import { escapeText } from "@/text/escape";

export interface ShownRow {
  seq: number;
  /** Said once, where the line begins. */
  level: LogRow["level"] | null;
  text: string;
}

/** Characters of these take two columns. */
const WIDE = /[\u1100-\uffff]/;
/** A line of a megabyte must not be a page of its own. */
const ROWS_OF_LINE_MAX = 200;
/** So long is looked before the browser may draw and hear keys again. */
const SLICE_MS = 8;
/** So often the clock is looked at meanwhile. */
const LOOK_LINES = 64;
/** So often what was found is drawn: drawing costs more than looking. */
const DRAW_EVERY_MS = 120;

export class LogRows {
  rows: ShownRow[] = [];
  /** How many lines fit the filter. */
  lines = 0;
  #read = 0;
  #wanted: string;

  constructor(
    readonly filter: string,
    readonly columns: number,
  ) {
    this.#wanted = filter.toLowerCase();
  }

  /** Takes in what is new, until the time is over. The answer says whether that was all. */
  follow(log: readonly LogRow[], forMs = Infinity): boolean {
    const until = performance.now() + forMs;
    for (let looked = 1; this.#read < log.length; this.#read += 1, looked += 1) {
      if (looked % LOOK_LINES === 0 && performance.now() >= until) return false;
      const line = log[this.#read];
      if (line && (!this.#wanted || line.text.toLowerCase().includes(this.#wanted))) this.#take(line);
    }
    return true;
  }

  #take({ seq, level, text }: LogRow): void {
    this.lines += 1;
    const shown = escapeText(text.replaceAll("\t", "  "));
    const columns = WIDE.test(shown) ? Math.max(1, Math.floor(this.columns / 2)) : this.columns;
    let at = 0;
    let rows = 0;
    do {
      const end = at + columns;
      const isHigh = (shown.charCodeAt(end - 1) & 0xfc00) === 0xd800;
      const cut = isHigh && columns > 1 ? end - 1 : end;
      rows += 1;
      const isLast = rows === ROWS_OF_LINE_MAX && cut < shown.length;
      this.rows.push({ seq, level: at === 0 ? level : null, text: isLast ? "…" : shown.slice(at, cut) });
      at = cut;
    } while (at < shown.length && rows < ROWS_OF_LINE_MAX);
  }
}

/** The rows of a log that grows, as often as it is drawn. While not all was looked at, they are those found so far. */
export function useLogRows(log: readonly LogRow[], filter: string, columns: number) {
  const rows = useMemo(() => new LogRows(filter, columns), [filter, columns]);
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  const isLooking = !rows.follow(log, SLICE_MS);
  useEffect(() => {
    if (!isLooking) return undefined;
    let drawnAt = performance.now();
    let timer = setTimeout(function slice() {
      const isDone = rows.follow(log, SLICE_MS);
      if (isDone || performance.now() - drawnAt > DRAW_EVERY_MS) {
        drawnAt = performance.now();
        draw();
      }
      if (!isDone) timer = setTimeout(slice, 0);
    }, 0);
    return () => clearTimeout(timer);
  }, [rows, log, isLooking]);
  return { rows: rows.rows, lines: rows.lines, isLooking };
}
