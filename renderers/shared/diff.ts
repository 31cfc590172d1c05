// What changed between two texts, line by line (Myers), and unified patches read into the same form.

export type DiffKind = "same" | "added" | "removed" | "head";

export interface DiffLine {
  kind: DiffKind;
  text: string;
  before?: number;
  after?: number;
}

// Each step of the search costs what was found so far; beyond this many changes nobody reads line by line.
const CHANGES_MAX = 1_000;
const LINES_MAX = 20_000;
// Unchanged lines around a change.
const CONTEXT_LINES = 3;

export interface Diff {
  lines: DiffLine[];
  added: number;
  removed: number;
  /** The texts differ too much: all of the first is removed, all of the second added. */
  is_whole: boolean;
}

export function textsDiff(before: string, after: string): Diff {
  const left = linesOf(before);
  const right = linesOf(after);
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail))
    tail += 1;
  const middleLeft = left.slice(head, left.length - tail);
  const middleRight = right.slice(head, right.length - tail);
  const kept = keptPairs(middleLeft, middleRight);
  const lines: DiffLine[] = [];
  let l = 0;
  let r = 0;
  const same = () => {
    lines.push({ kind: "same", text: left[l] ?? "", before: l + 1, after: r + 1 });
    l += 1;
    r += 1;
  };
  const upTo = (leftEnd: number, rightEnd: number) => {
    for (; l < leftEnd; l += 1) lines.push({ kind: "removed", text: left[l] ?? "", before: l + 1 });
    for (; r < rightEnd; r += 1) lines.push({ kind: "added", text: right[r] ?? "", after: r + 1 });
  };
  while (l < head) same();
  for (const [keptLeft, keptRight] of kept ?? []) {
    upTo(head + keptLeft, head + keptRight);
    same();
  }
  upTo(left.length - tail, right.length - tail);
  while (l < left.length) same();
  return counted(folded(lines), kept === undefined);
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The places of a longest run of lines that both have, in order; nothing where that would take too long. */
function keptPairs(left: readonly string[], right: readonly string[]): [number, number][] | undefined {
  const most = Math.min(left.length + right.length, CHANGES_MAX);
  if (left.length > LINES_MAX || right.length > LINES_MAX) return undefined;
  const middle = most + 1;
  let reach = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let changes = 0; changes <= most; changes += 1) {
    history.push(reach.slice());
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      let x = stepIn(reach, middle, diagonal, changes).x;
      let y = x - diagonal;
      while (x < left.length && y < right.length && left[x] === right[y]) {
        x += 1;
        y += 1;
      }
      reach[middle + diagonal] = x;
      if (x >= left.length && y >= right.length) return walkBack(history, middle, left.length, right.length);
    }
  }
  reach = new Int32Array(0);
  return undefined;
}

/** Where the furthest path on a diagonal comes from: down (a line added) or right (a line removed). */
function stepIn(reach: Int32Array, middle: number, diagonal: number, changes: number): { x: number; from: number } {
  const down = reach[middle + diagonal + 1] ?? 0;
  const right = reach[middle + diagonal - 1] ?? 0;
  if (diagonal === -changes || (diagonal !== changes && right < down)) return { x: down, from: diagonal + 1 };
  return { x: right + 1, from: diagonal - 1 };
}

function walkBack(
  history: readonly Int32Array[],
  middle: number,
  leftEnd: number,
  rightEnd: number,
): [number, number][] {
  const pairs: [number, number][] = [];
  let x = leftEnd;
  let y = rightEnd;
  for (let changes = history.length - 1; changes >= 0; changes -= 1) {
    const reach = history[changes];
    if (reach === undefined) break;
    const { x: entered, from } = stepIn(reach, middle, x - y, changes);
    const start = changes === 0 ? 0 : entered;
    while (x > start) {
      x -= 1;
      y -= 1;
      pairs.push([x, y]);
    }
    if (changes === 0) break;
    x = reach[middle + from] ?? 0;
    y = x - from;
  }
  return pairs.reverse();
}

/** Long unchanged stretches become one line that says how many they are. */
function folded(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Uint8Array(lines.length);
  for (const [place, { kind }] of lines.entries()) {
    if (kind === "same") continue;
    near.fill(1, Math.max(0, place - CONTEXT_LINES), place + CONTEXT_LINES + 1);
  }
  const out: DiffLine[] = [];
  let hidden = 0;
  for (const [place, line] of lines.entries()) {
    if (near[place] === 0) {
      hidden += 1;
      continue;
    }
    if (hidden > 0) out.push({ kind: "head", text: "", before: hidden });
    hidden = 0;
    out.push(line);
  }
  if (hidden > 0) out.push({ kind: "head", text: "", before: hidden });
  return out;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** Reads a unified patch. What is not understood stays visible as a headline. */
export function patchDiff(patch: string): Diff {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let is_hunk = false;
  for (const line of linesOf(patch)) {
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      is_hunk = true;
      lines.push({ kind: "head", text: line });
    } else if (is_hunk && line.startsWith("+") && !line.startsWith("+++ ")) {
      lines.push({ kind: "added", text: line.slice(1), after });
      after += 1;
    } else if (is_hunk && line.startsWith("-") && !line.startsWith("--- ")) {
      lines.push({ kind: "removed", text: line.slice(1), before });
      before += 1;
    } else if (is_hunk && (line.startsWith(" ") || line === "")) {
      lines.push({ kind: "same", text: line.slice(1), before, after });
      before += 1;
      after += 1;
    } else {
      is_hunk &&= line.startsWith("\\");
      lines.push({ kind: "head", text: line });
    }
  }
  return counted(lines, false);
}

function counted(lines: DiffLine[], is_whole: boolean): Diff {
  let added = 0;
  let removed = 0;
  for (const { kind } of lines) {
    if (kind === "added") added += 1;
    if (kind === "removed") removed += 1;
  }
  return { lines, added, removed, is_whole };
}
