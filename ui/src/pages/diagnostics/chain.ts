import type { Schemas } from "@/api/client";
import type { words } from "./words";

type Words = (typeof words)["en"];

/** What the proof of the log found: a line for the whole, and one for each place that does not hold. */
export function chainLines({ entries, pruned, signed_seq, breaks }: Schemas["ChainReport"], said: Words): string[] {
  const whole = [
    breaks.length === 0 ? said.holds(entries) : said.broken(entries),
    ...(pruned > 0 ? [said.pruned(pruned)] : []),
    typeof signed_seq === "number" ? said.signed(signed_seq) : said.unsigned,
  ];
  return [whole.join(", "), ...breaks.map((found) => breakText(found, said))];
}

function breakText(found: Schemas["ChainBreak"], said: Words): string {
  switch (found.break) {
    case "missing":
      return said.missing(found.from_seq, found.to_seq);
    case "tail_cut":
      return said.tailCut(found.last_seq, found.signed_seq);
    case "head_refused":
      return said.breaks.head_refused(found.line);
    default:
      return said.breaks[found.break](found.seq);
  }
}
