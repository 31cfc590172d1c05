import type { Schemas } from "@/api/client";
import type { Tone } from "@/components/Pill";
import english from "@/i18n/sentences.json";

type Summary = Schemas["RunSummary"];
export type FailureCode = Schemas["ErrorCode"];
export type RunState = "running" | "done" | "failed" | "stopped" | "interrupted";

/** What oikos says of a run that was under way when it ended itself: with its power cut, and in order. */
const CUT_OFF = new Set([english.run_lost.text, "oikos is shutting down"]);

export function stateOf({ ended_at, failure }: Summary): RunState {
  if (!ended_at) return "running";
  if (!failure) return "done";
  if (CUT_OFF.has(failure.message)) return "interrupted";
  return failure.code === "stopped" ? "stopped" : "failed";
}

export const TONES: Record<RunState, Tone> = {
  running: "info",
  done: "good",
  failed: "danger",
  stopped: "caution",
  interrupted: "caution",
};
