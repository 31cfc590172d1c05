// Runs as oikos tells of them.
import type { Schemas } from "@/api/client";

type Report = Schemas["RunReport"];
type Summary = Schemas["RunSummary"];

export const RUN = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";
export const OTHER = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2b";
export const BEGAN = Date.UTC(2026, 10, 22, 12);

export const running = (more: Partial<Summary> = {}): Summary => ({
  run: RUN,
  app: "csv-insights",
  action: "analyze",
  started_at: BEGAN,
  ...more,
});

export const ended = (more: Partial<Summary> = {}): Summary => ({ ...running(), ended_at: BEGAN + 4_200, ...more });

export const report = (more: Partial<Report> = {}): Report => ({
  ...ended(),
  effects: [],
  undoable: false,
  usage: {
    chunks: 3,
    cpu_us: 12_000,
    host_bytes: 2_048,
    host_cpu_us: 400,
    log_dropped: 0,
    memory_bytes: 4 << 20,
    wall_ms: 4_200,
  },
  ...more,
});

export const failed = (code: Schemas["ErrorCode"], message: string, hint?: string): Report =>
  report({ failure: { code, message, ...(hint ? { hint } : {}) } });

/** The problem as which a line tells of a run that failed. */
export const problem = (run: Report): unknown => ({
  type: `urn:oikos:${run.failure?.code}`,
  title: "",
  status: 500,
  code: run.failure?.code,
  detail: run.failure?.message,
  run,
});

export const detail = (more: Partial<Schemas["AppDetail"]> = {}): Schemas["AppDetail"] =>
  ({
    name: "csv-insights",
    title: "CSV insights",
    version: "1.0.0",
    enabled: true,
    installed_at: BEGAN,
    badge: "local_developer",
    fingerprint: "0123456789abcdef",
    digest: "0".repeat(64),
    storage_bytes: 0,
    zones: ["local"],
    limits: [{ code: "card_limit_memory", args: [{ bytes: 128 << 20 }] }],
    actions: [
      {
        name: "analyze",
        title: "Analyze a table",
        description: "Statistics of each column.",
        input: {
          type: "object",
          required: ["data", "rows"],
          additionalProperties: false,
          properties: {
            data: { type: "string", format: "input-file", description: "The CSV file." },
            rows: { type: "integer", minimum: 1, default: 10 },
            out: { type: "string", format: "output-file" },
          },
        },
      },
    ],
    grants: [
      {
        line: "network",
        state: "ask",
        severity: "high",
        scope: { scope: "network", rules: [] },
        sentence: { code: "card_network", args: [{ list: ["example.com"] }] },
        duration: { for: "always" },
      },
    ],
    ...more,
  }) as Schemas["AppDetail"];
