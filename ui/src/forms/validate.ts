/**
 * Checks a value against a stranger's JSON Schema 2020-12 with three answers: valid, invalid, and not checked here.
 * Work and depth are bounded; past the bounds the answer is "not checked", never a guess. The server has the last word.
 */
import type { AssertionCode } from "./assertions";
import { readNode, type SchemaNode, type UncheckedCode } from "./node";
import { child } from "./pointer";
import { readDocument, type SchemaDocument } from "./reference";
import { canonical, hasBrokenText, hasLostNumber, isMembers, measure, type Members } from "./value";

export interface Problem {
  pointer: string;
  code:
    | AssertionCode
    | "required"
    | "additional"
    | "never"
    | "not"
    | "anyOf"
    | "oneOf"
    | "contains"
    | "maxContains"
    | "uniqueItems"
    | "pattern";
  /** What the schema demands: a bound, types, options. */
  demand?: unknown;
}

export interface Unchecked {
  pointer: string;
  code: UncheckedCode;
  detail: string;
}

export type Verdict =
  | { state: "valid" }
  | { state: "invalid"; problems: Problem[]; unchecked: Unchecked[] }
  | { state: "unchecked"; unchecked: Unchecked[] };

/** Schemas looked at, and characters that patterns are run over. */
interface Bounds {
  steps: number;
  patternSteps: number;
}

/** Each is about a third of a second. */
export const WHOLE: Bounds = { steps: 150_000, patternSteps: 5_000_000 };
/** For a question that is asked at many places each time something is typed. */
export const BRIEF: Bounds = { steps: 2_000, patternSteps: 50_000 };
const DEPTH_MAX = 256;
const VALUE_DEPTH_MAX = 64;
const LISTED_MAX = 100;

type Answer = "valid" | "invalid" | "unknown";

export const validate = (schema: unknown, value: unknown): Verdict => validateIn(readDocument(schema), value);

export const validateIn = (
  document: SchemaDocument,
  value: unknown,
  schema: unknown = document.schema,
  bounds = WHOLE,
): Verdict => {
  const check = new Check(document, bounds);
  const findings = check.findings(schema, value);
  const unchecked = unique(findings.unchecked);
  if (findings.problems.length > 0) return { state: "invalid", problems: unique(findings.problems), unchecked };
  return unchecked.length > 0 ? { state: "unchecked", unchecked } : { state: "valid" };
};

const unique = <T extends Problem | Unchecked>(list: T[]): T[] => {
  const seen = new Set<string>();
  return list.filter((entry) => {
    const key = JSON.stringify([entry.pointer, entry.code, "demand" in entry ? entry.demand : ""]);
    return !seen.has(key) && seen.add(key);
  });
};

class Findings {
  problems: Problem[] = [];
  unchecked: Unchecked[] = [];

  get answer(): Answer {
    return this.problems.length > 0 ? "invalid" : this.unchecked.length > 0 ? "unknown" : "valid";
  }

  problem(pointer: string, code: Problem["code"], demand?: unknown): void {
    if (this.problems.length < LISTED_MAX)
      this.problems.push({ pointer, code, ...(demand !== undefined && { demand }) });
  }

  doubt(pointer: string, code: UncheckedCode, detail = ""): void {
    if (this.unchecked.length < LISTED_MAX) this.unchecked.push({ pointer, code, detail });
  }

  add(other: Findings): void {
    for (const problem of other.problems) if (this.problems.length < LISTED_MAX) this.problems.push(problem);
    this.addDoubts(other);
  }

  addDoubts(other: Findings): void {
    for (const doubt of other.unchecked) if (this.unchecked.length < LISTED_MAX) this.unchecked.push(doubt);
  }
}

class Check {
  private depth = 0;

  private readonly steps: { left: number };
  private readonly patternSteps: { left: number };

  constructor(
    private readonly document: SchemaDocument,
    private readonly bounds: Bounds,
  ) {
    this.steps = { left: bounds.steps };
    this.patternSteps = { left: bounds.patternSteps };
  }

  findings(schema: unknown, value: unknown): Findings {
    const found = new Findings();
    const { values, depth } = measure(value);
    if (this.document.refused !== undefined) found.doubt("", this.document.refused);
    else if (values > this.bounds.steps || depth > VALUE_DEPTH_MAX) found.doubt("", "tooLarge");
    else {
      this.judge(schema, value, "", found);
      if (hasBrokenText(value)) found.doubt("", "text");
    }
    return found;
  }

