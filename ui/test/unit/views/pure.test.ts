import { describe, expect, it } from "vitest";
import { addressOf } from "../../../../renderers/shared/address";
import { cellText, isNumberColumn, sortedPlaces } from "../../../../renderers/shared/cells";
import { chartOf, extremesOf, partOf, scaleOf } from "../../../../renderers/shared/chart";
import { patchDiff, textsDiff, type DiffLine } from "../../../../renderers/shared/diff";
import { frameOf, graticule } from "../../../../renderers/shared/map";
import { timeText } from "../../../../renderers/shared/time";

describe("cells", () => {
  it("sorts numbers as numbers, words as words, and puts what is absent last both ways", () => {
    const rows = [["10"], ["9"], [null], ["b"], [""], ["a2"], ["a10"], [-1]];
    const sorted = (order: "ascending" | "descending") =>
      sortedPlaces(rows, 0, order, "en").map((place) => rows[place]?.[0]);
    expect(sorted("ascending")).toEqual([-1, "9", "10", "a2", "a10", "b", null, ""]);
    expect(sorted("descending")).toEqual(["b", "a10", "a2", "10", "9", -1, null, ""]);
  });

  it("knows numbers from dates and ids", () => {
    expect(isNumberColumn([["1"], [null], ["-2.50"], [3e9]], 0)).toBe(true);
    expect(isNumberColumn([["2026-05-03"]], 0)).toBe(false);
    expect(isNumberColumn([["1"], ["0x10"]], 0)).toBe(false);
    expect(isNumberColumn([[null], [""]], 0)).toBe(false);
  });

  it("keeps all digits", () => {
    expect(cellText(0.1 + 0.2)).toBe("0.30000000000000004");
    expect(cellText(1234.5, { language: "de", yes: "ja", no: "nein" })).toBe("1.234,5");
  });
});

describe("charts", () => {
  const scale = (values: (number | null)[], kind: "bar" | "line" = "bar") =>
    scaleOf(chartOf({ kind, labels: values.map(String), values }));

  it.each([
    [[4, 1], 0, 4],
    [[-3, 7], -5, 10],
    [[0, 0], 0, 1],
    [[5], 0, 6],
    [[null], 0, 0],
    [[], 0, 0],
    [[1e308, -1e308], -1e308, 1e308],
    [[5e-324], 0, 5e-324],
  ])("has all of %j between its ends", (values, low, high) => {
    const found = scale(values);
    expect(found.low).toBeLessThanOrEqual(low);
    expect(found.high).toBeGreaterThanOrEqual(high);
    expect(found.ticks.length).toBeLessThanOrEqual(17);
    for (const value of values) {
      if (value === null) continue;
      const part = partOf(found, value);
      expect(part >= 0 && part <= 1).toBe(true);
    }
  });

  it("lets a line begin above zero", () => {
    expect(scale([1000, 1010], "line").low).toBeGreaterThan(900);
  });

  it("pads what is missing", () => {
    const chart = chartOf({ labels: ["a", "b", "c"], values: [1], texts: [] });
    expect(chart.series[0]?.values).toEqual([1, null, null]);
    expect(extremesOf(chart)).toMatchObject({ count: 1, absent: 2, lowest: { label: "a" } });
  });
});

