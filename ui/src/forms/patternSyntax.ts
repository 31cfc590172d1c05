/** Reads the part of ECMAScript's patterns (with the `u` flag) that a machine without backtracking can run. */
import type { CharacterTest } from "./pattern";

export type Tree =
  | { is: "character"; test: CharacterTest }
  | { is: "start" | "end" }
  | { is: "sequence"; parts: Tree[] }
  | { is: "choice"; ways: Tree[] }
  | { is: "repeat"; part: Tree; least: number; most: number };

const PATTERN_CHARACTERS_MAX = 2_000;
const GROUPS_DEPTH_MAX = 50;
const REPEATS_MAX = 1_000;

class NotRead extends Error {}

export const parsePattern = (pattern: string): { tree: Tree; hasDot: boolean } | undefined => {
  if (pattern.length > PATTERN_CHARACTERS_MAX) return undefined;
  try {
    const reader = new Reader(pattern);
    return { tree: reader.whole(), hasDot: reader.hasDot };
  } catch (error) {
    if (error instanceof NotRead) return undefined;
    throw error;
  }
};

const between =
  (...bounds: [number, number][]): CharacterTest =>
  (codePoint) =>
    bounds.some(([from, to]) => from <= codePoint && codePoint <= to);
const not =
  (test: CharacterTest): CharacterTest =>
  (codePoint) =>
    !test(codePoint);
const exactly =
  (wanted: number): CharacterTest =>
  (codePoint) =>
    codePoint === wanted;

