// Which lines of a card are asked, and what is said about them.
import type { Schemas } from "@/api/client";
import {
  asFound,
  choicesFor,
  isLacking,
  wantedOf,
  type CardLine,
  type LineChoice,
  type Wanted,
} from "../lines/choices";

export type Card = Schemas["Card"];
/** What was changed on a card, by line. */
export type Drafts = ReadonlyMap<string, Wanted>;

const SEVERITIES: readonly CardLine["severity"][] = ["high", "medium", "low"];

/** Whether the very version of the card is installed: nothing is asked then, and nothing changes. */
export const isSame = (card: Card): boolean => !card.change && card.upgrade_from === card.version;

/** The lines to decide on, and those that go on as they are. What can do most harm comes first. */
export function linesOf(card: Card): { asked: CardLine[]; rest: CardLine[] } {
  const sorted = card.lines.toSorted(
    (one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity),
  );
  if (isSame(card)) return { asked: [], rest: sorted };
  const { change } = card;
  if (!change || change.is_anew) return { asked: sorted, rest: [] };
  const isNew = (line: CardLine) => (change.lines ?? []).includes(line.line);
  return { asked: sorted.filter(isNew), rest: sorted.filter((line) => !isNew(line)) };
}

/** Every line that was shown is said in full, so that nothing depends on what held before. */
export const choicesOf = (card: Card, drafts: Drafts): LineChoice[] =>
  linesOf(card).asked.flatMap((line) => choicesFor(line, drafts.get(line.line) ?? wantedOf(line)));

/** Lines that are allowed and reach nothing until the owner names a folder. */
export const lackingOf = (card: Card, drafts: Drafts): string[] =>
  linesOf(card)
    .asked.filter((line) => isLacking(line, drafts.get(line.line) ?? wantedOf(line)))
    .map((line) => line.line);

/** Of a server that was set up before: the folders that its owner gave it there. */
export const draftsAsFound = (card: Card): Drafts =>
  new Map(
    linesOf(card).asked.flatMap((line) => {
      const wanted = asFound(line);
      return wanted ? [[line.line, wanted] as const] : [];
    }),
  );
