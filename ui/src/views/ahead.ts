// Loads what draws the parts of a run before any of them is drawn: a part that grows when its renderer comes pushes away
// what somebody already reads.
import { useEffect, useState } from "react";
import { isRenderer, viewLoad, viewNow } from "./registry";

/** What does not come within this time is drawn where it stands, when it comes. */
const WAIT_MS_MAX = 2_000;

/** Whether all is known that is to be drawn, and all that draws it is there, or has failed to come. */
export function useViewsAhead(names: readonly (string | null | undefined)[], isAllKnown: boolean): boolean {
  const [isLate, setLate] = useState(false);
  // Of what was missing: what has come is seen in the registry.
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), WAIT_MS_MAX);
    return () => clearTimeout(timer);
  }, []);
  const wanted = names.filter((name) => typeof name === "string").filter(isRenderer);
  const missing = [...new Set(wanted)].filter((name) => !viewNow(name)).join(" ");
  useEffect(() => {
    if (!missing) return undefined;
    let isHere = true;
    const loads = missing.split(" ").filter(isRenderer).map(viewLoad);
    void Promise.allSettled(loads).then(() => isHere && setSettled(missing));
    return () => {
      isHere = false;
    };
  }, [missing]);
  return isLate || (isAllKnown && (!missing || missing === settled));
}
