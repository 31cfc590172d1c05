// How cells are said and put in order.

import type { Cell } from "./data";
import { escapeText } from "./escape";

export interface CellWords {
  language: string;
  yes: string;
  no: string;
}

const PLAIN: CellWords = { language: "en", yes: "yes", no: "no" };

/** Numbers in the reader's way with all their digits, text escaped, nothing for what is absent. */
export function cellText(cell: Cell | undefined, { language, yes, no }: CellWords = PLAIN): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "boolean") return cell ? yes : no;
  if (typeof cell === "number") return numberText(cell, language);
  return escapeText(cell);
}

const numberFormats = new Map<string, Intl.NumberFormat>();

export function numberText(value: number, language: string): string {
  let format = numberFormats.get(language);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, { maximumSignificantDigits: 17 });
    numberFormats.set(language, format);
  }
  return format.format(value);
}

/** A number that a text is, such as `-12.50`; dates and ids with dashes are none. */
function numberOf(cell: Cell): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?\s*$/i.test(cell)) return undefined;
  return Number(cell);
}

/** Whether a column reads as numbers, so that it stands at the end of its cell. */
export function isNumberColumn(rows: readonly (readonly Cell[])[], column: number): boolean {
  // The first rows say it: a column that changes its kind later is still readable.
  let numbers = 0;
  for (const row of rows.slice(0, 200)) {
    const cell = row[column];
    if (cell === null || cell === undefined || cell === "") continue;
    if (numberOf(cell) === undefined) return false;
    numbers += 1;
  }
  return numbers > 0;
}

export type Order = "ascending" | "descending";

/** The places of the rows in the order of one column: numbers before text, and what is absent always last. */
export function sortedPlaces(
  rows: readonly (readonly Cell[])[],
  column: number,
  order: Order,
  language: string,
): number[] {
  const collator = new Intl.Collator(language, { numeric: true });
  const sign = order === "ascending" ? 1 : -1;
  const keys = rows.map((row) => {
    const cell = row[column] ?? null;
    if (cell === null || cell === "") return { kind: 2, number: 0, text: "" } as const;
    const number = numberOf(cell);
    if (number !== undefined) return { kind: 0, number, text: "" } as const;
    return { kind: 1, number: 0, text: String(cell) } as const;
  });
  return keys
    .map((_, place) => place)
    .sort((left, right) => {
      const a = keys[left];
      const b = keys[right];
      if (a === undefined || b === undefined) return 0;
      if (a.kind === 2 || b.kind === 2) return a.kind - b.kind || left - right;
      if (a.kind !== b.kind) return sign * (a.kind - b.kind);
      const differs = a.kind === 0 ? a.number - b.number : collator.compare(a.text, b.text);
      return sign * differs || left - right;
    });
}
