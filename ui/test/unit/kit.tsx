// An oikos of paper for tests of one screen. What it answers is held against docs/openapi.json, and so is what it is
// asked: a test cannot pass on an answer that oikos would never give.
import { Validator, type Schema } from "@cfworker/json-schema";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { readFileSync } from "node:fs";
import { Suspense, type ComponentType } from "react";
import { vi } from "vitest";
import { Route, Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";
import type { operations } from "@/api/schema";
import { Announcements } from "@/components/Announce";
import { LanguageProvider, type Language } from "@/i18n";

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}
const description = JSON.parse(readFileSync("../docs/openapi.json", "utf8")) as {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, unknown>;
};

interface Described {
  id: OperationName;
  method: string;
  path: RegExp;
  operation: Operation;
}
const METHODS = new Set(["get", "post", "put", "patch", "delete"]);
const described: Described[] = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => METHODS.has(method))
    .map(([method, operation]) => ({
      id: operation.operationId as OperationName,
      method: method.toUpperCase(),
      path: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "([^/]+)")}$`),
      operation,
    })),
);

export type OperationName = keyof operations;
/** What was asked: the parts of the path that are not fixed, the query, the body. */
export interface Ask {
  operation: OperationName;
  path: string[];
  query: URLSearchParams;
  body: unknown;
}
type Told = unknown | ((ask: Ask) => unknown);
/** A problem in place of an answer. */
export class Refuse {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint?: string,
  ) {}
}

/** An answer step by step, as its frames. Each is held against the description. */
export class Stream {
  constructor(readonly frames: readonly object[]) {}

  response(): Response {
    const events = this.frames.map((frame) => {
      fits({ $ref: "#/components/schemas/Frame" }, frame, "a frame");
      return `event: ${(frame as { frame: string }).frame}\ndata: ${JSON.stringify(frame)}\n\n`;
    });
    return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
  }
}

// Of a list that is long for the screen's sake, each item is made alike: its beginning and its end are enough to look at.
const ITEMS_CHECKED = 100;
function sampled(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isLong = value.length > 2 * ITEMS_CHECKED;
    const items: unknown[] = isLong ? [...value.slice(0, ITEMS_CHECKED), ...value.slice(-ITEMS_CHECKED)] : value;
    return items.map(sampled);
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sampled(item)]));
}

function fits(schema: Schema, value: unknown, what: string): void {
  const whole = { ...(schema as object), components: description.components } as Schema;
  const { valid, errors } = new Validator(whole, "2020-12", false).validate(sampled(value));
  if (!valid) {
    const last = errors.at(-1);
    throw new Error(`${what} is not as docs/openapi.json says: ${last?.instanceLocation} ${last?.error}`);
  }
}

/** Answers by the names of operations: a value, or a function of what was asked. The answer lists what was asked. */
export function paperOikos(answers: Partial<Record<OperationName, Told>>): Ask[] {
  localStorage.setItem("oikos-page", "oikospage_test");
  const asked: Ask[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const found = described.find(({ method, path }) => method === request.method && path.test(url.pathname));
    if (!found) throw new Error(`no operation for ${request.method} ${url.pathname}`);
    const text = await request.text();
    const type = request.headers.get("content-type") ?? "";
    const body = text && type.includes("json") ? (JSON.parse(text) as unknown) : text || undefined;
    const expected = found.operation.requestBody?.content["application/json"]?.schema;
    if (expected) fits(expected, body, `what ${found.id} was asked`);
    const path = (found.path.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
    const ask = { operation: found.id, path, query: url.searchParams, body };
    asked.push(ask);
    if (!(found.id in answers)) throw new Error(`this test has no answer for ${found.id}`);
    const told = answers[found.id];
    const value: unknown = await (typeof told === "function" ? (told as (ask: Ask) => unknown)(ask) : told);
    if (value instanceof Response) return value;
    if (value instanceof Stream) return value.response();
    if (value instanceof Refuse) {
      const { status, code, detail, hint } = value;
      const problem = { type: `urn:oikos:${code}`, title: code, status, code, detail, ...(hint ? { hint } : {}) };
      return Response.json(problem, { status, headers: { "content-type": "application/problem+json" } });
    }
    const [status, response] =
      Object.entries(found.operation.responses).find(([status]) => status.startsWith("2")) ?? [];
    const schema = response?.content?.["application/json"]?.schema;
    if (!schema) return new Response(null, { status: Number(status ?? 204) });
    fits(schema, value, `the answer of ${found.id}`);
    return Response.json(value);
  };
  vi.stubGlobal(
    "fetch",
    vi.fn((input: Request | string, init?: RequestInit) =>
      answer(input instanceof Request ? input : new Request(new URL(input, location.origin), init)),
    ),
  );
  return asked;
}

/** Draws one screen at an address, as App does. */
export function renderScreen(
  Screen: ComponentType,
  { path, at, language = "en" }: { path: string; at: string; language?: Language },
) {
  const { hook, searchHook, history } = memoryLocation({ path: at, record: true });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const drawn = render(
    <QueryClientProvider client={queries}>
      <LanguageProvider language={language}>
        <Router hook={hook} searchHook={searchHook}>
          <Suspense>
            <Route path={path} component={Screen} />
          </Suspense>
          <Announcements />
        </Router>
      </LanguageProvider>
    </QueryClientProvider>,
  );
  return { ...drawn, history, queries };
}
