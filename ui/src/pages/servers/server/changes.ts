// A change of a tool, as lines that a person can read: what was and what is, with what stays around it.
import type { Schemas } from "@/api/client";
import { textsDiff } from "../../../../../renderers/shared/diff";

export type Difference = Schemas["ToolDifference"];

export interface Piece {
  /** Some characters that both lines have, and that are left out. */
  skipped?: number;
  text: string;
  /** Only in this one of two lines that are much alike. */
  isOwn: boolean;
}

export interface ChangeLine {
  kind: "same" | "removed" | "added" | "skipped";
  pieces: Piece[];
  /** Of `skipped`: how many lines there are that both have. */
  lines: number;
}

/** What two lines have in common is left out where it is longer; so much of it stays on either side. */
const SKIPPED_MIN = 240;
const AROUND = 80;

/** Schemas come on one line each: what is JSON is set out. */
function laidOut(text: string | null | undefined): string {
  if (text === null || text === undefined) return "";
  if (!/^[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function changeLines({ before, after }: Difference): ChangeLine[] {
  const { lines } = textsDiff(laidOut(before), laidOut(after));
  const told: ChangeLine[] = [];
  for (let place = 0; place < lines.length; place += 1) {
    const line = lines[place];
    if (!line) continue;
    const next = lines[place + 1];
    const isPair =
      line.kind === "removed" &&
      next?.kind === "added" &&
      lines[place - 1]?.kind !== "removed" &&
      lines[place + 2]?.kind !== "added";
    if (isPair) {
      const [removed, added] = pair(line.text, next.text);
      told.push({ kind: "removed", pieces: removed, lines: 1 }, { kind: "added", pieces: added, lines: 1 });
      place += 1;
    } else if (line.kind === "head") {
      told.push({ kind: "skipped", pieces: [], lines: line.before ?? 0 });
    } else {
      told.push({ kind: line.kind, pieces: [{ text: line.text, isOwn: false }], lines: 1 });
    }
  }
  return told;
}

/** Two lines of which one took the place of the other: what each has for itself. */
function pair(before: string, after: string): [Piece[], Piece[]] {
  const [left, right] = [Array.from(before), Array.from(after)];
  const most = Math.min(left.length, right.length);
  let head = 0;
  while (head < most && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < most - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail += 1;
  const pieces = (characters: string[]): Piece[] => {
    const end = characters.length - tail;
    return [
      ...shortened(characters.slice(0, head), "head"),
      { text: characters.slice(head, end).join(""), isOwn: true },
      ...shortened(characters.slice(end), "tail"),
    ].filter(({ text, skipped }) => text !== "" || skipped !== undefined);
  };
  return [pieces(left), pieces(right)];
}

function shortened(characters: string[], side: "head" | "tail"): Piece[] {
  const text = (from: string[]) => ({ text: from.join(""), isOwn: false });
  if (characters.length < SKIPPED_MIN) return [text(characters)];
  const skipped = { text: "", isOwn: false, skipped: characters.length - AROUND };
  return side === "head" ? [skipped, text(characters.slice(-AROUND))] : [text(characters.slice(0, AROUND)), skipped];
}

export const lengthOf = (lines: readonly ChangeLine[]): number =>
  lines.reduce((sum, { pieces }) => sum + pieces.reduce((all, { text }) => all + text.length, 0), 0);

/** The lines that fit into so many characters; the last of them is cut where it is too long. */
export function firstOf(lines: readonly ChangeLine[], charactersMax: number): ChangeLine[] {
  let left = charactersMax;
  const shown: ChangeLine[] = [];
  for (const line of lines) {
    if (left <= 0) break;
    const pieces: Piece[] = [];
    for (const piece of line.pieces) {
      if (left <= 0) break;
      pieces.push(piece.text.length <= left ? piece : { ...piece, text: `${piece.text.slice(0, left)}…` });
      left -= piece.text.length;
    }
    shown.push({ ...line, pieces });
    // A line takes room, however short it is.
    left -= 1;
  }
  return shown;
}
