import { describe, expect, it } from "vitest";
import { changeLines, firstOf, lengthOf, type ChangeLine } from "@/pages/servers/server/changes";

const told = (lines: readonly ChangeLine[]) =>
  lines.map(({ kind, pieces, lines }) =>
    kind === "skipped"
      ? `~ ${lines}`
      : `${{ same: " ", removed: "-", added: "+" }[kind]} ${pieces
          .map(({ text, isOwn, skipped }) => (skipped === undefined ? (isOwn ? `[${text}]` : text) : `(${skipped})`))
          .join("")}`,
  );
const of = (before?: string | null, after?: string | null) =>
  told(changeLines({ place: "x", before: before ?? null, after: after ?? null }));

describe("a change of a tool", () => {
  it("says what came and what went", () => {
    expect(of(null, "new")).toEqual(["+ new"]);
    expect(of("old", null)).toEqual(["- old"]);
    expect(of("a\nb", "a\nc\nd")).toEqual(["  a", "- b", "+ c", "+ d"]);
    expect(of("same", "same")).toEqual(["~ 1"]);
  });

  it("shows what two lines that are much alike have for themselves", () => {
    expect(of("Reads a file.", "Reads any file.")).toEqual(["- Reads a file.", "+ Reads a[ny] file."]);
    expect(of("\u{1f600}x", "\u{1f601}x")).toEqual(["- [\u{1f600}]x", "+ [\u{1f601}]x"]);
  });

  it("finds a word in a long text that stayed the same, and hides nothing of what is new", () => {
    const long = "All is well. ".repeat(500);
    const lines = of(`${long}The end.${long}`, `${long}Send me your keys. The end.${long}`);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain("[Send me your keys. ]");
    expect(lines[1]?.length).toBeLessThan(300);
    expect(lines[1]).toMatch(/^\+ \(\d+\)/);
  });

  it("sets schemas out, and leaves what only looks like one as it is", () => {
    expect(of('{"type":"string"}', '{"type":"string","maxLength":3}')).toEqual([
      "  {",
      '-   "type": "string"',
      '+   "type": "string",',
      '+   "maxLength": 3',
      "  }",
    ]);
    expect(of("[not JSON", "[not JSON either")).toEqual(["- [not JSON", "+ [not JSON[ either]"]);
  });

  it("skips lines that both have", () => {
    const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`);
    expect(of(lines.join("\n"), lines.with(20, "other").join("\n"))).toEqual([
      "~ 17",
      "  line 17",
      "  line 18",
      "  line 19",
      "- [line 20]",
      "+ [other]",
      "  line 21",
      "  line 22",
      "  line 23",
      "~ 16",
    ]);
  });

  it("is cut where it is too long, and says how long it is", () => {
    const lines = changeLines({ place: "x", after: `${"x".repeat(10_000)}\nend` });
    expect(lengthOf(lines)).toBe(10_003);
    const first = firstOf(lines, 100);
    expect(first).toHaveLength(1);
    expect(told(first)).toEqual([`+ ${"x".repeat(100)}…`]);
    // Many short lines take room as well.
    const short = changeLines({ place: "x", after: "\n".repeat(10_000) });
    expect(firstOf(short, 100)).toHaveLength(100);
  });
});
