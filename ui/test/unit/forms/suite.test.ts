/** The official JSON-Schema-Test-Suite: what the page says is what the suite says, or "not checked here". */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { validate } from "@/forms/validate";

interface Group {
  description: string;
  schema: unknown;
  tests: { description: string; data: unknown; valid: boolean }[];
}

const FOLDER = join(import.meta.dirname, "../../suite/draft2020-12");
/** By default `format` says what is meant and demands nothing (format.json); these files suppose that it demands. */
const FORMAT_DEMANDS = /^optional\/format(\/|-assertion)/;
/** What was measured. A file that is missing here is checked whole. */
const UNCHECKED: Record<string, number> = {
  "anchor.json": 8,
  "defs.json": 2,
  "dynamicRef.json": 42,
  "not.json": 2,
  "ref.json": 33,
  "refRemote.json": 31,
  "unevaluatedItems.json": 64,
  "unevaluatedProperties.json": 108,
  "vocabulary.json": 5,
  "optional/anchor.json": 3,
  "optional/cross-draft.json": 1,
  "optional/dependencies-compatibility.json": 36,
  "optional/dynamicRef.json": 2,
  "optional/id.json": 3,
  "optional/unknownKeyword.json": 3,
};

const files = readdirSync(FOLDER, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".json") && !FORMAT_DEMANDS.test(name))
  .toSorted();

const judge = (file: string) => {
  const groups = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Group[];
  return groups.flatMap((group) =>
    group.tests.map(({ description, data, valid }) => ({
      name: `${group.description}: ${description}`,
      wanted: valid ? "valid" : "invalid",
      state: validate(group.schema, data).state,
    })),
  );
};

describe("the official suite", () => {
  test("is whole", () => {
    expect(files.length).toBe(58);
  });

  test.each(files)("%s", (file) => {
    const judged = judge(file);
    expect(judged.filter(({ state, wanted }) => state !== "unchecked" && state !== wanted)).toEqual([]);
    expect(judged.filter(({ state }) => state === "unchecked").length).toBeLessThanOrEqual(UNCHECKED[file] ?? 0);
  });

  test("is checked as far as was measured", () => {
    const judged = files.flatMap(judge);
    const checked = judged.filter(({ state }) => state !== "unchecked").length;
    console.log(`JSON-Schema-Test-Suite 2020-12: ${judged.length} tests, ${checked} checked, all as the suite says`);
    expect(judged.length).toBe(1411);
    expect(checked).toBeGreaterThanOrEqual(1068);
  });
});
