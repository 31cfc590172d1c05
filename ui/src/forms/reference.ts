/** Where `$ref` leads, within one document: nothing is ever fetched, and what would need a base address is not followed. */
import { hasPlace, isMembers, measure, valueAt } from "./value";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const DOCUMENT_VALUES_MAX = 50_000;
const DOCUMENT_DEPTH_MAX = 200;

/** One schema with everything in it. */
export interface SchemaDocument {
  readonly schema: unknown;
  /** Why nothing of it can be judged here. */
  readonly refused: "dialect" | "tooLarge" | undefined;
  readonly resolve: (reference: unknown) => { schema: unknown } | undefined;
}

export const readDocument = (schema: unknown): SchemaDocument => {
  const { values, depth } = measure(schema);
  const isTooLarge = values > DOCUMENT_VALUES_MAX || depth > DOCUMENT_DEPTH_MAX;
  const keywords = isTooLarge ? { hasBases: true, hasDialect: false } : find(schema);
  const followed = new Map<unknown, { schema: unknown }>();
  return {
    schema,
    refused: isTooLarge ? "tooLarge" : keywords.hasDialect ? "dialect" : undefined,
    resolve: (reference) => {
      const known = followed.get(reference);
      if (known !== undefined) return known;
      if (typeof reference !== "string" || !reference.startsWith("#") || keywords.hasBases) return undefined;
      const pointer = decode(reference.slice(1));
      if (pointer === undefined || (pointer !== "" && !pointer.startsWith("/"))) return undefined;
      if (!hasPlace(schema, pointer)) return undefined;
      const target = { schema: valueAt(schema, pointer) };
      followed.set(reference, target);
      return target;
    },
  };
};

/** Words that give references another meaning, wherever they stand: a false alarm only means "not checked here". */
const find = (schema: unknown): { hasBases: boolean; hasDialect: boolean } => {
  const found = { hasBases: false, hasDialect: false };
  const waiting = [schema];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...(next as unknown[]).filter((inner) => typeof inner === "object"));
    if (!isMembers(next)) continue;
    const { $id, $schema } = next;
    if (typeof $id === "string" && next !== schema) found.hasBases = true;
    if (typeof $schema === "string" && $schema.replace(/#$/, "") !== DIALECT) found.hasDialect = true;
    for (const member of Object.values(next)) if (typeof member === "object" && member !== null) waiting.push(member);
  }
  return found;
};

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
