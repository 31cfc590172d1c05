import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { reads } from "@/api/operations";
import { Button, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { SelectField } from "@/components/Field";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { Code } from "./Covered";
import type { CardLine, GrantView, Wanted } from "./choices";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 60;

interface BoundProps {
  line: CardLine | GrantView;
  wanted: Wanted;
  disabled: boolean;
  /** A change is on its way: nothing is changed meanwhile. */
  busy: boolean;
  onBound(bound: string): void;
}

/** What an app's own name for a server stands for: one of the owner's servers, or one tool of it. */
export function Bound({ line, wanted, disabled, busy, onBound }: BoundProps) {
  const said = useWords(words);
  const query = useQuery(reads.serverList());
  const [draft, setDraft] = useState<{ server: string; tool: string } | null>(null);
  const isBlocked = wanted.state === "block";
  const [server = "", tool = ""] = draft ? [draft.server, draft.tool] : split(wanted.bound);
  const servers = (query.data?.servers ?? []).filter(({ app, enabled }) => enabled || app === server);
  const chosen = servers.find(({ app }) => app === server);
  const tools = (chosen?.tools ?? []).filter(({ standing }) => standing !== "gone").map(({ action }) => action);
  const named = tool ? `${server}/${tool}` : server;
  // What is chosen already may be said again: a button that is switched off under the keyboard loses its place.
  const use = () => {
    if (busy || !server) return;
    setDraft(null);
    onBound(named);
  };
  return (
    <div className="space-y-2">
      {wanted.bound ? (
        <p className="text-sm text-muted">
          {said.standsFor} <Code text={wanted.bound} />
        </p>
      ) : (
        // Where it is installed already, the sentence has said it.
        !isBlocked && line.needs && <p className="text-sm text-caution">{said.noServer}</p>
      )}
      {!isBlocked && query.error && <Failed error={query.error} />}
      {!isBlocked && query.data && servers.length === 0 && (
        <p className="text-sm">
          {said.noServers} <TextLink href={to.importServers()}>{said.importServers}</TextLink>
        </p>
      )}
      {!isBlocked && servers.length > 0 && (
        <form
          className="flex flex-wrap items-end gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            use();
          }}
        >
          <div className="min-w-40 grow">
            <SelectField
              label={said.server(line.line)}
              value={server}
              disabled={disabled}
              options={[
                ...(server ? [] : [{ value: "", label: said.chooseServer }]),
                ...servers.map(({ app, title }) => ({ value: app, label: label(app, title) })),
              ]}
              onChange={(event) => setDraft({ server: event.target.value, tool: "" })}
            />
          </div>
          <div className="min-w-40 grow">
            <SelectField
              label={said.tool(line.line)}
              value={tool}
              disabled={disabled || !server}
              options={[
                { value: "", label: said.everyTool },
                // One that the server has no more still shows what holds.
                ...[...new Set(tool ? [tool, ...tools] : tools)]
                  .toSorted()
                  .map((name) => ({ value: name, label: escapeText(name) })),
              ]}
              onChange={(event) => setDraft({ server, tool: event.target.value })}
            />
          </div>
          <Button type="submit" busy={busy} disabled={disabled || !server}>
            {said.useServer}
          </Button>
        </form>
      )}
    </div>
  );
}

/** A server and a tool of it, as a grant names them. */
function split(bound: string | null): [string?, string?] {
  if (!bound) return [];
  const at = bound.indexOf("/");
  return at < 0 ? [bound] : [bound.slice(0, at), bound.slice(at + 1)];
}

const label = (app: string, title: string): string =>
  title === app ? app : `${app} – ${shortenText(title, TITLE_CHARACTERS_MAX)}`;
