import type { Schemas } from "@/api/client";

export type Found = Schemas["ImportView"];
export type Source = Schemas["ImportSource"];
export type Said = Schemas["ImportNotice"];
export type Question = Schemas["ImportQuestion"];

/** What a person says to what an author asks, by its name. Secrets are among it: it ends with the page. */
export type Answers = Readonly<Record<string, string[]>>;

/** Answers as a part of what is asked for, where there are any. */
export const answered = (answers: Answers): { answers?: Record<string, string[]> } =>
  Object.keys(answers).length > 0 ? { answers: { ...answers } } : {};

/** What was looked through, and what is there. */
export interface Look {
  source: Source;
  answers: Answers;
  found: Schemas["ImportsView"];
}

/** What became of one that was chosen. */
export type Outcome =
  | { state: "waits" }
  | { state: "imported"; app: Schemas["AppDetail"] }
  | { state: "left" }
  | { state: "failed"; error: unknown };

/** By the names of the apps, in the order in which they come. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** Whether something can be done with a server: what is there already, and what is refused, is only shown. */
export const isDue = ({ action }: Found): boolean => action === "install" || action === "update";

/** What somebody set up and uses is what they most likely want. */
export const isWanted = (found: Found): boolean => isDue(found) && !found.is_disabled_there;

/** The next one to decide on. */
export const nextOf = (outcomes: Outcomes): string | null =>
  [...outcomes].find(([, { state }]) => state === "waits")?.[0] ?? null;

/** What it needs from its owner before it can work: what is required and stands nowhere. */
export const lackingOf = ({ settings }: Found): string[] =>
  settings.filter(({ is_required, has_value }) => is_required && !has_value).map(({ title }) => title);