  private branch(schema: unknown, value: unknown, pointer: string): Findings {
    const found = new Findings();
    this.judge(schema, value, pointer, found);
    return found;
  }

  private judge(schema: unknown, value: unknown, pointer: string, found: Findings): void {
    if (schema === true) return;
    if (schema === false) return found.problem(pointer, "never");
    if (!isMembers(schema)) return found.doubt(pointer, "malformed");
    // A row that nobody has filled in yet.
    if (value === undefined) return found.problem(pointer, "required");
    const node = readNode(schema);
    this.steps.left -= 1 + node.assertions.cost;
    if (this.steps.left < 0 || this.depth >= DEPTH_MAX) return found.doubt(pointer, "tooLarge");
    this.depth += 1;
    for (const { code, detail } of node.unchecked) found.doubt(pointer, code, detail);
    const { failed, unsure } = node.assertions.judge(value);
    for (const code of failed) found.problem(pointer, code, schema[code]);
    for (const code of unsure) found.doubt(pointer, "number", code);
    this.judgeSameValue(node.schema, value, pointer, found);
    if (typeof value === "string") this.judgeText(node, value, pointer, found);
    else if (Array.isArray(value)) this.judgeItems(node.schema, value, pointer, found);
    else if (isMembers(value)) this.judgeMembers(node, value, pointer, found);
    this.depth -= 1;
  }

  private judgeText(node: SchemaNode, value: string, pointer: string, found: Findings): void {
    const pattern = node.schema["pattern"];
    if (pattern === undefined) return;
    const isFound = node.pattern?.(value, this.patternSteps);
    if (isFound === undefined) found.doubt(pointer, "pattern", pattern as string);
    else if (!isFound) found.problem(pointer, "pattern", pattern);
  }

  private judgeSameValue(schema: Members, value: unknown, pointer: string, found: Findings): void {
    const { $ref, allOf = [], anyOf, oneOf, not } = schema;
    if ($ref !== undefined) {
      const target = this.document.resolve($ref);
      if (target === undefined) found.doubt(pointer, "reference", $ref as string);
      else this.judge(target.schema, value, pointer, found);
    }
    for (const part of allOf as unknown[]) this.judge(part, value, pointer, found);
    if (anyOf !== undefined) this.judgeChoice("anyOf", anyOf as unknown[], value, pointer, found);
    if (oneOf !== undefined) this.judgeChoice("oneOf", oneOf as unknown[], value, pointer, found);
    if (not !== undefined) {
      const opposite = this.branch(not, value, pointer);
      if (opposite.answer === "valid") found.problem(pointer, "not");
      else if (opposite.answer === "unknown") found.addDoubts(opposite);
    }
    if (schema["if"] !== undefined) this.judgeCondition(schema, value, pointer, found);
  }

  private judgeChoice(
    code: "anyOf" | "oneOf",
    ways: unknown[],
    value: unknown,
    pointer: string,
    found: Findings,
  ): void {
    const branches = ways.map((way) => this.branch(way, value, pointer));
    const valid = branches.filter((branch) => branch.answer === "valid").length;
    const unknown = branches.filter((branch) => branch.answer === "unknown");
    if (valid > 1 && code === "oneOf") return found.problem(pointer, code, valid);
    if (valid > 0 && (code === "anyOf" || unknown.length === 0)) return;
    if (unknown.length > 0) return unknown.forEach((branch) => found.addDoubts(branch));
    const meant = branches.filter((branch) => branch.problems.every((problem) => !isOtherKind(problem, pointer)));
    if (meant.length === 1 && meant[0] !== undefined) found.add(meant[0]);
    else found.problem(pointer, code, 0);
  }

  private judgeCondition(schema: Members, value: unknown, pointer: string, found: Findings): void {
    const condition = this.branch(schema["if"], value, pointer);
    const { then = true, else: otherwise = true } = schema;
    if (condition.answer !== "unknown")
      return this.judge(condition.answer === "valid" ? then : otherwise, value, pointer, found);
    const branches = [this.branch(then, value, pointer), this.branch(otherwise, value, pointer)];
    if (branches.every((branch) => branch.answer === "invalid")) return branches.forEach((branch) => found.add(branch));
    if (branches.some((branch) => branch.answer !== "valid")) found.addDoubts(condition);
  }

