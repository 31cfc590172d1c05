/** Calls back when the browser has nothing else to do, or after this time. */
export function whenQuiet(act: () => void, msMax: number): void {
  // Some browsers do not know when they have nothing to do.
  if ("requestIdleCallback" in globalThis) requestIdleCallback(act, { timeout: msMax });
  else setTimeout(act, msMax);
}
