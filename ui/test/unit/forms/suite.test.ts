/** The official JSON-Schema-Test-Suite: what the page says is what the suite says, or "not checked here". */
import { describe, expect, test } from "vitest";
import { judge, OFFICIAL, readGroups } from "./cases";

/** What was measured. A file that is missing here is checked whole. */
const UNCHECKED: Record<string, number> = {
  "anchor.json": 8,
  // Whole numbers from 2^53 on, of which the page cannot know the last digits.
  "const.json": 2,
  "defs.json": 2,
  "dynamicRef.json": 42,
  "not.json": 2,
  "ref.json": 33,
  "refRemote.json": 31,
  "unevaluatedItems.json": 64,
  "unevaluatedProperties.json": 108,
  "vocabulary.json": 5,
  "optional/anchor.json": 3,
  "optional/bignum.json": 2,
  "optional/cross-draft.json": 1,
  "optional/dependencies-compatibility.json": 36,
  "optional/dynamicRef.json": 2,
  "optional/id.json": 3,
  "optional/unknownKeyword.json": 3,
};

const judgeFile = (file: string) => readGroups(`draft2020-12/${file}`).flatMap(judge);

describe("the official suite", () => {
  test("is whole", () => {
    expect(OFFICIAL.length).toBe(58);
  });

  test.each(OFFICIAL)("%s", (file) => {
    const judged = judgeFile(file);
    expect(judged.filter(({ state, wanted }) => state !== "unchecked" && state !== wanted)).toEqual([]);
    expect(judged.filter(({ state }) => state === "unchecked").length).toBeLessThanOrEqual(UNCHECKED[file] ?? 0);
  });

  test("is checked as far as was measured", () => {
    const judged = OFFICIAL.flatMap(judgeFile);
    const checked = judged.filter(({ state }) => state !== "unchecked").length;
    console.log(`JSON-Schema-Test-Suite 2020-12: ${judged.length} tests, ${checked} checked, all as the suite says`);
    expect(judged.length).toBe(1411);
    expect(checked).toBeGreaterThanOrEqual(1064);
  });
});
