// A client on the computer where oikos runs: whether it knows oikos, and one click that changes that. Only who sits there may;
// everybody else is told what to say there.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { Loading } from "@/components/Asked";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Failed } from "@/components/Failed";
import { Panel } from "@/components/Page";
import { Notice, Pill, type Tone } from "@/components/Pill";
import { useWords } from "@/i18n";
import { escapeLines, escapeText, shortenText } from "@/text/escape";
import type { ChangeLine } from "../server/changes";
import { ChangeLines } from "../server/ChangeLines";
import type { ClientName } from "./clients";
import { words } from "./words";

type View = Schemas["ClientView"];
type Change = Schemas["ClientChange"];
export type ClientState = "connected" | "not" | "absent" | "unreadable";

const TONES: Record<ClientState, Tone> = { connected: "good", not: "neutral", absent: "neutral", unreadable: "danger" };
const FAULT_CHARACTERS_MAX = 2_000;
const PLACE_CHARACTERS_MAX = 400;

function stateOf({ fault, is_connected, is_there }: View): ClientState {
  if (fault) return "unreadable";
  if (is_connected) return "connected";
  return is_there ? "not" : "absent";
}

export function Here({ name, title }: { name: ClientName; title: string }) {
  const query = useQuery(reads.clientList());
  const view = query.data?.clients.find(({ client }) => client === name);
  if (query.isPending) return <Loading />;
  // What is not this person's to see is no failure.
  const isTold = query.isError && problemOf(query.error).status !== 403;
  return (
    <Panel className="space-y-4">
      {isTold && <Failed error={query.error} again={() => void query.refetch()} />}
      {view && <OneClient view={view} refresh={() => void query.refetch()} />}
      <InTerminal name={name} title={title} isOnly={!view} />
    </Panel>
  );
}

function InTerminal({ name, title, isOnly }: { name: ClientName; title: string; isOnly: boolean }) {
  const said = useWords(words);
  const command = `oikos mcp connect ${name}`;
  return (
    <div>
      {!isOnly && <p className="text-sm text-muted">{said.same}</p>}
      <p className="flex flex-wrap items-center justify-between gap-2">
        <code className="font-mono wrap-anywhere">{command}</code>
        <CopyButton text={command} />
      </p>
      <p className="mt-1 text-sm text-muted">{said.quickHelp(title)}</p>
    </div>
  );
}

function OneClient({ view, refresh }: { view: View; refresh(): void }) {
  const said = useWords(words);
  const { file, fault } = view;
  const title = escapeText(view.title);
  const state = stateOf(view);
  return (
    <div className="space-y-3">
      <p className="flex flex-wrap items-center gap-2">
        <Pill tone={TONES[state]} icon={state === "connected" ? "check" : "server"}>
          {said.states[state]}
        </Pill>
        <span>{said.stateHelp(state, title)}</span>
      </p>
      <p className="text-sm text-muted">
        {said.itsFile} <code className="font-mono wrap-anywhere">{shortenText(file, PLACE_CHARACTERS_MAX)}</code>
      </p>
      {fault ? (
        <>
          <Notice tone="danger">
            <p className="font-mono text-xs whitespace-pre-wrap wrap-anywhere">
              {escapeLines(fault.slice(0, FAULT_CHARACTERS_MAX))}
            </p>
          </Notice>
          <Button onClick={refresh}>{said.lookAgain}</Button>
        </>
      ) : (
        <Deeds client={view.client} title={title} isConnected={view.is_connected} />
      )}
    </div>
  );
}

function Deeds({ client, title, isConnected }: { client: string; title: string; isConnected: boolean }) {
  const said = useWords(words);
  const queries = useQueryClient();
  const [busy, setBusy] = useState<"show" | "write" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [told, setTold] = useState<{ change: Change; isOut: boolean; turn: number } | null>(null);
  const act = async (dry_run: boolean) => {
    if (busy) return;
    setBusy(dry_run ? "show" : "write");
    setError(null);
    try {
      const { change } = await acts.clientConnect(client, { disconnect: isConnected, dry_run });
      setTold((before) => ({ change, isOut: isConnected, turn: (before?.turn ?? 0) + 1 }));
      if (!dry_run) await queries.invalidateQueries({ queryKey: reads.clientList().queryKey });
    } catch (failure) {
      setTold(null);
      setError(failure);
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <Button busy={busy === "show"} onClick={() => void act(true)}>
          {said.show}
        </Button>
        <Button look={isConnected ? "plain" : "main"} busy={busy === "write"} onClick={() => void act(false)}>
          {isConnected ? said.takeOut(title) : said.connectIt(title)}
        </Button>
      </div>
      {error !== null && <Failed error={error} />}
      {told && <Told key={told.turn} change={told.change} isOut={told.isOut} title={title} />}
    </>
  );
}

function Told({ change, isOut, title }: { change: Change; isOut: boolean; title: string }) {
  const said = useWords(words);
  const result = useRef<HTMLDivElement>(null);
  const { is_written, diff, backup } = change;
  // The button that was pressed says the opposite now: who presses once more without looking must not take it back.
  useEffect(() => {
    result.current?.focus();
  }, []);
  const place = backup ? shortenText(backup, PLACE_CHARACTERS_MAX) : null;
  return (
    <div ref={result} tabIndex={-1} className="space-y-2 text-sm">
      {is_written && (
        <Notice tone="good" title={isOut ? said.isOut(title) : said.isConnected(title)}>
          {said.anew(title)}
        </Notice>
      )}
      {diff === "" ? (
        <p>{said.nothing}</p>
      ) : (
        <>
          <h3 className="font-semibold">{is_written ? said.didChange : said.would}</h3>
          <ChangeLines lines={linesOf(diff)} />
        </>
      )}
      {diff !== "" && (
        <p className="text-muted wrap-anywhere">
          {place === null ? said.noCopy : is_written ? said.copyLies(place) : said.copyWould(place)}
        </p>
      )}
    </div>
  );
}

const KINDS: Readonly<Record<string, ChangeLine["kind"]>> = { "+": "added", "-": "removed" };

/** The lines of the file, without its name on top. */
function linesOf(diff: string): ChangeLine[] {
  const [, ...lines] = diff.replace(/\n$/, "").split("\n");
  return lines.map((line) => ({
    kind: KINDS[line.charAt(0)] ?? "same",
    pieces: [{ text: line.slice(2), isOwn: false }],
    lines: 1,
  }));
}
