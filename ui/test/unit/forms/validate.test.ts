/* oxlint-disable unicorn/no-thenable -- JSON Schema has a keyword of that name. */
import { describe, expect, test, vi } from "vitest";
import { validate, type Verdict } from "@/forms/validate";

const codes = (verdict: Verdict): string[] =>
  verdict.state === "invalid" ? verdict.problems.map(({ pointer, code }) => `${pointer} ${code}`) : [];
const doubts = (verdict: Verdict): string[] =>
  verdict.state === "valid" ? [] : verdict.unchecked.map(({ pointer, code }) => `${pointer} ${code}`);

describe("problems", () => {
  test("are told by place, with what is demanded", () => {
    const schema = {
      type: "object",
      required: ["name", "a/b"],
      additionalProperties: false,
      properties: {
        name: { type: "string", minLength: 2, pattern: "^[a-z]+$" },
        "a/b": { type: "integer", minimum: 3 },
        list: { type: "array", uniqueItems: true, items: { enum: ["x", "y"] } },
      },
    };
    expect(validate(schema, { name: "ab", "a/b": 3, list: ["x", "y"] })).toEqual({ state: "valid" });
    const verdict = validate(schema, { name: "A", list: ["x", "x", "z"], other: 1 });
    expect(codes(verdict)).toEqual([
      "/a~1b required",
      "/name minLength",
      "/name pattern",
      "/list/2 enum",
      "/list/1 uniqueItems",
      "/other additional",
    ]);
    expect(verdict).toMatchObject({
      problems: [{}, { demand: 2 }, { demand: "^[a-z]+$" }, { demand: ["x", "y"] }, {}, {}],
    });
  });

  test("of the branch that was meant, where that can be told", () => {
    const way = (kind: string) => ({
      properties: { kind: { const: kind }, size: { type: "number" } },
      required: ["size"],
    });
    const schema = { oneOf: [way("a"), way("b")] };
    expect(codes(validate(schema, { kind: "a" }))).toEqual(["/size required"]);
    expect(codes(validate({ anyOf: [{ type: "string", minLength: 2 }, { type: "null" }] }, "x"))).toEqual([
      " minLength",
    ]);
    expect(codes(validate(schema, { kind: "c" }))).toEqual([" oneOf"]);
    expect(codes(validate({ oneOf: [true, true] }, 1))).toEqual([" oneOf"]);
  });

  test("count rows that nobody filled in", () => {
    expect(codes(validate({ items: { type: "string" } }, ["a", undefined]))).toEqual(["/1 required"]);
    expect(codes(validate({}, [undefined]))).toEqual(["/0 required"]);
    expect(validate({ required: ["a"] }, { a: undefined }).state).toBe("invalid");
  });

  test("are not listed without end", () => {
    const verdict = validate(
      { items: { type: "string" } },
      Array.from({ length: 10_000 }, () => 1),
    );
    expect(codes(verdict)).toHaveLength(100);
  });
});

describe("numbers whose last digits JavaScript drops", () => {
  const LARGE = 2 ** 53;

  test.each([
    [{ minimum: LARGE }, LARGE, "unchecked"],
    [{ minimum: LARGE }, LARGE - 1, "invalid"],
    [{ minimum: LARGE }, LARGE + 2, "valid"],
    [{ exclusiveMaximum: LARGE, type: "string" }, LARGE, "invalid"],
    [{ const: { a: [LARGE] } }, { a: [LARGE] }, "unchecked"],
    [{ const: { a: [LARGE] } }, { a: [1] }, "invalid"],
    [{ enum: [1, LARGE] }, LARGE, "unchecked"],
    [{ enum: [1, LARGE] }, 1, "valid"],
    [{ multipleOf: LARGE }, 1, "unchecked"],
    [{ multipleOf: LARGE }, "x", "valid"],
    [{ uniqueItems: true }, [LARGE, LARGE], "unchecked"],
    [{ uniqueItems: true }, [1e300, 1e300], "invalid"],
    [{ not: { const: LARGE } }, LARGE, "unchecked"],
  ] as [unknown, unknown, string][])("%j of %j is %s", (schema, value, state) => {
    expect(validate(schema, value).state).toBe(state);
  });

  test("and halves of characters are left to the server", () => {
    expect(doubts(validate({}, { a: ["\ud83d"] }))).toEqual([" text"]);
    expect(doubts(validate({}, { "\ude00": 1 }))).toEqual([" text"]);
    expect(validate({}, { "😀": "😀" }).state).toBe("valid");
  });
});

