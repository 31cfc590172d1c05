import { describe, expect, test } from "vitest";
import { withOffset, withoutOffset, isDate } from "@/forms/moment";
import { firstLostNumber, readNumber } from "@/forms/numbers";
import { child, elementId, segments } from "@/forms/pointer";
import { canonical, hasPlace, measure, valueAt, withItemMoved, withoutItem, withValueAt } from "@/forms/value";

const HOSTILE = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}}') as object;
const isClean = (): boolean => !("polluted" in {}) && Object.getPrototypeOf({}) === Object.prototype;

describe("a pointer", () => {
  test.each(["a/b", "~", "~1", "", " ", "__proto__", "ä😀", "\ud800"])("carries the key %j there and back", (key) => {
    expect(segments(child(child("", key), 0))).toEqual([key, "0"]);
  });

  test("makes an id without spaces, another one for each place", () => {
    const ids = ["/a b", "/a_b", "/a/b", "/a~1b", "/\ud800", "/a_20_b"].map((pointer) => elementId("f", pointer));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).not.toMatch(/\s/);
  });
});

describe("a value", () => {
  test("is read by own members only", () => {
    expect(valueAt({}, "/toString")).toBeUndefined();
    expect(valueAt({}, "/__proto__")).toBeUndefined();
    expect(valueAt([1], "/length")).toBeUndefined();
    expect(valueAt([1, [2]], "/1/0")).toBe(2);
    expect(valueAt("text", "/0")).toBeUndefined();
    expect(valueAt(HOSTILE, "/__proto__/polluted")).toBe(true);
    expect(hasPlace({ a: [null] }, "/a/0")).toBe(true);
    expect(hasPlace({ a: [null] }, "/a/1")).toBe(false);
    expect(hasPlace({}, "/constructor")).toBe(false);
  });

  test("keeps a member called __proto__ as a member", () => {
    const set = withValueAt({ a: 1 }, "/__proto__/polluted", true);
    expect(JSON.stringify(set)).toBe('{"a":1,"__proto__":{"polluted":true}}');
    expect(Object.getPrototypeOf(set)).toBe(Object.prototype);
    expect(JSON.stringify(withValueAt(HOSTILE, "/b", 2))).toContain('"__proto__":{"polluted":true}');
    expect(JSON.stringify(withValueAt(HOSTILE, "/__proto__", undefined))).toBe('{"constructor":{"prototype":{}}}');
    expect(isClean()).toBe(true);
  });

  test("is changed by copies, in the order it had", () => {
    const before = { a: { b: [1, 2] }, c: 3 };
    expect(withValueAt(before, "/a/b/1", 5)).toEqual({ a: { b: [1, 5] }, c: 3 });
    expect(Object.keys(withValueAt(before, "/a", 1) as object)).toEqual(["a", "c"]);
    expect(before).toEqual({ a: { b: [1, 2] }, c: 3 });
    expect(withValueAt(undefined, "/x/y", 1)).toEqual({ x: { y: 1 } });
    expect(withValueAt([1], "/9", 1)).toEqual([1]);
    expect(withValueAt([1], "/__proto__", 1)).toEqual([1]);
    expect(withoutItem([1, 2, 3], 1)).toEqual([1, 3]);
    expect(withItemMoved([1, 2, 3], 0, 2)).toEqual([2, 3, 1]);
    expect(withItemMoved([1, 2, 3], 2, 0)).toEqual([3, 1, 2]);
  });

  test("is the same whatever the order of its members, and only then", () => {
    expect(canonical({ a: 1, b: [true, null] })).toBe(canonical({ b: [true, null], a: 1 }));
    const different = [1, "1", true, null, [], {}, [1], { a: 1 }, { a: "1" }, "null", [[1]], { "": 1 }];
    expect(new Set(different.map(canonical)).size).toBe(different.length);
  });

  test("is measured however deep it is", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(measure(deep)).toEqual({ values: 100_001, depth: 100_001 });
  });
});

describe("a number", () => {
  test.each([
    ["12", 12],
    ["-0.50", -0.5],
    ["+7", 7],
    [" 3 ", 3],
    ["1e3", 1000],
    [".5", 0.5],
    ["5.", 5],
    ["0", 0],
    ["-0", -0],
    ["0.1", 0.1],
    ["007", 7],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["1e21", 1e21],
    ["100000000000000000000000", 1e23],
  ])("%s is kept", (text, value) => {
    expect(readNumber(text)).toEqual({ value });
  });

  test.each(["9007199254740993", "0.12345678901234567890", "1e400", "1e-400", "123456789012345678", "1e999999"])(
    "%s would be changed, so it is refused",
    (text) => {
      expect(readNumber(text)).toEqual({ problem: "notKept" });
    },
  );

  test.each(["", " ", "a", "1,5", "1 000", "0x10", "Infinity", "NaN", "--1", "1e", "e5", ".", "1.2.3", "١"])(
    "%j is none",
    (text) => {
      expect(readNumber(text)).toEqual({ problem: "notNumber" });
    },
  );

  test("that JSON would change is found, unless it is text", () => {
    expect(firstLostNumber('{"a": [1, 9007199254740993]}')).toBe("9007199254740993");
    expect(firstLostNumber('{"9007199254740993": "\\"9007199254740993", "b": 1.5e3}')).toBeUndefined();
  });
});

describe("a moment", () => {
  test("gets this computer's offset and loses it again", () => {
    const full = withOffset("2026-11-22T10:30");
    expect(full).toMatch(/^2026-11-22T10:30:00(Z|[+-]\d\d:\d\d)$/);
    expect(withoutOffset(full)).toBe("2026-11-22T10:30:00");
  });

  test("that a picker could not show whole is left alone", () => {
    expect(withoutOffset("2026-11-22T10:30:00.5Z")).toBeUndefined();
    expect(withoutOffset("2026-11-22T10:30:00+13:37")).toBeUndefined();
    expect(withoutOffset("yesterday")).toBeUndefined();
    expect(withOffset("")).toBe("");
    expect(isDate("2026-02-28")).toBe(true);
    expect(isDate("2026-02-30")).toBe(false);
    expect(isDate("yesterday")).toBe(false);
  });
});
