import { describe, expect, it } from "vitest";
import { escapeLines, escapeText, shortenText } from "@/text/escape";
import { isDeceptive } from "./deceptive";

describe("foreign text", () => {
  it("is escaped as in crates/protocol/src/text.rs", () => {
    expect(escapeText("a\u202eb\u200bc\u001b[31m")).toBe(String.raw`a\u{202e}b\u{200b}c\u{1b}[31m`);
    expect(escapeText("two\nlines")).toBe(String.raw`two\nlines`);
    expect(escapeText("a\r\tb")).toBe(String.raw`a\r\tb`);
    expect(escapeLines("two\nlines\u0007\t\r")).toBe("two\nlines\\u{7}\t\\u{d}");
    expect(escapeText("größe 文字 🙂")).toBe("größe 文字 🙂");
    expect(shortenText("abcdef", 4)).toBe("abc…");
    expect(shortenText("abcd", 4)).toBe("abcd");
    expect(shortenText("a\u202e", 4)).toBe(String.raw`a\u…`);
  });

  it("has every character of the list escaped, and no other", () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x10_ff_ff; code += 1) {
      const character = String.fromCodePoint(code);
      if ((escapeText(character) !== character) !== isDeceptive(character)) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it("shows half of a pair", () => {
    expect(escapeText("a\ud83d")).toBe(String.raw`a\u{d83d}`);
  });
});
