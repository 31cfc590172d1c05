import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { words } from "./words";

/** What the app answers at an address of its own, with a way to those that are pages. */
export function Answers({ app, canOpen }: { app: Schemas["AppDetail"]; canOpen: boolean }) {
  const said = useWords(words);
  const [opening, setOpening] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const routes = app.routes ?? [];
  if (routes.length === 0) return null;
  const open = async (path: string) => {
    setOpening(path);
    setError(null);
    try {
      const { url } = await acts.appEntry(app.name, path);
      window.open(url, "_blank", "noopener,noreferrer");
    } catch (failure) {
      setError(failure);
    } finally {
      setOpening(null);
    }
  };
  return (
    <Section title={said.answers}>
      <p className="mb-3 text-sm text-muted">{said.answersHelp}</p>
      {error !== null && <Failed error={error} />}
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
        {routes.map(({ method, path }) => (
          <li key={`${method} ${path}`} className="flex flex-wrap items-center justify-between gap-3 px-4 py-2.5">
            <code className="font-mono text-sm wrap-anywhere">
              {escapeText(method)} {escapeText(path)}
            </code>
            {isPage(method, path) && canOpen && (
              <Button
                busy={opening === path}
                aria-label={said.openOf(escapeText(path))}
                onClick={() => void open(path)}
              >
                {said.open}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Whether a browser can ask for it without knowing more. */
const isPage = (method: string, path: string) => method === "GET" && !path.includes("/:");
