/** What a schema asks for at one place of a form, for the value that is there now. */
import { hasUnheld } from "./node";
import type { SchemaDocument } from "./reference";
import { canonical, isMembers, memberOf, type Members } from "./value";
import { BRIEF, validateIn } from "./validate";

export interface Option {
  value: unknown;
  label: string | undefined;
}

export interface Member {
  name: string;
  schemas: Members[];
  isRequired: boolean;
}

export type Kind =
  | { kind: "text"; format: string | undefined }
  | { kind: "number"; isWhole: boolean }
  | { kind: "boolean" }
  | { kind: "choice"; options: Option[] }
  | { kind: "object"; members: Member[] }
  | { kind: "array"; items: Members[] }
  | { kind: "file"; access: "read" | "write"; isFolder: boolean }
  /** A place that is filled in as JSON text. */
  | { kind: "json" };

export interface Shape {
  kind: Kind;
  schemas: Members[];
  isNullable: boolean;
}

/** Rows and options past this are edited as JSON: a page that draws ten thousand rows does not answer any more. */
const DRAWN_MAX = 200;
const CONJUNCTION_MAX = 256;
const FILE_FORMATS: Record<string, Kind> = {
  "input-file": { kind: "file", access: "read", isFolder: false },
  "output-file": { kind: "file", access: "write", isFolder: false },
  "input-folder": { kind: "file", access: "read", isFolder: true },
  "output-folder": { kind: "file", access: "write", isFolder: true },
};

/** All schemas that hold for the value at once: references, `allOf`, the branch of `if`, what other members bring. */
export const schemasFor = (document: SchemaDocument, roots: readonly unknown[], value: unknown): Members[] => {
  const found = new Set<Members>();
  const waiting = [...roots].toReversed();
  for (let next = waiting.pop(); next !== undefined && found.size < CONJUNCTION_MAX; next = waiting.pop()) {
    if (!isMembers(next) || found.has(next)) continue;
    found.add(next);
    const { $ref, allOf, dependentSchemas } = next;
    waiting.push(...branchesOf(document, next, value).toReversed());
    if (isMembers(dependentSchemas))
      for (const key of Object.keys(dependentSchemas)) if (hasMember(value, key)) waiting.push(dependentSchemas[key]);
    if (Array.isArray(allOf)) waiting.push(...(allOf as unknown[]).toReversed());
    if ($ref !== undefined) waiting.push(document.resolve($ref)?.schema ?? true);
    waiting.push(...nonNullWay(next));
  }
  return [...found];
};

/** The first thing that one of the schemas says by this keyword. */
export const said = <T>(schemas: Members[], keyword: string, fits: (value: unknown) => value is T): T | undefined =>
  schemas.map((schema) => memberOf(schema, keyword)).find(fits);

export const isText = (value: unknown): value is string => typeof value === "string";
export const isNumeric = (value: unknown): value is number => typeof value === "number";
export const isTrue = (value: unknown): value is true => value === true;

export const shapeOf = (document: SchemaDocument, roots: readonly unknown[], value: unknown, depth: number): Shape => {
  const schemas = schemasFor(document, roots, value);
  const types = typesOf(schemas);
  const isNullable = (types?.has("null") ?? false) || schemas.some((schema) => nonNullWay(schema).length > 0);
  types?.delete("null");
  return { kind: kindOf(schemas, types, value, depth), schemas, isNullable };
};

const kindOf = (schemas: Members[], types: Set<string> | undefined, value: unknown, depth: number): Kind => {
  // Fields would look as if they were all that counts.
  if (schemas.some(hasUnheld)) return { kind: "json" };
  const options = optionsOf(schemas);
  if (options !== undefined) return options.length > DRAWN_MAX ? { kind: "json" } : { kind: "choice", options };
  if (types?.size !== 1) return { kind: "json" };
  const [type] = types;
  switch (type) {
    case "string": {
      const format = said(schemas, "format", isText);
      // Only a property of the input itself can be a file that a person hands over.
      const isFile = depth === 1 && format !== undefined && Object.hasOwn(FILE_FORMATS, format);
      return isFile ? (FILE_FORMATS[format] as Kind) : { kind: "text", format };
    }
    case "number":
    case "integer":
      return { kind: "number", isWhole: type === "integer" };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return arrayOf(schemas, value);
    default:
      return objectOf(schemas, value);
  }
};

const arrayOf = (schemas: Members[], value: unknown): Kind => {
  const items = schemas.map((schema) => schema["items"]).filter(isMembers);
  const isDrawn = items.length > 0 && !schemas.some((schema) => "prefixItems" in schema || hasOtherForms(schema));
  const rows = Array.isArray(value) ? value.length : 0;
  return isDrawn && rows <= DRAWN_MAX ? { kind: "array", items } : { kind: "json" };
};