describe("differences", () => {
  const put = (lines: readonly DiffLine[], kinds: readonly string[]) =>
    lines.filter(({ kind }) => kinds.includes(kind)).map(({ text }) => text);

  it("gives both texts back, for any two of them", () => {
    // A small generator of its own, so that a failure can be told again.
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const before = Array.from({ length: next(12) }, () => "abcd"[next(4)] ?? "");
      const after = Array.from({ length: next(12) }, () => "abcd"[next(4)] ?? "");
      const { lines, added, removed } = textsDiff(
        before.map((line) => `${line}\n`).join(""),
        after.map((line) => `${line}\n`).join(""),
      );
      const hidden = lines.filter(({ kind }) => kind === "head").reduce((sum, line) => sum + (line.before ?? 0), 0);
      const left = put(lines, ["same", "removed"]);
      const right = put(lines, ["same", "added"]);
      if (hidden === 0) {
        expect(left).toEqual(before);
        expect(right).toEqual(after);
      }
      expect(left.length + hidden).toBe(before.length);
      expect(added - removed).toBe(after.length - before.length);
      expect(removed).toBe(before.length - longestCommon(before, after));
    }
  });

  it("folds what stayed and says when too much changed", () => {
    const many = Array.from({ length: 100 }, (_, line) => String(line));
    const { lines } = textsDiff(many.join("\n"), [...many, "new"].join("\n"));
    expect(lines[0]).toMatchObject({ kind: "head", before: 97 });
    const other = Array.from({ length: 3_000 }, (_, line) => `x${line}`).join("\n");
    const whole = textsDiff(Array.from({ length: 3_000 }, (_, line) => `y${line}`).join("\n"), other);
    expect(whole).toMatchObject({ is_whole: true, added: 3_000, removed: 3_000 });
  });

  it("reads patches", () => {
    const { lines, added, removed } = patchDiff("--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n\\ No newline\n");
    expect([added, removed]).toEqual([1, 1]);
    expect(lines.map(({ kind }) => kind)).toEqual(["head", "head", "head", "same", "removed", "added", "head"]);
    expect(lines[4]).toMatchObject({ text: "old", before: 2 });
  });
});

function longestCommon(left: readonly string[], right: readonly string[]): number {
  const table = Array.from({ length: left.length + 1 }, () => Array.from({ length: right.length + 1 }, () => 0));
  for (const [i, a] of left.entries()) {
    for (const [j, b] of right.entries()) {
      const row = table[i + 1];
      if (row) row[j + 1] = a === b ? (table[i]?.[j] ?? 0) + 1 : Math.max(table[i]?.[j + 1] ?? 0, row[j] ?? 0);
    }
  }
  return table[left.length]?.[right.length] ?? 0;
}

describe("addresses", () => {
  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "blob:x",
    "/relative",
    "java\nscript:x",
    "",
    `https://x/${"a".repeat(5_000)}`,
  ])("cannot be opened: %s", (text) => expect(addressOf(text)).toBeUndefined());

  it("says who is reached", () => {
    expect(addressOf("https://bank.example@evil.example/")).toEqual({
      href: "https://evil.example/",
      host: "evil.example",
    });
    expect(addressOf("https://аpple.com/")?.host).toBe("xn--pple-43d.com");
    expect(addressOf("mailto:a@example.org")?.host).toBe("a@example.org");
  });
});

describe("maps and times", () => {
  it("stay on the map", () => {
    for (const points of [
      [],
      [[0, 0]],
      [
        [-90, -180],
        [90, 180],
      ],
      [[89, 179]],
    ]) {
      const frame = frameOf({
        points: points.map(([latitude = 0, longitude = 0]) => ({ latitude, longitude, label: "" })),
      });
      expect(frame.west >= -180 && frame.east <= 180 && frame.south >= -90 && frame.north <= 90).toBe(true);
      expect(frame.east).toBeGreaterThan(frame.west);
      for (const [latitude = 0, longitude = 0] of points) {
        expect(
          longitude >= frame.west && longitude <= frame.east && latitude >= frame.south && latitude <= frame.north,
        ).toBe(true);
      }
      expect(graticule(frame.west, frame.east).length).toBeLessThan(12);
    }
  });

  it("leave what is no time as it was", () => {
    expect(timeText("2026-05-03", "en")).toContain("May");
    expect(timeText("1", "en")).toBe("1");
    expect(timeText("2026-99-99", "en")).toBe("2026-99-99");
    expect(timeText("Mon\u202eday", "en")).toBe(String.raw`Mon\u{202e}day`);
  });
});
