// Starting a run: the page hears which run it is and lets go. The run goes on, and whoever wants to see it watches it.
import type { Schemas } from "./client";
import { frames } from "./events";
import { Problem } from "./problem";

/** What fills a file field: a path where oikos runs, or what was handed over before. */
export type NamedFile = Schemas["NamedFile"];

export interface Start {
  app: string;
  action: string;
  input: unknown;
  files: readonly NamedFile[];
}

/** Starts a run and answers with its id. The same `request` asked again is the same run. */
export async function startRun(start: Start, request: string, signal: AbortSignal): Promise<string> {
  const said: Schemas["RunBody"] = { ...start, files: [...start.files], request_id: request };
  const body = JSON.stringify(said);
  for await (const frame of frames("/api/v1/runs", { method: "POST", body, signal })) {
    if (frame.frame === "run") return frame.run;
    if (frame.frame === "failed") {
      const { code, message, hint } = frame.failure;
      throw new Problem({ code, detail: message, ...(hint ? { hint } : {}) });
    }
  }
  throw new Problem({ code: "internal", detail: "oikos ended its answer without naming the run" });
}

export interface Fault {
  /** A JSON Pointer into the input; empty for all of it. */
  pointer: string;
  message: string;
}

const FAULT = /^input((?:\/.*?)?): (.*)$/;
const MISSING = /^the key '(.*)' is missing$/;

/** Where in the input something is wrong, as far as oikos said so. */
export function faultsOf(detail: string): Fault[] {
  return detail.split("\n").flatMap((said): Fault[] => {
    const found = FAULT.exec(said);
    if (!found) return [];
    const [, pointer = "", message = ""] = found;
    const missing = MISSING.exec(message)?.[1];
    // A missing key is said of what should hold it, and belongs where it is typed in.
    const at = missing === undefined ? pointer : `${pointer}/${missing.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return [{ pointer: at, message }];
  });
}
