/* oxlint-disable unicorn/no-thenable -- JSON Schema has a keyword of that name. */
import { describe, expect, test } from "vitest";
import { readDocument } from "@/forms/reference";
import { shapeOf } from "@/forms/schema";
import { settled, startingValue } from "@/forms/settle";

const shape = (schema: unknown, value?: unknown, depth = 2) => shapeOf(readDocument(schema), [schema], value, depth);
const kind = (schema: unknown, value?: unknown, depth?: number) => shape(schema, value, depth).kind.kind;
const names = (schema: unknown, value?: unknown): string[] => {
  const { kind: found } = shape(schema, value);
  return found.kind === "object" ? found.members.map(({ name, isRequired }) => name + (isRequired ? "!" : "")) : [];
};
const settle = (schema: unknown, value: unknown): unknown => settled(readDocument(schema), value);

describe("a place", () => {
  test.each([
    [{ type: "string" }, "text"],
    [{ type: ["string", "null"] }, "text"],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "text"],
    [{ type: "number" }, "number"],
    [{ allOf: [{ type: "number" }, { type: "integer" }] }, "number"],
    [{ type: "boolean" }, "boolean"],
    [{ enum: [1, "a", null] }, "choice"],
    [{ const: 1 }, "choice"],
    [{ oneOf: [{ const: 1, title: "One" }, { const: 2 }] }, "choice"],
    [{ type: "object", properties: { a: {} } }, "object"],
    [{ properties: { a: {} } }, "object"],
    [{ type: "object", additionalProperties: false }, "object"],
    [{ type: "array", items: { type: "string" } }, "array"],
    [{ $ref: "#/$defs/a", $defs: { a: { type: "string" } } }, "text"],
    [{ anyOf: [{ required: ["a"] }, { required: ["b"] }], properties: { a: {}, b: {} } }, "object"],
    [{}, "json"],
    [{ type: "null" }, "json"],
    [{ type: "object" }, "json"],
    [{ type: ["string", "number"] }, "json"],
    [{ type: "array" }, "json"],
    [{ type: "array", prefixItems: [{}], items: { type: "string" } }, "json"],
    [{ type: "object", properties: { a: {} }, oneOf: [{ properties: { b: {} } }] }, "json"],
    [{ allOf: [{ type: "string" }, { type: "number" }] }, "json"],
    [{ $ref: "https://example.com/" }, "json"],
    [{ $ref: "#" }, "json"],
    [{ enum: Array.from({ length: 201 }, (_, at) => at) }, "json"],
    [{ type: "string", format: "input-file" }, "text"],
    [null, "json"],
  ])("%j is drawn as %s", (schema, wanted) => {
    expect(kind(schema)).toBe(wanted);
  });

  test("right below the input may be a file", () => {
    expect(shape({ type: "string", format: "input-file" }, undefined, 1).kind).toEqual({
      kind: "file",
      access: "read",
      isFolder: false,
    });
    expect(shape({ type: "string", format: "output-folder" }, undefined, 1).kind).toEqual({
      kind: "file",
      access: "write",
      isFolder: true,
    });
    expect(kind({ type: "string", format: "__proto__" }, undefined, 1)).toBe("text");
  });

  test("may be null where one of the ways says so", () => {
    expect(shape({ type: ["string", "null"] }).isNullable).toBe(true);
    expect(shape({ oneOf: [{ type: "null" }, { type: "string" }] }).isNullable).toBe(true);
    expect(shape({ type: "string" }).isNullable).toBe(false);
  });

  test("has the options that all its lists allow", () => {
    const schema = { enum: ["a", "b", "b", "c", null], allOf: [{ enum: ["b", "c", "d"] }] };
    expect(shape(schema).kind).toEqual({
      kind: "choice",
      options: [
        { value: "b", label: undefined },
        { value: "c", label: undefined },
      ],
    });
    expect(shape({ oneOf: [{ const: { a: 1 }, title: "One" }] }).kind).toMatchObject({ options: [{ label: "One" }] });
  });

  test("is JSON where it says what no form here can hold anybody to", () => {
    const group = { type: "object", properties: { a: { type: "string" } } };
    expect(kind(group)).toBe("object");
    for (const more of [
      { unevaluatedProperties: false },
      { $dynamicRef: "#a" },
      { $recursiveRef: "#" },
      { dependencies: { a: ["b"] } },
      { allOf: [{ unevaluatedProperties: false }] },
    ])
      expect(kind({ ...group, ...more }), JSON.stringify(more)).toBe("json");
    const list = { type: "array", items: { type: "string" } };
    expect(kind(list, [])).toBe("array");
    expect(kind({ ...list, unevaluatedItems: false }, [])).toBe("json");
    expect(kind({ ...list, additionalItems: false }, [])).toBe("json");
    expect(kind({ enum: ["a"], unevaluatedItems: false })).toBe("json");
  });

  test("with more rows than a page can draw is JSON", () => {
    const schema = { type: "array", items: { type: "string" } };
    expect(
      kind(
        schema,
        Array.from({ length: 200 }, () => ""),
      ),
    ).toBe("array");
    expect(
      kind(
        schema,
        Array.from({ length: 10_000 }, () => ""),
      ),
    ).toBe("json");
  });
});

