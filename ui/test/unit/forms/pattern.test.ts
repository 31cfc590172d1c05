import { describe, expect, test } from "vitest";
import { compilePattern } from "@/forms/pattern";

const find = (pattern: string, text: string): boolean | undefined => compilePattern(pattern)?.(text, { left: 1e6 });

/** What the browser's own engine says, for patterns that it can take. */
const cases: [pattern: string, ...texts: string[]][] = [
  ["", "", "a"],
  ["a", "", "a", "bab", "A"],
  ["^a$", "a", "aa", "a\n", "\na"],
  ["a|b|cd", "c", "cd", "xb"],
  ["^(a|ab)(c|bcd)$", "abcd", "ac", "abc", "abcdx"],
  ["^[a-c]+$", "abc", "abcd", ""],
  ["^[^a-c]$", "a", "d", "😀", "dd"],
  ["^\\d{2,3}$", "1", "12", "123", "1234"],
  ["^\\d{2,}$", "1", "12", "123456"],
  ["^\\w+\\W\\s\\S$", "ab- x", "ab-xx", "é- x"],
  ["^\\u0041\\x42\\u{1F600}$", "AB😀", "AB"],
  ["^.$", "a", "😀", "\n", "ab"],
  ["^(?:ab)*?c$", "c", "ababc", "abac"],
  ["^(?<year>\\d{4})$", "2026", "26"],
  ["^[\\d\\-.]+$", "1-2.3", "a"],
  ["^[a\\]b-]+$", "a]-b", "c"],
  ["^\\p{L}+$", "Grüße", "a1", "ж"],
  ["^[^\\p{Lu}]$", "a", "A"],
  ["^\\P{Lu}$", "a", "A"],
  ["^(count|(count|sum|min|max|mean) .+)$", "count", "sum price", "sum ", "sums"],
  ["^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", "2026-11-21", "2026-13-01"],
  ["^[^\\s#,<>]+$", "tag", "a tag", "a\u00a0b", "a\ufeffb", "a#b"],
  ["^\\cJ$", "\n", "J"],
  ["^a{0}$", "", "a"],
  ["(^|x)a$", "a", "xa", "ya"],
  ["^(a?){3}$", "", "aa", "aaaa"],
  ["^((a*)*)*$", "aaaa", "b"],
  ["a$|^b", "ca", "bc", "cb"],
  ["\\$\\^\\.\\/", "$^./"],
];

describe("a pattern", () => {
  test.each(cases)("%s finds what the browser's engine finds", (pattern, ...texts) => {
    for (const text of texts) expect([text, find(pattern, text)]).toEqual([text, new RegExp(pattern, "u").test(text)]);
  });

  test.each([
    "(?=a)b",
    "(?!a)",
    "(?<=a)b",
    "(?<!a)b",
    "(a)\\1",
    "(?<n>a)\\k<n>",
    "(?i:a)",
    "\\bword\\b",
    "[]",
    "[^]",
    "[\\d-z]",
    "[z-a]",
    "(",
    ")",
    "a)",
    "[a",
    "*",
    "a**",
    "a++",
    "a{2,1}",
    "a{",
    "a{1001}",
    "\\",
    "\\q",
    "\\u{110000}",
    "\\ud800",
    "\\p{NoSuchProperty}",
    "\\p{L}{1000}\\p{__proto__}",
    "^*",
    "x".repeat(2_001),
    "(".repeat(60) + ")".repeat(60),
    "((a{100}){100}){100}",
  ])("%s is not judged here", (pattern) => {
    expect(compilePattern(pattern)).toBeUndefined();
  });

  test.each(["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*)*$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "%s takes steps in proportion to the text",
    (pattern) => {
      const matches = compilePattern(pattern);
      const stepsFor = (length: number): number => {
        const steps = { left: 1e9 };
        matches?.(`${"a".repeat(length)}!`, steps);
        return 1e9 - steps.left;
      };
      expect(stepsFor(20_000)).toBeLessThan(20_000 * 60);
      expect(stepsFor(20_000) / stepsFor(10_000)).toBeLessThan(2.1);
    },
  );

  test("that repeats nothing a billion times is compiled at once", () => {
    expect(find("^((((){1000}){1000}){1000}){1000}$", "")).toBe(true);
    expect(find("^((((){1000}){1000}){1000}){1000}$", "a")).toBe(false);
    expect(compilePattern("^((((()*){1000}){1000}){1000}){1000}$")).toBeUndefined();
  });

  test("gives no answer when the steps do not suffice", () => {
    expect(compilePattern("^a*$")?.("a".repeat(100), { left: 50 })).toBeUndefined();
  });

  test("with a dot gives no answer where the engines end lines differently", () => {
    expect(find("^.$", "\r")).toBeUndefined();
    expect(find("^.$", "\u2028")).toBeUndefined();
    expect(find("^[a\\r]$", "\r")).toBe(true);
  });
});
