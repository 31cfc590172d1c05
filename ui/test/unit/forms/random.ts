/** Schemas and values by chance, the same ones each time: small alphabets, so that what is asked is often nearly true. */
import type { Group } from "./cases";

type Json = unknown;

const GROUPS = 640;
const TESTS = 6;
const WORDS = ["", "a", "b", "ab", "é", "e\u0301", "😀", "😀😀", "A1", "a\nb", "1", " ", "__proto__", "ﬀ", "Ω"];
const KEYS = ["a", "b", "__proto__", "constructor", "toString", "", "a/b", "é", "1"];
const NUMBERS = [
  0,
  -0,
  1,
  1.5,
  2,
  3,
  -1,
  0.1,
  0.3,
  0.30000000000000004,
  1e-7,
  1e21,
  1e308,
  5e-324,
  4.35,
  2 ** 53,
  19.99,
];
const DIVISORS = [1, 2, 0.5, 0.1, 0.01, 1e-7, 3, 1.5, 1e21, 0.3, 5e-324];
const ATOMS = [
  "a",
  "b",
  "[ab]",
  "[^a]",
  "\\d",
  "\\w",
  "\\s",
  "\\S",
  ".",
  "\\p{L}",
  "\\P{Lu}",
  "\\u{1F600}",
  "é",
  "(?:ab|a)",
  "(a|)",
  "[+&&-]",
];
const TYPES = ["null", "boolean", "object", "array", "number", "integer", "string"];

/** A linear congruential generator (Numerical Recipes): any will do that is the same everywhere. */
const chance = (seed: number) => {
  let state = seed;
  const below = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const of = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const times = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  return { below, of, times };
};

export const randomGroups = (): Group[] => {
  const random = chance(20_202_012);
  const value = (depth: number): Json => {
    const kind = random.below(depth > 0 ? 8 : 6);
    if (kind === 0) return random.of([null, true, false]);
    if (kind <= 2) return random.of(NUMBERS);
    if (kind <= 5) return random.of(WORDS);
    if (kind === 6) return random.times(3, () => value(depth - 1));
    return Object.fromEntries(random.times(3, () => [random.of(KEYS), value(depth - 1)]));
  };
  const pattern = (): string => {
    const body = Array.from(
      { length: 1 + random.below(3) },
      () => random.of(ATOMS) + random.of(["", "", "*", "+", "?", "{2}", "{0,1}"]),
    );
    return random.of(["", "^"]) + body.join(random.of(["", "", "|"])) + random.of(["", "$"]);
  };
  const map = (depth: number, key: () => string) =>
    Object.fromEntries([...random.times(2, key), key()].map((name) => [name, schema(depth - 1)]));
  const list = (depth: number) => [...random.times(2, () => schema(depth - 1)), schema(depth - 1)];
  const key = () => random.of(KEYS);
  const plain: (() => [string, Json])[] = [
    () => ["type", random.of(TYPES)],
    () => ["type", [...new Set([random.of(TYPES), random.of(TYPES)])]],
    () => ["const", value(2)],
    () => ["enum", random.times(4, () => value(1))],
    () => [random.of(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), random.of(NUMBERS)],
    () => ["multipleOf", random.of(DIVISORS)],
    () => [
      random.of(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]),
      random.below(4),
    ],
    () => ["pattern", pattern()],
    () => ["required", [...new Set(random.times(2, key))]],
    () => ["uniqueItems", true],
    () => ["dependentRequired", { [key()]: [key()] }],
    () => ["format", random.of(["date", "email", "uri", "regex"])],
  ];
  const nested: ((depth: number) => [string, Json])[] = [
    (depth) => [random.of(["allOf", "anyOf", "oneOf"]), list(depth)],
    (depth) => [random.of(["not", "if", "then", "else", "items", "contains"]), schema(depth - 1)],
    (depth) => [random.of(["additionalProperties", "propertyNames"]), schema(depth - 1)],
    (depth) => [random.of(["properties", "dependentSchemas"]), map(depth, key)],
    (depth) => ["patternProperties", map(depth, pattern)],
    (depth) => ["prefixItems", list(depth)],
    () => [random.of(["minContains", "maxContains"]), random.below(3)],
    () => ["$ref", random.of(["#/$defs/one", "#/$defs/two"])],
    (depth) => [random.of(["unevaluatedProperties", "unevaluatedItems"]), schema(depth - 1)],
  ];
  const schema = (depth: number): Json => {
    if (random.below(12) === 0) return random.of([true, false]);
    return Object.fromEntries([
      ...random.times(2, () => random.of(plain)()),
      ...(depth > 0 ? random.times(2, () => random.of(nested)(depth)) : []),
    ]);
  };
  return Array.from({ length: GROUPS }, (_, index) => ({
    description: `random ${index}`,
    // What is referred to refers to nothing, so that no schema comes back to itself.
    schema: { ...(schema(2) as object), $defs: { one: schema(0), two: schema(0) } },
    tests: Array.from({ length: TESTS }, () => ({ data: value(2) })),
  }));
};
