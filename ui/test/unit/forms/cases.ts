/** What the page and the server are both asked: the official suite, pairs made to trip checkers up, and random ones. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson } from "@/forms/JsonField";
import { validate } from "@/forms/validate";

export const FOLDER = join(import.meta.dirname, "../../suite");
/** By default `format` says what is meant and demands nothing (format.json); these files suppose that it demands. */
const FORMAT_DEMANDS = /^optional\/format(\/|-assertion)/;

export type State = "valid" | "invalid" | "unchecked";

export interface Case {
  description?: string;
  data?: unknown;
  /** The value as a person types it, where reading it is part of the question. */
  text?: string;
  valid?: boolean;
}

export interface Group {
  description: string;
  schema: unknown;
  tests: Case[];
}

export interface Judged {
  name: string;
  wanted: State | undefined;
  state: State;
}

export const readText = (file: string): string => readFileSync(join(FOLDER, file), "utf8");

export const readGroups = (file: string): Group[] => JSON.parse(readText(file)) as Group[];

/** The newest that there was, and one of which the commit is known. */
export const SUITES = ["draft2020-12", "draft2020-12-at-47958f82"] as const;

/** The files of a suite, as they stand in its folder. */
export const filesOf = (suite: (typeof SUITES)[number]): string[] =>
  readdirSync(join(FOLDER, suite), { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".json") && !FORMAT_DEMANDS.test(name))
    .toSorted();

export const judge = (group: Group): Judged[] =>
  group.tests.map((asked, index) => ({
    name: `${group.description}: ${asked.description ?? index}`,
    wanted: asked.valid === undefined ? undefined : asked.valid ? "valid" : "invalid",
    state: stateOf(group.schema, asked),
  }));

const stateOf = (schema: unknown, { data, text }: Case): State => {
  if (text === undefined) return validate(schema, data).state;
  const read = readJson(text);
  // What the editor does not take is never sent.
  return "value" in read ? validate(schema, read.value).state : "unchecked";
};
