// What this window knows of what it started: gone with the window, and never sent anywhere.

/** A file field of a run, as it was filled. */
export interface GivenFile {
  /** The input field. */
  name: string;
  access: "read" | "write";
  /** How the person calls it. */
  called: string;
  path?: string;
  /** The id of what was handed over. */
  handed?: string;
}

/** A run's input. */
export interface Given {
  app: string;
  action: string;
  input: unknown;
  files: GivenFile[];
}

/** What was filled in last for an action. */
export interface Filled {
  input: unknown;
  /** Paths of file fields. Files of this device cannot be kept. */
  paths: Record<string, string>;
}

const RUNS = "oikos-runs-started";
const RUNS_MAX = 20;
const runKey = (run: string) => `oikos-run:${run}`;
const filledKey = (app: string, action: string) => `oikos-input:${app}/${action}`;

export const rememberedRun = (run: string): Given | null => read<Given>(runKey(run));
export const filledLast = (app: string, action: string): Filled | null => read<Filled>(filledKey(app, action));
export const forgetFilled = (app: string, action: string): void => sessionStorage.removeItem(filledKey(app, action));

export function rememberFilled(app: string, action: string, filled: Filled): void {
  write(filledKey(app, action), filled);
}

export function rememberRun(run: string, given: Given): void {
  const known = read<string[]>(RUNS) ?? [];
  const runs = [...known, run];
  for (const old of runs.splice(0, Math.max(0, runs.length - RUNS_MAX))) sessionStorage.removeItem(runKey(old));
  write(RUNS, runs);
  write(runKey(run), given);
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No room, or none allowed. What is not remembered is typed again.
    sessionStorage.removeItem(key);
  }
}