const DIGIT = between([0x30, 0x39]);
const WORD = between([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
const SPACE = between(
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
);
const SETS: Record<string, CharacterTest> = { d: DIGIT, D: not(DIGIT), w: WORD, W: not(WORD), s: SPACE, S: not(SPACE) };
const CONTROLS: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13 };
const PUNCTUATION = "^$\\.*+?()[]{}|/-";

class Reader {
  hasDot = false;
  private at = 0;
  private depth = 0;

  constructor(private readonly pattern: string) {}

  whole(): Tree {
    const tree = this.choice();
    if (this.at < this.pattern.length) throw new NotRead();
    return tree;
  }

  private peek(): string {
    return this.pattern[this.at] ?? "";
  }

  private takes(expected: string): boolean {
    const isNext = this.pattern.startsWith(expected, this.at);
    if (isNext) this.at += expected.length;
    return isNext;
  }

  private matches(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const match = expression.exec(this.pattern);
    if (match !== null) this.at += match[0].length;
    return match;
  }

  private codePoint(): number {
    const codePoint = this.pattern.codePointAt(this.at);
    if (codePoint === undefined) throw new NotRead();
    this.at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  private choice(): Tree {
    if ((this.depth += 1) > GROUPS_DEPTH_MAX) throw new NotRead();
    const ways = [this.sequence()];
    while (this.takes("|")) ways.push(this.sequence());
    this.depth -= 1;
    return ways.length === 1 && ways[0] !== undefined ? ways[0] : { is: "choice", ways };
  }

  private sequence(): Tree {
    const parts: Tree[] = [];
    while (this.at < this.pattern.length && this.peek() !== "|" && this.peek() !== ")") parts.push(this.quantified());
    return { is: "sequence", parts };
  }

  private quantified(): Tree {
    if (this.takes("^")) return this.anchor("start");
    if (this.takes("$")) return this.anchor("end");
    const part = this.atom();
    const bounds = this.quantifier();
    if (bounds === undefined) return part;
    const [least, most] = bounds;
    if (least > most || least > REPEATS_MAX || (most > REPEATS_MAX && most !== Infinity)) throw new NotRead();
    if ("*+?{".includes(this.peek()) && this.peek() !== "") throw new NotRead();
    return { is: "repeat", part, least, most };
  }

  private anchor(is: "start" | "end"): Tree {
    if ("*+?{".includes(this.peek()) && this.peek() !== "") throw new NotRead();
    return { is };
  }

  private quantifier(): [number, number] | undefined {
    const match = this.matches(/(?:([*+?])|\{(\d{1,5})(,(\d{1,5})?)?\})\??/y);
    if (match === null) return undefined;
    const [, sign, least, comma, most] = match;
    if (sign !== undefined) return sign === "?" ? [0, 1] : [sign === "*" ? 0 : 1, Infinity];
    return [Number(least), comma === undefined ? Number(least) : most === undefined ? Infinity : Number(most)];
  }

  private atom(): Tree {
    if (this.takes("(")) {
      const isPlain = this.takes("?:") || this.matches(/\?<[A-Za-z_][A-Za-z0-9_]*>/y) !== null || this.peek() !== "?";
      if (!isPlain) throw new NotRead();
      const tree = this.choice();
      if (!this.takes(")")) throw new NotRead();
      return tree;
    }
    if (this.takes(".")) {
      this.hasDot = true;
      return { is: "character", test: not(exactly(0x0a)) };
    }
    if (this.takes("[")) return { is: "character", test: this.set() };
    if (this.takes("\\")) {
      const escaped = this.escape();
      return { is: "character", test: typeof escaped === "number" ? exactly(escaped) : escaped };
    }
    if ("*+?{}]".includes(this.peek())) throw new NotRead();
    return { is: "character", test: exactly(this.codePoint()) };
  }

  private set(): CharacterTest {
    const isOpposite = this.takes("^");
    // `[]` and `[^]` mean something in one engine and nothing in the other.
    if (this.peek() === "]") throw new NotRead();
    const tests: CharacterTest[] = [];
    while (!this.takes("]")) {
      const from = this.member();
      const isRange = this.peek() === "-" && this.pattern[this.at + 1] !== "]";
      if (!isRange) {
        tests.push(typeof from === "number" ? exactly(from) : from);
        continue;
      }
      this.at += 1;
      const to = this.member();
      if (typeof from !== "number" || typeof to !== "number" || from > to) throw new NotRead();
      tests.push(between([from, to]));
    }
    const isMember: CharacterTest = (codePoint) => tests.some((test) => test(codePoint));
    return isOpposite ? not(isMember) : isMember;
  }

  private member(): number | CharacterTest {
    if (this.at >= this.pattern.length) throw new NotRead();
    return this.takes("\\") ? this.escape() : this.codePoint();
  }

  private escape(): number | CharacterTest {
    const hexadecimal = this.matches(/x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})/y);
    if (hexadecimal !== null) {
      const codePoint = parseInt(hexadecimal[1] ?? hexadecimal[2] ?? hexadecimal[3] ?? "", 16);
      // Halves of a pair are characters for nobody but ECMAScript.
      if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) throw new NotRead();
      return codePoint;
    }
    const property = this.matches(/([pP])\{([A-Za-z0-9_=]{1,60})\}/y);
    if (property !== null) return this.property(property[1] === "P", property[2] ?? "");
    const control = this.matches(/c([A-Za-z])/y);
    if (control !== null) return (control[1] ?? "").charCodeAt(0) % 32;
    const letter = this.peek();
    this.at += 1;
    if (Object.hasOwn(SETS, letter)) return SETS[letter] as CharacterTest;
    if (Object.hasOwn(CONTROLS, letter)) return CONTROLS[letter] as number;
    if (letter !== "" && PUNCTUATION.includes(letter)) return letter.charCodeAt(0);
    throw new NotRead();
  }

  private property(isOpposite: boolean, name: string): CharacterTest {
    let expression: RegExp;
    try {
      // One character against one property: nothing here can backtrack.
      expression = new RegExp(`^\\p{${name}}$`, "u");
    } catch {
      throw new NotRead();
    }
    return (codePoint) => expression.test(String.fromCodePoint(codePoint)) !== isOpposite;
  }
}