describe("what cannot be judged", () => {
  const unknown = { unevaluatedProperties: false };

  test("is told by place, and problems beside it all the same", () => {
    const schema = { properties: { a: unknown, b: { type: "string" } } };
    expect(doubts(validate(schema, { a: {} }))).toEqual(["/a keyword"]);
    expect(codes(validate(schema, { a: {}, b: 1 }))).toEqual(["/b type"]);
    expect(validate(schema, { b: "x" }).state).toBe("valid");
  });

  test.each([
    [{ not: unknown }, "unchecked"],
    [{ not: { allOf: [unknown, false] } }, "valid"],
    [{ anyOf: [unknown, true] }, "valid"],
    [{ anyOf: [unknown, false] }, "unchecked"],
    [{ oneOf: [unknown, true] }, "unchecked"],
    [{ oneOf: [unknown, true, true] }, "invalid"],
    [{ oneOf: [unknown, false] }, "unchecked"],
    [{ allOf: [unknown, false] }, "invalid"],
    [{ if: unknown, then: false, else: false }, "invalid"],
    [{ if: unknown, then: true, else: true }, "valid"],
    [{ if: unknown, then: false }, "unchecked"],
    [{ if: true, then: unknown, else: false }, "unchecked"],
    [{ properties: { a: { contains: unknown } } }, "unchecked"],
    [{ properties: { a: { contains: unknown, minContains: 3 } } }, "invalid"],
    [{ properties: { a: { contains: unknown, minContains: 0 } } }, "valid"],
    [{ patternProperties: { "(?=a)": true }, additionalProperties: false }, "unchecked"],
    [{ patternProperties: { "(?=a)": true } }, "valid"],
    [{ patternProperties: { "(?=a)": false } }, "unchecked"],
    [{ propertyNames: { pattern: "(?=a)" } }, "unchecked"],
    [{ propertyNames: { pattern: "b" } }, "invalid"],
    [{ dependentSchemas: { a: unknown } }, "unchecked"],
    [{ $ref: "https://example.com/other.json" }, "unchecked"],
    [{ $ref: "other.json#/a" }, "unchecked"],
    [{ $ref: "#/$defs/missing" }, "unchecked"],
    [{ $ref: "#/$defs/%zz" }, "unchecked"],
    [{ $ref: "#/__proto__" }, "unchecked"],
    [{ $ref: "#/toString" }, "unchecked"],
    [{ $schema: "http://json-schema.org/draft-07/schema#" }, "unchecked"],
    [{ $dynamicRef: "#a" }, "unchecked"],
    [{ const: { a: [1, 2] } }, "valid"],
    [{ format: "email" }, "valid"],
    [{ "x-own": 1 }, "valid"],
  ] as [unknown, string][])("%j is %s", (schema, state) => {
    expect(validate(schema, { a: [1, 2] }).state).toBe(state);
  });

  test.each([
    { type: "any" },
    { type: [] },
    { type: 1 },
    { minLength: "2" },
    { minLength: -1 },
    { minimum: "1" },
    { multipleOf: 0 },
    { enum: "a" },
    { required: "a" },
    { required: [1] },
    { properties: [] },
    { properties: { a: 1 } },
    { items: [true] },
    { allOf: [] },
    { anyOf: {} },
    { not: null },
    { pattern: 1 },
    { uniqueItems: "yes" },
    { dependentRequired: { a: "b" } },
    { patternProperties: 1 },
    { $ref: 1 },
    null,
    [],
    "schema",
    1,
  ] as unknown[])("%j is no schema", (schema) => {
    for (const value of ["a", 1, [1], { a: 1 }, null]) {
      const verdict = validate(schema, value);
      expect(verdict.state).toBe("unchecked");
      expect(doubts(verdict).every((doubt) => doubt.endsWith("malformed"))).toBe(true);
    }
  });
});

