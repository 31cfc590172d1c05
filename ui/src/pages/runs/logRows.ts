// Lines of a log as rows of one height: filtered, and broken where the view ends. As lines come only the new ones are
// looked at, so that following a long log costs no more than a short one.
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

  /** Takes in what is new. */
  follow(log: readonly LogRow[]): this {
    for (; this.#read < log.length; this.#read += 1) {
      const line = log[this.#read];
      if (line && (!this.#wanted || line.text.toLowerCase().includes(this.#wanted))) this.#take(line);
    }
    return this;
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
