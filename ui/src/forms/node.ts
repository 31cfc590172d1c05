/** One schema object, read once: what can be judged of it here, and why the rest cannot. */
import { readAssertions, type Assertions } from "./assertions";
import { compilePattern, type Matcher } from "./pattern";
import { isMembers, type Members } from "./value";

export type UncheckedCode =
  "keyword" | "malformed" | "pattern" | "reference" | "dialect" | "tooLarge" | "number" | "text";

export interface SchemaNode {
  readonly schema: Members;
  readonly assertions: Assertions;
  readonly pattern: Matcher | undefined;
  readonly patternProperties: readonly { matches: Matcher | undefined; schema: unknown }[];
  readonly unchecked: readonly { code: UncheckedCode; detail: string }[];
}

const isSchema = (value: unknown): boolean => typeof value === "boolean" || isMembers(value);
const isSchemas = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isSchema);
const isSchemaMap = (value: unknown): boolean => isMembers(value) && Object.values(value).every(isSchema);
const isWords = (value: unknown): boolean => Array.isArray(value) && value.every((word) => typeof word === "string");
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

/** Keywords that hold schemas, or lists of names. */
const SHAPES = new Map<string, (value: unknown) => boolean>([
  ["$ref", (value) => typeof value === "string"],
  ["allOf", isSchemas],
  ["anyOf", isSchemas],
  ["oneOf", isSchemas],
  ["not", isSchema],
  ["if", isSchema],
  ["then", isSchema],
  ["else", isSchema],
  ["properties", isSchemaMap],
  ["patternProperties", isSchemaMap],
  ["additionalProperties", isSchema],
  ["propertyNames", isSchema],
  ["dependentSchemas", isSchemaMap],
  ["dependentRequired", (value) => isMembers(value) && Object.values(value).every(isWords)],
  ["required", isWords],
  ["prefixItems", isSchemas],
  ["items", isSchema],
  ["contains", isSchema],
  ["minContains", isCount],
  ["maxContains", isCount],
  ["uniqueItems", (value) => typeof value === "boolean"],
  ["pattern", (value) => typeof value === "string"],
]);

/** Keywords with a meaning that is not implemented here. Words that JSON Schema does not know mean nothing. */
const NOT_CHECKED = [
  "unevaluatedProperties",
  "unevaluatedItems",
  "$dynamicRef",
  "$recursiveRef",
  "dependencies",
  "additionalItems",
];

/** Whether a schema says something that no form here can hold whoever fills it in to. */
export const hasUnheld = (schema: Members): boolean => NOT_CHECKED.some((keyword) => Object.hasOwn(schema, keyword));

const nodes = new WeakMap<Members, SchemaNode>();

export const readNode = (schema: Members): SchemaNode => {
  const known = nodes.get(schema);
  if (known !== undefined) return known;
  const assertions = readAssertions(schema);
  const has = (keyword: string): boolean => Object.hasOwn(schema, keyword);
  const isUsable = (keyword: string): boolean => has(keyword) && SHAPES.get(keyword)?.(schema[keyword]) === true;
  const malformed = [...SHAPES.keys()].filter((keyword) => has(keyword) && !isUsable(keyword));
  const pattern = isUsable("pattern") ? compilePattern(schema["pattern"] as string) : undefined;
  const patternProperties = isUsable("patternProperties") ? Object.entries(schema["patternProperties"] as Members) : [];
  const node: SchemaNode = {
    schema: Object.fromEntries([...SHAPES.keys()].filter(isUsable).map((keyword) => [keyword, schema[keyword]])),
    assertions,
    pattern,
    patternProperties: patternProperties.map(([text, inner]) => ({ matches: compilePattern(text), schema: inner })),
    unchecked: [
      ...NOT_CHECKED.filter(has).map((detail) => ({ code: "keyword" as const, detail })),
      ...[...assertions.malformed, ...malformed].map((detail) => ({ code: "malformed" as const, detail })),
    ],
  };
  nodes.set(schema, node);
  return node;
};