describe("hostile schemas and values", () => {
  test("never reach the browser's own patterns", () => {
    const asked: string[] = [];
    const Native = RegExp;
    vi.stubGlobal(
      "RegExp",
      class extends Native {
        constructor(...given: ConstructorParameters<typeof Native>) {
          super(...given);
          asked.push(String(given[0]));
        }
      },
    );
    const text = `${"a".repeat(5_000)}!`;
    const schema = {
      pattern: "^(a+)+$",
      propertyNames: { pattern: "^(b+)+$" },
      patternProperties: { "^(a|a)*$": false },
    };
    expect(validate(schema, text).state).toBe("invalid");
    expect(codes(validate(schema, { [text]: 1 }))).toEqual([`/${text} pattern`]);
    vi.unstubAllGlobals();
    expect(asked).toEqual([]);
  });

  test("that go round in circles end", () => {
    expect(validate({ $ref: "#" }, 1).state).toBe("unchecked");
    expect(
      validate({ $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }, 1).state,
    ).toBe("unchecked");
    const tree = { type: "object", properties: { next: { $ref: "#" } }, additionalProperties: false };
    expect(validate(tree, { next: { next: {} } }).state).toBe("valid");
    expect(codes(validate(tree, { next: { next: 1 } }))).toEqual(["/next/next type"]);
  });

  test("that double with each reference stop at the bound", () => {
    const $defs: Record<string, unknown> = { d0: { type: "string" } };
    for (let level = 1; level < 60; level += 1) {
      const $ref = `#/$defs/d${level - 1}`;
      $defs[`d${level}`] = { allOf: [{ $ref }, { $ref }] };
    }
    expect(doubts(validate({ $defs, $ref: "#/$defs/d59" }, "x"))).toContain(" tooLarge");
    const not = { $defs: { ...$defs }, not: { anyOf: [{ $ref: "#/$defs/d59" }, { $ref: "#/$defs/d58" }] } };
    expect(validate(not, "x").state).toBe("unchecked");
  });

  test("that are nested without end are refused before anything recurses", () => {
    let schema: unknown = true;
    let value: unknown = 1;
    for (let level = 0; level < 50_000; level += 1) {
      schema = { not: schema };
      value = [value];
    }
    expect(doubts(validate(schema, 1))).toEqual([" tooLarge"]);
    expect(doubts(validate({ type: "array" }, value))).toEqual([" tooLarge"]);
  });

  test("with ten thousand rows are checked whole", () => {
    const items = { type: "object", required: ["id"], properties: { id: { type: "integer", minimum: 0 } } };
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id }));
    expect(validate({ items, uniqueItems: true }, rows)).toEqual({ state: "valid" });
    expect(codes(validate({ items, uniqueItems: true }, [...rows, { id: 9_999 }]))).toEqual(["/10000 uniqueItems"]);
  });

  test("with a huge list of options cost what it takes to compare them", () => {
    const options = Array.from({ length: 20_000 }, (_, at) => ({ at }));
    const rows = Array.from({ length: 1_000 }, () => ({ at: -1 }));
    expect(doubts(validate({ items: { enum: options } }, rows))).not.toEqual([]);
  });

  test("with names of every object's own are judged by what they hold", () => {
    const schema = JSON.parse(
      '{"properties": {"__proto__": {"type": "number"}, "toString": {"type": "number"}}, "required": ["constructor"]}',
    ) as unknown;
    expect(codes(validate(schema, {}))).toEqual(["/constructor required"]);
    const value = JSON.parse('{"__proto__": "x", "toString": "x", "constructor": 1}') as unknown;
    expect(codes(validate(schema, value))).toEqual(["/__proto__ type", "/toString type"]);
    expect(validate({ additionalProperties: false }, JSON.parse('{"__proto__": 1}')).state).toBe("invalid");
    expect(validate({ const: JSON.parse('{"__proto__": 1}') as unknown }, {}).state).toBe("invalid");
    expect("polluted" in {}).toBe(false);
  });
});
