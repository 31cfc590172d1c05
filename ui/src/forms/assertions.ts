/**
 * The keywords of JSON Schema that hold no other schema, judged by @cfworker/json-schema. It never gets a pattern, a
 * reference or a format: those are ours, so that no stranger's schema can hang the page.
 */
import { validate } from "@cfworker/json-schema";
import { hasLostNumber, measure, type Members } from "./value";

export type AssertionCode = keyof typeof SHAPES;

export interface Assertions {
  /** Keywords whose value is not of the form that JSON Schema demands. */
  readonly malformed: string[];
  readonly cost: number;
  readonly judge: (value: unknown) => { failed: AssertionCode[]; unsure: AssertionCode[] };
}

const TYPES: ReadonlySet<unknown> = new Set(["null", "boolean", "object", "array", "number", "integer", "string"]);
const isType = (value: unknown): boolean => TYPES.has(value);
const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

const SHAPES = {
  type: (value: unknown) => (Array.isArray(value) ? value.length > 0 && value.every(isType) : isType(value)),
  const: () => true,
  enum: (value: unknown) => Array.isArray(value),
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value: unknown) => isNumber(value) && (value as number) > 0,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minProperties: isCount,
  maxProperties: isCount,
};

const BOUNDS: ReadonlySet<string> = new Set(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);
const NOTHING = { failed: [], unsure: [] };

export const readAssertions = (schema: Members): Assertions => {
  const plain: Members = {};
  const malformed: string[] = [];
  for (const [keyword, isWellFormed] of Object.entries(SHAPES)) {
    if (!Object.hasOwn(schema, keyword)) continue;
    if (isWellFormed(schema[keyword])) plain[keyword] = schema[keyword];
    else malformed.push(keyword);
  }
  if (Object.keys(plain).length === 0) return { malformed, cost: 0, judge: () => NOTHING };
  const options = [plain["enum"], plain["const"]].filter((option) => option !== undefined);
  return {
    malformed,
    cost: measure(options).values,
    judge: (value) => {
      const errors = validate(value, plain, "2020-12", {}, false).errors;
      const failed = errors.map((error) => error.keyword as AssertionCode);
      const unsure = (Object.keys(plain) as AssertionCode[]).filter((code) =>
        isUnsure(code, plain[code], value, failed),
      );
      return { failed: failed.filter((code) => !unsure.includes(code)), unsure };
    },
  };
};

/**
 * Whether the answer hangs on digits that JavaScript dropped when it read the schema: two numbers that differ for
 * everybody else may be the same here. Ones that differ here differ everywhere.
 */
const isUnsure = (code: AssertionCode, demand: unknown, value: unknown, failed: readonly AssertionCode[]): boolean => {
  if (code === "multipleOf") return typeof value === "number" && hasLostNumber([value, demand]);
  if (BOUNDS.has(code)) return value === demand && hasLostNumber(value);
  return (code === "const" || code === "enum") && !failed.includes(code) && hasLostNumber(value);
};
