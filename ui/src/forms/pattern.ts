/**
 * Regular expressions that strangers wrote, matched in time that grows with the text only: all ways are followed at
 * once (Thompson), so no pattern can hang the page as a backtracking `RegExp` can. What ECMAScript and oikos' own
 * engine understand differently is not compiled: then the place counts as not checked here.
 */
import { parsePattern, type Tree } from "./patternSyntax";

const PROGRAM_MAX = 4_096;

export type CharacterTest = (codePoint: number) => boolean;

type Instruction =
  | { is: "character"; test: CharacterTest }
  | { is: "split"; ways: number[] }
  | { is: "start" }
  | { is: "end" }
  | { is: "found" };

/** Work that may still be done; shared by all patterns of one check. */
export interface Steps {
  left: number;
}

/** Whether the pattern is found in the text; `undefined` where the steps did not suffice or the engines differ. */
export type Matcher = (text: string, steps: Steps) => boolean | undefined;

export const compilePattern = (pattern: string): Matcher | undefined => {
  const parsed = parsePattern(pattern);
  if (parsed === undefined) return undefined;
  const program: Instruction[] = [];
  if (!emit(parsed.tree, program)) return undefined;
  program.push({ is: "found" });
  return (text, steps) =>
    // Which line ends a dot stands for is not the same in both engines.
    parsed.hasDot && /[\r\u2028\u2029]/.test(text) ? undefined : search(program, text, steps);
};

/** Appends the tree's program; false where it would be too large. */
const emit = (tree: Tree, program: Instruction[]): boolean => {
  if (program.length > PROGRAM_MAX) return false;
  switch (tree.is) {
    case "character":
      program.push({ is: "character", test: tree.test });
      return true;
    case "start":
    case "end":
      program.push({ is: tree.is });
      return true;
    case "sequence":
      return tree.parts.every((part) => emit(part, program));
    case "choice":
      return emitChoice(tree.ways, program);
    case "repeat":
      return emitRepeat(tree, program);
  }
};

const emitChoice = (ways: Tree[], program: Instruction[]): boolean => {
  const fork = { is: "split" as const, ways: [] as number[] };
  const ends: { ways: number[] }[] = [];
  program.push(fork);
  for (const way of ways) {
    fork.ways.push(program.length);
    if (!emit(way, program)) return false;
    const jump = { is: "split" as const, ways: [] as number[] };
    program.push(jump);
    ends.push(jump);
  }
  for (const end of ends) end.ways.push(program.length);
  return true;
};

const emitRepeat = (tree: Tree & { is: "repeat" }, program: Instruction[]): boolean => {
  for (let count = 0; count < tree.least; count += 1) {
    const length = program.length;
    if (!emit(tree.part, program)) return false;
    // A part without characters, such as `(){1000}`, is the same once as often.
    if (program.length === length) break;
  }
  if (tree.most === Infinity) {
    const loop = { is: "split" as const, ways: [program.length + 1] };
    const at = program.push(loop) - 1;
    if (!emit(tree.part, program)) return false;
    program.push({ is: "split", ways: [at] });
    loop.ways.push(program.length);
    return true;
  }
  const exits: { ways: number[] }[] = [];
  for (let count = tree.least; count < tree.most; count += 1) {
    const exit = { is: "split" as const, ways: [program.length + 1] };
    program.push(exit);
    exits.push(exit);
    if (!emit(tree.part, program)) return false;
  }
  for (const exit of exits) exit.ways.push(program.length);
  return true;
};

const search = (program: Instruction[], text: string, steps: Steps): boolean | undefined => {
  const seenAt = new Int32Array(program.length).fill(-1);
  let waiting: number[] = [];
  let position = 0;
  for (let at = 0; ; position += 1) {
    const codePoint = text.codePointAt(at);
    const isEnd = codePoint === undefined;
    const next: number[] = [];
    waiting.push(0);
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (seenAt[place] === position) continue;
      seenAt[place] = position;
      if ((steps.left -= 1) < 0) return undefined;
      const instruction = program[place];
      if (instruction === undefined) continue;
      if (instruction.is === "found") return true;
      if (instruction.is === "split") waiting.push(...instruction.ways);
      else if (instruction.is === "character") {
        if (!isEnd && instruction.test(codePoint)) next.push(place + 1);
      } else if (instruction.is === "start" ? position === 0 : isEnd) waiting.push(place + 1);
    }
    if (isEnd) return false;
    waiting = next;
    at += codePoint > 0xffff ? 2 : 1;
  }
};
