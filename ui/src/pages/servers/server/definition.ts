// What a server says of a tool. Any JSON may come in its place.
import type { Tool } from "../state";

export const HINTS = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;
export type Hint = (typeof HINTS)[number];

export interface Definition {
  title: string | null;
  description: string | null;
  inputSchema: unknown;
  outputSchema: unknown;
  hints: { hint: Hint; value: "yes" | "no" }[];
  whole: unknown;
}

type Members = Record<string, unknown>;
const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
const text = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value : null);

/** What it is now if that waits for a yes, else what was accepted. */
export function definitionOf({ offered, accepted }: Pick<Tool, "offered" | "accepted">): Definition {
  const whole = offered ?? accepted;
  const said = membersOf(whole);
  const annotations = membersOf(said["annotations"]);
  return {
    title: text(said["title"]) ?? text(annotations["title"]),
    description: text(said["description"]),
    inputSchema: said["inputSchema"],
    outputSchema: said["outputSchema"],
    hints: HINTS.flatMap((hint) => {
      const value = annotations[hint];
      return typeof value === "boolean" ? [{ hint, value: value ? ("yes" as const) : ("no" as const) }] : [];
    }),
    whole,
  };
}