describe("the fields of a group", () => {
  const card = {
    type: "object",
    properties: { pay: { enum: ["card", "cash"] }, gift: { type: "boolean" } },
    required: ["pay"],
    if: { properties: { pay: { const: "card" } }, required: ["pay"] },
    then: { properties: { number: { type: "string" } }, required: ["number"] },
    else: { properties: { change: { type: "boolean" } }, required: ["change"] },
    dependentSchemas: { gift: { properties: { text: { type: "string" } } } },
    dependentRequired: { gift: ["text"] },
  };

  test("follow what was answered", () => {
    expect(names(card, { pay: "card" })).toEqual(["pay!", "gift", "number!"]);
    expect(names(card, { pay: "cash" })).toEqual(["pay!", "gift", "change!"]);
    expect(names(card, { pay: "card", gift: true })).toEqual(["pay!", "gift", "text!", "number!"]);
  });

  test("where the condition cannot be judged are those of both branches", () => {
    expect(names({ ...card, if: { unevaluatedProperties: false } }, {})).toEqual([
      "pay!",
      "gift",
      "number!",
      "change!",
    ]);
  });

  test("leave out what is forbidden and take in what is only required", () => {
    expect(names({ properties: { a: false, b: true }, required: ["c"] })).toEqual(["b", "c!"]);
    expect(names({ properties: { b: true }, required: ["c"], additionalProperties: false })).toEqual(["b"]);
  });

  test("have names like any others", () => {
    const schema = JSON.parse('{"type": "object", "properties": {"__proto__": {"type": "string"}}}') as unknown;
    expect(names(schema)).toEqual(["__proto__"]);
  });

  test("that are required and untouched are sent as they are drawn", () => {
    const list = { type: "array", items: { type: "string" } };
    const schema = {
      type: "object",
      required: ["list", "group", "yes", "name"],
      properties: {
        list,
        group: { type: "object", required: ["inner"], properties: { inner: list, other: list } },
        yes: { type: "boolean" },
        name: { type: "string" },
      },
    };
    expect(settle(schema, {})).toEqual({ list: [], yes: false });
    expect(settle(schema, { group: {} })).toEqual({ list: [], group: { inner: [] }, yes: false });
  });

  test("are sent only while they are shown", () => {
    expect(settle(card, { pay: "cash", number: "1", own: 2 })).toEqual({ pay: "cash", own: 2, change: false });
    expect(settle(card, { pay: "card", number: "1", text: "x" })).toEqual({ pay: "card", number: "1" });
  });
});

describe("the values that a form begins with", () => {
  test("are the defaults, what cannot be otherwise, and what is drawn as no", () => {
    const schema = {
      type: "object",
      required: ["kind", "inner", "yes", "list"],
      properties: {
        kind: { const: "a" },
        limit: { type: "integer", default: 20 },
        optional: { type: "object", properties: { b: { default: 1 } } },
        inner: { type: "object", properties: { c: { type: "string", default: "x" }, d: { type: "string" } } },
        yes: { type: "boolean" },
        no: { type: "boolean" },
        header: { type: "boolean", default: true },
        list: { type: "array", items: { type: "string" } },
        choice: { const: "only" },
      },
    };
    expect(startingValue(schema)).toEqual({
      kind: "a",
      limit: 20,
      inner: { c: "x" },
      yes: false,
      header: true,
      list: [],
    });
  });

  test("come from the branch that a default chooses", () => {
    const schema = {
      type: "object",
      properties: { mode: { enum: ["fast", "slow"], default: "fast" } },
      if: { properties: { mode: { const: "fast" } }, required: ["mode"] },
      then: { properties: { speed: { type: "number", default: 9 } } },
    };
    expect(startingValue(schema)).toEqual({ mode: "fast", speed: 9 });
  });

  test("do not share anything with the schema", () => {
    const preset = { a: [1] };
    const start = startingValue({ type: "object", properties: { x: { default: preset } } });
    expect(start).toEqual({ x: preset });
    expect(start["x"]).not.toBe(preset);
  });

  test("end where the schema does not", () => {
    const names = Array.from({ length: 30 }, (_, at) => `n${at}`);
    const wide = {
      type: "object",
      required: names,
      properties: Object.fromEntries(names.map((name) => [name, { $ref: "#" }])),
    };
    expect(JSON.stringify(startingValue(wide)).match(/n\d+/g)?.length).toBeLessThanOrEqual(500);
    const endless = { type: "object", required: ["a", "b"], properties: { a: { $ref: "#" }, b: { $ref: "#" } } };
    expect(JSON.stringify(startingValue(endless)).length).toBeLessThan(5_000);
    expect(
      JSON.parse(JSON.stringify(startingValue(JSON.parse('{"properties": {"__proto__": {"default": 1}}}')))),
    ).toEqual(JSON.parse('{"__proto__": 1}'));
    expect(startingValue(null)).toEqual({});
  });
});
