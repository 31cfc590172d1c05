/**
 * Keeps `test/suite/verdicts.txt`, which says of every pair of schema and value what the page makes of it.
 * `crates/package/tests/it/agreement.rs` holds the server to it. `VERDICTS=write` writes it, and the random pairs, anew.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesOf, FOLDER, judge, readGroups, readText, SUITES, type Judged } from "./cases";
import { randomGroups } from "./random";

const OFFICIAL = SUITES.flatMap((suite) => filesOf(suite).map((file) => `${suite}/${file}`));
const FILES = [...OFFICIAL, "hostile.json", "random.json"];
const isWriting = process.env["VERDICTS"] === "write";

const committed = (file: string, current: string): string => {
  if (isWriting) writeFileSync(join(FOLDER, file), current);
  return existsSync(join(FOLDER, file)) ? readText(file) : "";
};

const random = (): string =>
  `[\n${randomGroups()
    .map((group) => JSON.stringify(group))
    .join(",\n")}\n]\n`;

/** One line for each schema: where it is, and a letter for each value. */
const line = (file: string, index: number, judged: Judged[]): string =>
  `${file} ${index} ${judged.map(({ state }) => state.charAt(0)).join("")}`;

describe("what the server is held to", () => {
  test("the random pairs are those that are made", () => {
    const made = random();
    expect(committed("random.json", made) === made).toBe(true);
    expect(made.length).toBeLessThan(300 << 10);
  });

  test("no hostile pair is judged wrongly", () => {
    const judged = readGroups("hostile.json").flatMap(judge);
    expect(judged.filter(({ state, wanted }) => state !== "unchecked" && state !== wanted)).toEqual([]);
    expect(judged.length).toBeGreaterThanOrEqual(300);
  });

  test("the verdicts are those that are written down", () => {
    const all = FILES.flatMap((file) =>
      readGroups(file).map((group, index) => ({ file, index, judged: judge(group) })),
    );
    const states = all.flatMap(({ judged }) => judged.map(({ state }) => state));
    const count = (wanted: string): number => states.filter((state) => state === wanted).length;
    console.log(
      `${states.length} pairs: ${count("valid")} valid, ${count("invalid")} invalid, ${count("unchecked")} unchecked`,
    );
    const lines = all.map(({ file, index, judged }) => line(file, index, judged));
    expect(lines).toEqual(
      committed("verdicts.txt", `${lines.join("\n")}\n`)
        .trimEnd()
        .split("\n"),
    );
  });
});
