/** Between what a form shows and what is sent: the values it begins with, and no value that it does not show any more. */
import { readDocument, type SchemaDocument } from "./reference";
import { said, schemasFor, shapeOf, type Kind, type Member, type Shape } from "./schema";
import { isMembers, memberOf, type Members } from "./value";

/** Of the fields that are there from the start; a schema that asks for itself would go on for ever. */
const DEPTH_MAX = 5;
const MEMBERS_MAX = 500;
/** Deeper places are drawn as JSON, and sent as they are. */
const SETTLED_DEPTH_MAX = 16;

export const startingValue = (schema: unknown): Members => {
  const filling = new Filling(readDocument(schema));
  // Twice, as a default may choose the branch that brings more fields.
  const first = filling.filled([schema], {}, 0);
  const second = filling.filled([schema], first, 0);
  return isMembers(second) ? second : {};
};

/** What a new row of a list begins with. */
export const startingItem = (document: SchemaDocument, schemas: Members[]): unknown =>
  new Filling(document).filled(schemas, undefined, 1);

class Filling {
  private left = MEMBERS_MAX;

  constructor(private readonly document: SchemaDocument) {}

  filled(schemas: readonly unknown[], value: unknown, depth: number): unknown {
    const { kind, schemas: all }: Shape = shapeOf(this.document, schemas, value, depth);
    const preset = said(all, "default", (given): given is unknown => given !== undefined);
    if (value === undefined && preset !== undefined) return structuredClone(preset);
    if (value === undefined && kind.kind === "boolean") return false;
    if (value === undefined && kind.kind === "array") return [];
    if (value === undefined && kind.kind === "choice" && all.some((schema) => "const" in schema))
      return kind.options[0]?.value;
    if (kind.kind !== "object") return value;
    let members = isMembers(value) ? value : {};
    for (const member of kind.members) {
      if ((this.left -= 1) < 0 || depth >= DEPTH_MAX) break;
      const inner = this.member(member, memberOf(members, member.name), depth + 1);
      if (inner !== undefined) members = { ...members, [member.name]: inner };
    }
    return members;
  }

  private member(member: Member, value: unknown, depth: number): unknown {
    if (member.isRequired || value !== undefined) return this.filled(member.schemas, value, depth);
    const { schemas } = shapeOf(this.document, member.schemas, undefined, depth);
    const preset = said(schemas, "default", (given): given is unknown => given !== undefined);
    return preset === undefined ? undefined : structuredClone(preset);
  }
}

/**
 * The value as the form shows it: members of a branch of `if` that no longer holds are left out, and a required yes-or-no
 * or list that nobody touched is "no" or empty, as drawn.
 */
export const settled = (document: SchemaDocument, value: unknown): unknown =>
  settle(document, [document.schema], value, 0);

const settle = (document: SchemaDocument, roots: readonly unknown[], value: unknown, depth: number): unknown => {
  if (depth > SETTLED_DEPTH_MAX) return value;
  const { kind, schemas } = shapeOf(document, roots, value, depth);
  if (kind.kind === "array" && Array.isArray(value))
    return value.map((item: unknown) => settle(document, kind.items, item, depth + 1));
  if (kind.kind !== "object" || !isMembers(value)) return value;
  const conditional = conditionalNames(document, schemas, value);
  const shown = new Map(kind.members.map((member) => [member.name, member]));
  const members = Object.keys(value).flatMap((name): [string, unknown][] => {
    const member = shown.get(name);
    if (member === undefined) return conditional.has(name) ? [] : [[name, value[name]]];
    return [[name, settle(document, member.schemas, value[name], depth + 1)]];
  });
  for (const { name, isRequired, schemas: places } of kind.members) {
    if (!isRequired || memberOf(value, name) !== undefined) continue;
    const blank = blankOf(shapeOf(document, places, undefined, depth + 1).kind);
    if (blank !== undefined) members.push([name, blank]);
  }
  return Object.fromEntries(members);
};

/** What a field shows that nobody touched, where that is an answer. */
const blankOf = ({ kind }: Kind): unknown => (kind === "boolean" ? false : kind === "array" ? [] : undefined);

/** Members that only some branch declares. */
const conditionalNames = (document: SchemaDocument, schemas: Members[], value: unknown): Set<string> => {
  const branches = schemas.flatMap(({ then, else: otherwise, dependentSchemas }) => [
    then,
    otherwise,
    ...(isMembers(dependentSchemas) ? Object.values(dependentSchemas) : []),
  ]);
  const declared = schemasFor(document, branches, value).map((schema) => schema["properties"]);
  return new Set(declared.filter(isMembers).flatMap((properties) => Object.keys(properties)));
};