  private judgeMembers(node: SchemaNode, value: Members, pointer: string, found: Findings): void {
    const { properties = {}, additionalProperties: rest = true, propertyNames, required = [] } = node.schema;
    const { dependentRequired = {}, dependentSchemas = {} } = node.schema;
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    const isThere = (key: string): boolean => Object.hasOwn(value, key) && value[key] !== undefined;
    const demand = (names: unknown): void => {
      for (const name of names as string[]) if (!isThere(name)) found.problem(child(pointer, name), "required");
    };
    demand(required);
    for (const [key, names] of Object.entries(dependentRequired as Members)) if (isThere(key)) demand(names);
    for (const [key, schema] of Object.entries(dependentSchemas as Members))
      if (isThere(key)) this.judge(schema, value, pointer, found);
    for (const key of keys) {
      if (this.steps.left < 0) return found.doubt(pointer, "tooLarge");
      const place = child(pointer, key);
      if (propertyNames !== undefined) this.judge(propertyNames, key, place, found);
      const isDeclared = Object.hasOwn(properties as Members, key);
      if (isDeclared) this.judge((properties as Members)[key], value[key], place, found);
      const isMatched = this.judgeMatching(node, key, value[key], place, found);
      if (isDeclared || isMatched === true || rest === true) continue;
      if (isMatched === undefined) found.doubt(place, "pattern");
      else if (rest === false) found.problem(place, "additional");
      else this.judge(rest, value[key], place, found);
    }
  }

  /** Whether some pattern fits the key; `undefined` where that could not be said. */
  private judgeMatching(
    node: SchemaNode,
    key: string,
    value: unknown,
    place: string,
    found: Findings,
  ): boolean | undefined {
    let isMatched: boolean | undefined = false;
    for (const { matches, schema } of node.patternProperties) {
      const isFound = matches?.(key, this.patternSteps);
      if (isFound === true) {
        isMatched = true;
        this.judge(schema, value, place, found);
      } else if (isFound === undefined) {
        isMatched ||= undefined;
        if (this.branch(schema, value, place).answer !== "valid") found.doubt(place, "pattern");
      }
    }
    return isMatched;
  }

  private judgeItems(schema: Members, value: unknown[], pointer: string, found: Findings): void {
    const { prefixItems = [], items = true, contains, uniqueItems } = schema;
    const first = prefixItems as unknown[];
    value.forEach((item, index) => {
      const inner = index < first.length ? first[index] : items;
      if (inner !== true) this.judge(inner, item, child(pointer, index), found);
      else if (item === undefined) found.problem(child(pointer, index), "required");
    });
    if (contains !== undefined) this.judgeContains(schema, value, pointer, found);
    if (uniqueItems !== true) return;
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const key = canonical(item);
      if ((this.steps.left -= 1 + key.length / 16) < 0) return found.doubt(pointer, "tooLarge");
      if (item !== undefined && seen.has(key)) {
        if (hasLostNumber(item)) found.doubt(child(pointer, index), "number", "uniqueItems");
        else found.problem(child(pointer, index), "uniqueItems");
      }
      seen.set(key, index);
    }
  }

  private judgeContains(schema: Members, value: unknown[], pointer: string, found: Findings): void {
    const { contains, minContains = 1, maxContains = Infinity } = schema;
    const branches = value.map((item, index) => this.branch(contains, item, child(pointer, index)));
    const valid = branches.filter((branch) => branch.answer === "valid").length;
    const unknown = branches.filter((branch) => branch.answer === "unknown");
    if (valid + unknown.length < (minContains as number)) found.problem(pointer, "contains", minContains);
    else if (valid > (maxContains as number)) found.problem(pointer, "maxContains", maxContains);
    else if (valid < (minContains as number) || valid + unknown.length > (maxContains as number))
      unknown.forEach((branch) => found.addDoubts(branch));
  }
}

/** Says that the value was not meant for this branch, rather than that something in it is wrong. */
const isOtherKind = (problem: Problem, pointer: string): boolean =>
  problem.code === "type" || problem.code === "const"
    ? isAtOrJustBelow(problem.pointer, pointer)
    : problem.code === "never";

const isAtOrJustBelow = (place: string, pointer: string): boolean =>
  place === pointer || (place.startsWith(`${pointer}/`) && !place.slice(pointer.length + 1).includes("/"));
