import type { components } from "./schema";

export type ProblemBody = components["schemas"]["Problem"];

/** What oikos said when it did not do what was asked. `message` is for people; `code` is stable. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | null;
  /** How long to wait before another try, where oikos said so. */
  readonly waitSeconds: number | null;

  constructor(
    body: { code: string; detail: string; status?: number; hint?: string | null },
    waitSeconds: number | null = null,
  ) {
    super(body.detail);
    this.name = "Problem";
    this.code = body.code;
    this.status = body.status ?? 0;
    this.hint = body.hint ?? null;
    this.waitSeconds = waitSeconds;
  }
}

/** Nobody answered: oikos does not run, or the network is gone. */
export const UNREACHABLE = "unreachable";

/** Any failure as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem({ code: UNREACHABLE, detail: "" });
  return new Problem({ code: "internal", detail: error instanceof Error ? error.message : String(error) });
}
