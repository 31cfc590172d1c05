/** The official JSON-Schema-Test-Suite: what the page says is what the suite says, or "not checked here". */
import { describe, expect, test } from "vitest";
import { filesOf, judge, readGroups, SUITES } from "./cases";

/** What was measured. A file that is missing here is checked whole. */
const NEWEST: Record<string, number> = {
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

/** Where more of them ask about `$id`, about the schema of schemas, and for a pattern that is none. */
const AT_47958F82 = {
  ...NEWEST,
  "anchor.json": 14,
  "id.json": 17,
  "ref.json": 34,
  "unknownKeyword.json": 3,
  "optional/ecmascript-regex.json": 1,
};
/** How many files each suite has, how many tests, and how many of those were checked when it was measured. */
const MEASURED = {
  "draft2020-12": { files: 58, tests: 1_411, checked: 1_064, unchecked: NEWEST },
  "draft2020-12-at-47958f82": { files: 57, tests: 1_317, checked: 979, unchecked: AT_47958F82 },
};

type Measured = Record<"files" | "tests" | "checked", number> & { unchecked: Record<string, number> };

describe.each(SUITES)("the official suite, %s", (suite) => {
  const judgeFile = (file: string) => readGroups(`${suite}/${file}`).flatMap(judge);
  const files = filesOf(suite);
  const measured: Measured = MEASURED[suite];

  test.each(files)("%s", (file) => {
    const judged = judgeFile(file);
    expect(judged.filter(({ state, wanted }) => state !== "unchecked" && state !== wanted)).toEqual([]);
    expect(judged.filter(({ state }) => state === "unchecked").length).toBeLessThanOrEqual(
      measured.unchecked[file] ?? 0,
    );
  });

  test("is whole, and checked as far as was measured", () => {
    const judged = files.flatMap(judgeFile);
    const checked = judged.filter(({ state }) => state !== "unchecked").length;
    console.log(`${suite}: ${judged.length} tests, ${checked} checked, all as the suite says`);
    expect([files.length, judged.length]).toEqual([measured.files, measured.tests]);
    expect(checked).toBeGreaterThanOrEqual(measured.checked);
  });
});
