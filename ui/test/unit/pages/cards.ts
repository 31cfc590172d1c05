// What oikos answers about apps, in full and valid, for the tests of the screens that show them.
import { vi } from "vitest";
import type { Schemas } from "@/api/client";
import type { Starter } from "@/api/starters";

export const DIGEST = "ab".repeat(32);
export const OFFER = "0190a1b2-0000-7000-8000-000000000001";
export const FINGERPRINT = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";

type CardLine = Schemas["CardLine"];

export const fileLine = (more: Partial<CardLine> = {}): CardLine => ({
  line: "file.read",
  scope: { scope: "file", access: "read", folders: ["~/Tables"] },
  sentence: { code: "card_file_read", args: [{ list: ["~/Tables"] }] },
  severity: "medium",
  state: "allow",
  needs: { code: "card_needs_folder", args: [] },
  reason: "Reads the tables.",
  ...more,
});

/** As oikos writes rules: what is empty is left out. */
export const rules = (...hosts: object[]) => hosts as Schemas["HostRule"][];

export const networkLine = (more: Partial<CardLine> = {}): CardLine => ({
  line: "network",
  scope: { scope: "network", rules: rules({ host: "api.example.org" }, { host: "cdn.example.org", paths: ["/v1"] }) },
  sentence: { code: "card_network", args: [{ list: ["api.example.org", "cdn.example.org /v1"] }] },
  severity: "medium",
  state: "allow",
  ...more,
});

export const storageLine = (more: Partial<CardLine> = {}): CardLine => ({
  line: "storage",
  scope: { scope: "storage", quota_bytes: 1_048_576 },
  sentence: { code: "card_storage", args: [{ bytes: 1_048_576 }] },
  severity: "low",
  state: "allow",
  ...more,
});

/** A name of the app's own for a server, which stands for nothing yet. */
export const aliasLine = (more: Partial<CardLine> = {}): CardLine => ({
  line: "mcp.search",
  scope: { scope: "mcp", server: "search", tools: [], alias: true },
  sentence: { code: "card_mcp_alias", args: [{ text: "search" }] },
  severity: "high",
  state: "ask",
  needs: { code: "card_needs_server", args: [] },
  ...more,
});

export const scheduleLine = (more: Partial<CardLine> = {}): CardLine => ({
  line: "event.schedule",
  scope: { scope: "schedule", cron: "30 8 * * 1-5" },
  sentence: { code: "card_schedule", args: [{ text: "30 8 * * 1-5" }] },
  severity: "low",
  state: "allow",
  ...more,
});

export const card = (more: Partial<Schemas["Card"]> = {}): Schemas["Card"] =>
  ({
    app: "csv-insights",
    badge: "local_developer",
    fingerprint: FINGERPRINT,
    title: "CSV Insights",
    version: "1.0.0",
    description: "What is in a table.",
    developer: "The oikos project",
    digest: DIGEST,
    files: 7,
    lines: [storageLine(), fileLine(), networkLine()],
    limits: [{ code: "card_limit_memory", args: [{ bytes: 134_217_728 }] }],
    never: [{ code: "card_never_shell", args: [] }],
    warnings: [{ code: "card_warning_read_and_send", args: [] }],
    unavailable: [],
    zones: ["local"],
    ...more,
  }) as Schemas["Card"];

export const summary = (more: Partial<Schemas["AppSummary"]> = {}): Schemas["AppSummary"] =>
  ({
    name: "notes",
    title: "Notes",
    version: "1.0.0",
    enabled: true,
    installed_at: Date.UTC(2026, 0, 2),
    badge: "local_developer",
    fingerprint: FINGERPRINT,
    ...more,
  }) as Schemas["AppSummary"];

export const detail = (more: Partial<Schemas["AppDetail"]> = {}): Schemas["AppDetail"] =>
  ({
    ...summary(),
    actions: [{ name: "add", title: "Add a note", description: "Writes it down.", input: { type: "object" } }],
    digest: DIGEST,
    grants: [],
    limits: [{ code: "card_limit_memory", args: [{ bytes: 134_217_728 }] }],
    storage_bytes: 2048,
    source: "/apps/notes",
    zones: ["local"],
    ...more,
  }) as Schemas["AppDetail"];

export const live = (line: CardLine): Schemas["GrantView"] => ({ ...line, duration: { for: "always" } });

export const run = (more: Partial<Schemas["RunSummary"]> = {}): Schemas["RunSummary"] => ({
  run: "0190a1b2-0000-7000-8000-0000000000aa",
  app: "notes",
  action: "add",
  started_at: Date.UTC(2026, 0, 3),
  ended_at: Date.UTC(2026, 0, 3) + 500,
  ...more,
});

/** Beside what `paperOikos` answers. */
export function withStarters(starters: readonly Starter[]): void {
  const inner = globalThis.fetch;
  vi.stubGlobal("fetch", (input: Request | string, init?: RequestInit) => {
    const path = new URL(input instanceof Request ? input.url : input, location.origin).pathname;
    return path === "/api/v1/starters" ? Promise.resolve(Response.json({ starters })) : inner(input, init);
  });
}
