// The generated description of the HTTP API, as functions. Nothing in the page speaks to oikos around this file, but for
// the WebSocket (live/line.ts).
import createClient from "openapi-fetch";
import { Problem, type ProblemBody } from "./problem";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  fetch: (request) => fetch(request),
});

client.use({
  onRequest({ request }) {
    const secret = session.secret();
    if (secret) request.headers.set("oikos-page", secret);
    return request;
  },
  onResponse({ request, response }) {
    // Signed out here, by another window or by time. A link that is no good any more says so itself.
    if (response.status === 401 && !request.url.endsWith("/api/v1/sign-in")) session.end();
    return undefined;
  },
});

/** The answer, or its problem as an exception. */
export async function said<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw problemFrom(error, response.status, response.headers.get("retry-after"));
}

export function problemFrom(body: unknown, status: number, retryAfter: string | null = null): Problem {
  const wait = Number.parseInt(retryAfter ?? "", 10);
  if (typeof body === "object" && body !== null && "code" in body)
    return new Problem(body as ProblemBody, Number.isNaN(wait) ? null : wait);
  return new Problem({ code: "internal", detail: `oikos answered ${status} without a word`, status });
}

/** Headers of a request that is made without the client, such as one whose answer is a stream. */
export function headers(more: Record<string, string> = {}): Record<string, string> {
  const secret = session.secret();
  return secret ? { ...more, "oikos-page": secret } : more;
}
