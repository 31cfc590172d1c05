// Whether data is what a renderer draws, in bounded time: what is too deep or too much is refused before the schema
// looks at it.

import { Validator, type Schema } from "@cfworker/json-schema";

// The deepest data that any schema here allows has five levels; apps add facts of their own beside it.
const DEPTH_MAX = 32;
// A host result is at most 4 MiB, and no JSON value is shorter than two bytes with its comma.
const VALUES_MAX = 2_100_000;

export type Verdict = { is_valid: true } | { is_valid: false; problem: string };

const compiled = new WeakMap<object, Validator>();

export function checkData(schema: object, data: unknown): Verdict {
  if (!isBounded(data)) return { is_valid: false, problem: "too large" };
  let validator = compiled.get(schema);
  if (validator === undefined) {
    validator = new Validator(schema as Schema, "2020-12", true);
    compiled.set(schema, validator);
  }
  try {
    const { valid, errors } = validator.validate(data);
    if (valid) return { is_valid: true };
    const last = errors.at(-1);
    return { is_valid: false, problem: last === undefined ? "" : `${last.instanceLocation} ${last.error}` };
  } catch (error) {
    // A message between windows may hold what JSON does not have, such as `undefined`.
    return { is_valid: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function isBounded(data: unknown): boolean {
  let level: unknown[] = [data];
  let values = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    values += level.length;
    if (depth > DEPTH_MAX || values > VALUES_MAX) return false;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      for (const inner of Array.isArray(value) ? value : Object.values(value)) next.push(inner);
    }
    level = next;
  }
  return true;
}
