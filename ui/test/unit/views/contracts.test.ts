import { readdirSync, existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
// @ts-expect-error -- an app is plain JavaScript, with its types in comments
import { columnChart, groupChart } from "../../../../apps/csv-insights/charts.js";
import { isDeceptive } from "./deceptive";
import { checkData } from "@/views/check";
import { rendererNames, viewLoad } from "@/views/registry";
import { examples } from "./examples";

const FOLDER = "../renderers";

interface Node {
  type?: string | string[];
  enum?: unknown[];
  maxLength?: number;
  maxItems?: number;
  items?: Node;
  prefixItems?: Node[];
  properties?: Record<string, Node>;
  anyOf?: Node[];
  $defs?: Record<string, Node>;
}

/** Every place of a schema where a text or a list has no end. */
function boundless(node: Node, at = "#"): string[] {
  const types = new Set([node.type ?? []].flat());
  const found: string[] = [];
  if (types.has("string") && node.maxLength === undefined && node.enum === undefined) found.push(at);
  if (types.has("array") && node.maxItems === undefined) found.push(at);
  for (const [name, inner] of Object.entries(node.properties ?? {})) found.push(...boundless(inner, `${at}/${name}`));
  for (const [name, inner] of Object.entries(node.$defs ?? {})) found.push(...boundless(inner, `${at}/$defs/${name}`));
  if (node.items) found.push(...boundless(node.items, `${at}/items`));
  for (const inner of [...(node.prefixItems ?? []), ...(node.anyOf ?? [])]) found.push(...boundless(inner, `${at}/…`));
  return found;
}

describe("the renderers' contracts", () => {
  it("has a folder for each renderer, and a renderer for each folder", () => {
    const folders = readdirSync(FOLDER).filter((name) => existsSync(`${FOLDER}/${name}/schema.json`));
    expect(folders.sort()).toEqual([...rendererNames].sort());
  });

  it.each(rendererNames)("%s: the schema is bounded and its example fits", async (name) => {
    const { schema, text } = await viewLoad(name);
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: `ui://oikos/${name}/schema.json`,
      type: "object",
    });
    expect(boundless(schema as Node)).toEqual([]);
    expect(checkData(schema, examples[name])).toEqual({ is_valid: true });
    expect(checkData(schema, {}).is_valid).toBe(false);
    expect(text(examples[name]).trim()).not.toBe("");
    expect([...text(examples[name])].filter((character) => isDeceptive(character) && character !== "\n")).toEqual([]);
  });

  it("knows a text or a list without an end when it sees one", () => {
    expect(
      boundless({
        type: "object",
        properties: { a: { type: ["string", "null"] }, b: { type: "array", maxItems: 1, items: { type: "array" } } },
        $defs: { c: { type: "string" } },
      }),
    ).toEqual(["#/a", "#/b/items", "#/$defs/c"]);
  });

  it("draws what csv-insights makes", async () => {
    const { schema } = await viewLoad("chart");
    const number = { name: "price", type: "float", distinct: 90, histogram: { from: 0, to: 10, counts: [1, 5, 2] } };
    const word = {
      name: "city",
      type: "text",
      distinct: 3,
      histogram: null,
      top: [
        { value: "Graz", count: 4 },
        { value: "", count: 2 },
      ],
    };
    const groups = {
      result: [
        { key: ["Graz", null], values: [1.5], texts: ["1.50"] },
        { key: ["Oslo", "b"], values: [null], texts: [null] },
      ],
    };
    const charts = [
      columnChart(number as never),
      columnChart(word as never),
      groupChart(["city", "x"], [{ measure: "sum", column: "price" }] as never, groups as never),
    ];
    expect(charts.map((chart) => checkData(schema, chart))).toEqual(charts.map(() => ({ is_valid: true })));
    expect(charts.map((chart) => chart?.kind)).toEqual(["histogram", "bar", "bar"]);
  });

  it.each([
    ["table", { columns: ["id", "title"], rows: [["a1", "x"]], total: 1, scanned: 3 }],
    ["table", { columns: ["column"], rows: [["price", null]], statistics: { rows: 5, columns: [{ name: "price" }] } }],
    ["markdown", { id: "a1", title: "T", text: "T\n\nmore", tags: ["x"], created: "2026-05-03", others: [] }],
  ] as const)("lets an app keep facts of its own beside what %s draws", async (name, data) => {
    expect(checkData((await viewLoad(name)).schema, data)).toEqual({ is_valid: true });
  });
});

describe("the check", () => {
  const schema = { type: "object" };

  it("refuses what is too deep, in bounded time", () => {
    let deep: object = {};
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    expect(checkData(schema, deep)).toEqual({ is_valid: false, problem: "too large" });
  });

  it("refuses what is too much", () => {
    const much = { a: Array.from({ length: 2_200_000 }, () => 0) };
    expect(checkData(schema, much)).toEqual({ is_valid: false, problem: "too large" });
  });

  it.each([undefined, 1n, () => 1, { a: undefined }, { a: Symbol("x") }])("refuses what is no JSON: %s", (data) => {
    expect(checkData({ properties: { a: { type: "string" } }, type: "object" }, data).is_valid).toBe(false);
  });

  it("says where data does not fit", () => {
    const verdict = checkData({ properties: { a: { type: "string", maxLength: 2 } } }, { a: "three" });
    expect(verdict).toMatchObject({ is_valid: false, problem: expect.stringContaining("#/a") as string });
  });
});
