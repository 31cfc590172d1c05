import type { Schemas } from "@/api/client";
import type { IconName } from "@/components/Icon";
import type { Tone } from "@/components/Pill";
import type { Family } from "./words";

type State = Schemas["GrantState"];

export const FAMILIES: readonly Family[] = [
  "file",
  "storage",
  "network",
  "shell",
  "clipboard",
  "gpu",
  "ai",
  "mcp",
  "event",
  "trigger",
  "schedule",
  "secret",
  "view",
];

export const LOOKS: Record<State, { tone: Tone; icon: IconName }> = {
  allow: { tone: "good", icon: "check" },
  ask: { tone: "caution", icon: "inbox" },
  block: { tone: "neutral", icon: "close" },
};

/** From what lets most through. */
const STRENGTH: readonly State[] = ["allow", "ask", "block"];

export interface Cell {
  family: Family;
  state: State;
  lines: number;
}

const known = new WeakMap<readonly Schemas["GrantView"][], readonly Cell[]>();

/** The families that an app asks for, each with the state that lets most through. The same for the same switches. */
export function cellsOf(grants: readonly Schemas["GrantView"][]): readonly Cell[] {
  const before = known.get(grants);
  if (before) return before;
  const cells = FAMILIES.flatMap((family) => {
    const states = grants.filter(({ scope }) => scope.scope === family).map(({ state }) => state);
    const state = STRENGTH.find((known) => states.includes(known));
    return state ? [{ family, state, lines: states.length }] : [];
  });
  known.set(grants, cells);
  return cells;
}
