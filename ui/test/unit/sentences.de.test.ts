import { describe, expect, it } from "vitest";
import { sayIn } from "@/i18n/sentence";
import { german } from "@/i18n/sentences.de";
import english from "@/i18n/sentences.json";

const PLACE = /\{([a-z_]+)(:[^|}]*\|[^}]*)?\}/g;
const places = (text: string) => [...text.matchAll(PLACE)];
const named = (text: string) => [...new Set(places(text).map((place) => place[1]))].sort();
const numbered = (text: string) =>
  [
    ...new Set(
      places(text)
        .filter((place) => place[2])
        .map((place) => place[1]),
    ),
  ].sort();

describe("the German sentences", () => {
  it("has each sentence of oikos, and no other", () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  it.each(Object.entries(english))("says all that %s says", (code, { text, args }) => {
    const said = german[code]?.text ?? "";
    expect(said.trim()).not.toBe("");
    expect(named(said)).toEqual([...args].sort());
    expect(named(text)).toEqual([...args].sort());
    // A word in its number wants a number in both languages.
    expect(numbered(said)).toEqual(numbered(text));
    expect(german[code]?.args).toEqual(args);
    // Nothing is left over that looks like a place and is none.
    expect(said.replaceAll(PLACE, "")).not.toMatch(/[{}|]/);
  });

  it("speaks to a friend, in German", () => {
    for (const { text } of Object.values(german)) expect(text).not.toMatch(/\bSie\b|\bIhnen\b|\bIhre?[mnrs]?\b/);
    const same = Object.entries(english).filter(([code, { text }]) => german[code]?.text === text);
    expect(same.map(([code]) => code)).toEqual([]);
  });

  it("puts words into their number", () => {
    const say = (count: number) =>
      sayIn(german, "de", { code: "recovered", args: [{ number: count }, { number: count }] });
    expect(say(1)).toBe("nach einem plötzlichen Ende: 1 Lauf wurde abgebrochen, bei 1 Wirkung ist das Ende unbekannt");
    expect(say(1200)).toContain("1.200 Läufe wurden abgebrochen, bei 1.200 Wirkungen");
  });
});
