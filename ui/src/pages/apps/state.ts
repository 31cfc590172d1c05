import type { Schemas } from "@/api/client";
import type { Tone } from "@/components/Pill";

export type AppState = "on" | "off" | "paused" | "unready" | "broken";

/** The one word that says most about an app: what keeps it from running at all comes first. */
export function stateOf(app: Pick<Schemas["AppSummary"], "broken" | "enabled" | "paused" | "unready">): AppState {
  if (app.broken) return "broken";
  if (app.unready) return "unready";
  if (!app.enabled) return "off";
  return app.paused ? "paused" : "on";
}

export const STATE_TONES: Record<AppState, Tone> = {
  on: "good",
  off: "neutral",
  paused: "caution",
  unready: "caution",
  broken: "danger",
};
