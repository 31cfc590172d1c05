import type { UseQueryResult } from "@tanstack/react-query";
import { useDeferredValue, type ReactNode } from "react";
import { useWords } from "@/i18n";
import { Spinner } from "./Button";
import { Failed } from "./Failed";

const words = { en: { loading: "Loading …" }, de: { loading: "Lädt …" } };

export function Loading() {
  const said = useWords(words);
  return (
    <p role="status" className="flex items-center gap-2 py-6 text-muted">
      <Spinner /> {said.loading}
    </p>
  );
}

/** What oikos answered, as soon as it has; what it is until then, and what went wrong. */
export function Asked<T>({ query, children }: { query: UseQueryResult<T>; children: (answer: T) => ReactNode }) {
  // An answer that comes is drawn in small pieces: who types or clicks meanwhile is heard.
  const isShown = useDeferredValue(query.data !== undefined);
  if (query.data !== undefined && isShown) {
    return (
      <>
        {query.isError && <Failed error={query.error} again={() => void query.refetch()} />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed error={query.error} again={() => void query.refetch()} />;
  return <Loading />;
}