const objectOf = (schemas: Members[], value: unknown): Kind => {
  const declared = schemas.map((schema) => schema["properties"]).filter(isMembers);
  const isOpen = !schemas.some((schema) => schema["additionalProperties"] === false);
  if ((declared.length === 0 && isOpen) || schemas.some(hasOtherForms)) return { kind: "json" };
  const required = requiredNames(schemas, value);
  // What is required and described nowhere can still be given, as JSON.
  const names = new Set([...declared.flatMap((properties) => Object.keys(properties)), ...(isOpen ? required : [])]);
  const members = [...names].flatMap((name): Member[] => {
    const places = declared.map((properties) => memberOf(properties, name)).filter((place) => place !== undefined);
    if (places.includes(false)) return [];
    return [{ name, schemas: places.map((place) => (isMembers(place) ? place : {})), isRequired: required.has(name) }];
  });
  return members.length > DRAWN_MAX ? { kind: "json" } : { kind: "object", members };
};

const requiredNames = (schemas: Members[], value: unknown): Set<string> => {
  const names = new Set<string>();
  const add = (list: unknown): void => {
    if (Array.isArray(list)) for (const name of list) if (isText(name)) names.add(name);
  };
  for (const { required, dependentRequired } of schemas) {
    add(required);
    if (isMembers(dependentRequired))
      for (const [key, list] of Object.entries(dependentRequired)) if (hasMember(value, key)) add(list);
  }
  return names;
};

/** `oneOf` or `anyOf` whose ways bring other fields: which of them is meant is the person's choice, made as JSON. */
const hasOtherForms = (schema: Members): boolean =>
  [schema["oneOf"], schema["anyOf"]].some(
    (ways) =>
      Array.isArray(ways) &&
      nonNullWay(schema).length === 0 &&
      ways.some(
        (way) => isMembers(way) && ["properties", "items", "prefixItems", "$ref", "allOf"].some((key) => key in way),
      ),
  );

const typesOf = (schemas: Members[]): Set<string> | undefined => {
  let types: Set<string> | undefined;
  for (const { type } of schemas) {
    const these = (Array.isArray(type) ? type : [type]).filter(isText);
    if (these.length === 0) continue;
    if (these.includes("number")) these.push("integer");
    types = types === undefined ? new Set(these) : new Set(these.filter((name) => types?.has(name)));
  }
  // `integer` beside `number` only says that whole numbers are numbers too.
  if (types?.has("number")) types.delete("integer");
  if (types === undefined && schemas.some((schema) => isMembers(schema["properties"]))) return new Set(["object"]);
  if (types === undefined && schemas.some((schema) => isMembers(schema["items"]))) return new Set(["array"]);
  return types;
};

/** The values that all the schemas with a closed list of values allow; not `null`, which is a form's own question. */
const optionsOf = (schemas: Members[]): Option[] | undefined => {
  const lists = schemas.map(optionsIn).filter((list) => list !== undefined);
  const [first, ...others] = lists;
  return first
    ?.filter((option) =>
      others.every((list) => list.some((other) => canonical(other.value) === canonical(option.value))),
    )
    .filter(
      (option, index, all) =>
        option.value !== null && all.findIndex((other) => canonical(other.value) === canonical(option.value)) === index,
    );
};

const optionsIn = (schema: Members): Option[] | undefined => {
  if ("const" in schema) return [{ value: schema["const"], label: undefined }];
  if (Array.isArray(schema["enum"])) return (schema["enum"] as unknown[]).map((value) => ({ value, label: undefined }));
  const ways = schema["oneOf"] ?? schema["anyOf"];
  if (!Array.isArray(ways) || !ways.every((way) => isMembers(way) && "const" in way)) return undefined;
  return (ways as Members[]).map(({ const: value, title }) => ({ value, label: isText(title) ? title : undefined }));
};

/** X in `anyOf: [X, {"type": "null"}]`, the long way to say that X may be null. */
const nonNullWay = (schema: Members): unknown[] => {
  const ways = schema["anyOf"] ?? schema["oneOf"];
  if (!Array.isArray(ways) || ways.length !== 2) return [];
  const others = ways.filter((way) => !(isMembers(way) && way["type"] === "null"));
  return others.length === 1 ? others : [];
};

const branchesOf = (document: SchemaDocument, schema: Members, value: unknown): unknown[] => {
  if (schema["if"] === undefined) return [];
  const { state } = validateIn(document, value ?? {}, schema["if"], BRIEF);
  const branches = [schema["then"], schema["else"]];
  // Where that could not be said, both are shown.
  const active = state === "valid" ? branches.slice(0, 1) : state === "invalid" ? branches.slice(1) : branches;
  return active.filter((branch) => branch !== undefined);
};

const hasMember = (value: unknown, key: string): boolean => memberOf(value, key) !== undefined;
