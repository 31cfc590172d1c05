// How wide each column is. It is reckoned from all answers, not measured by the browser: a table that measures its cells
// moves with each row that is drawn later.
import type { Schemas } from "@/api/client";
import { cellsOf, FAMILIES } from "./families";
import type { Family } from "./words";

/** Of a letter of the table's text; wide ones and bold ones are wider than most. */
const LETTER_REM = 0.5;
/** Of a letter in a pill, whose text is smaller. */
const PILL_LETTER_REM = 0.43;
/** The picture of a pill, and its ends. */
const PILL_REM = 2.5;
/** Between two columns. */
const SPACE_REM = 2;
/** Longer names go on in a second line. */
const NAME_REM_MAX = 20;
const NAME_REM_MIN = 8;

export interface Column {
  family: Family;
  widthRem: number;
}

interface Words {
  off: string;
  families: Record<Family, string>;
  states: Record<Schemas["GrantState"], string>;
  several(word: string, count: number): string;
}

/** A column for each family that any of the apps asks for. */
export function columnsOf(apps: readonly Schemas["AppGrantsView"][], said: Words): Column[] {
  const letters = new Map<Family, number>();
  for (const { grants } of apps) {
    for (const { family, state, lines } of cellsOf(grants ?? [])) {
      const word = lines > 1 ? said.several(said.states[state], lines) : said.states[state];
      letters.set(family, Math.max(letters.get(family) ?? 0, word.length));
    }
  }
  return FAMILIES.flatMap((family) => {
    const most = letters.get(family);
    if (most === undefined) return [];
    const head = said.families[family].length * LETTER_REM;
    return [{ family, widthRem: SPACE_REM + Math.max(head, PILL_REM + most * PILL_LETTER_REM) }];
  });
}

/** How wide the apps' names are, with what says that one is off. */
export function nameRem(apps: readonly Schemas["AppGrantsView"][], said: Words): number {
  const offRem = PILL_REM + said.off.length * PILL_LETTER_REM;
  const rems = apps.map(({ app, enabled }) => Math.min(NAME_REM_MAX, app.length * LETTER_REM) + (enabled ? 0 : offRem));
  return SPACE_REM + Math.max(NAME_REM_MIN, ...rems);
}
