import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { reads } from "@/api/operations";
import { Loading } from "@/components/Asked";
import { Button, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { SelectField, Switch } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { useLog, type Entry } from "@/live/log";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { RecordDialog } from "./RecordDialog";
import { Summary } from "./Summary";
import { KINDS, kindOf, withoutSettled } from "./tell";
import { Timeline } from "./Timeline";
import { useVerify } from "./Verify";
import { words } from "./words";

/** So many entries are asked for at once, and so many drawn. */
const ASKED = 1_000;
const DRAWN = 200;

export default function ActivityPage() {
  const said = useWords(words);
  const [search, setSearch] = useSearchParams();
  const app = search.get("app") ?? undefined;
  const run = search.get("run") ?? undefined;
  const kind = KINDS.find((known) => known === search.get("kind"));
  const onlyDenied = search.get("denied") === "1";
  const seq = Number(search.get("entry")) || null;
  const set = useCallback(
    (name: string, value: string | null) =>
      setSearch((before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      }),
    [setSearch],
  );

  const open = useCallback((seq: number) => set("entry", String(seq)), [set]);

  const log = useLog({ app, run, page: ASKED });
  const { entries } = log;
  const fitting = useMemo(() => {
    if (!kind && !onlyDenied) return entries;
    return entries.filter(({ record }) => {
      if (!record) return false;
      const is = kindOf(record);
      // What was denied belongs to every kind: no filter hides it.
      return is === "denied" || (!onlyDenied && is === kind);
    });
  }, [entries, kind, onlyDenied]);
  const told = useMemo(() => withoutSettled(fitting), [fitting]);
  // Another question begins at the newest again.
  const question = [app, run, kind, onlyDenied].join(" ");
  const [more, setMore] = useState({ question, drawn: DRAWN });
  const drawn = more.question === question ? more.drawn : DRAWN;
  const shown = useMemo(() => told.slice(-drawn), [told, drawn]);
  const isMore = told.length > shown.length || (!log.isWhole && !log.isFull);
  const earlier = () => {
    setMore({ question, drawn: drawn + DRAWN });
    if (told.length < drawn + DRAWN) void log.earlier();
  };
  const verify = useVerify();
  const isFiltered = Boolean(app ?? run ?? kind) || onlyDenied;
  return (
    <Page
      title={said.title}
      lead={said.lead}
      actions={
        <>
          {verify.button}
          <Button disabled={fitting.length === 0} onClick={() => download(fitting)}>
            <Icon name="download" className="size-4" /> {said.exportAll}
          </Button>
        </>
      }
    >
      {verify.outcome}
      <Filters search={search} set={set} />
      {log.error !== null && <Failed error={log.error} />}
      <Summary log={log} />
      {/* Nothing stands here that would move down once it is known what stands above. */}
      {entries.length === 0 && log.isLoading ? (
        <Loading />
      ) : (
        <Section title={said.timeline}>
          {shown.length > 0 ? (
            <Timeline shown={shown} known={entries} onOpen={open} />
          ) : log.isLoading ? (
            <Loading />
          ) : (
            log.error === null && (
              <Empty title={said.none}>
                {isFiltered ? said.noneFiltered : said.noneYet}{" "}
                {isFiltered && <TextLink href={to.activity()}>{said.everything}</TextLink>}
              </Empty>
            )
          )}
          {isMore && (shown.length > 0 || !log.isLoading) && (
            <Button className="mt-4" busy={log.isLoading} onClick={earlier}>
              {said.earlier}
            </Button>
          )}
          {log.isFull && !isMore && <p className="mt-3 text-sm text-muted">{said.full}</p>}
        </Section>
      )}
      <RecordDialog seq={seq} entry={entries.find((entry) => entry.seq === seq)} onClose={() => set("entry", null)} />
    </Page>
  );
}

function Filters({ search, set }: { search: URLSearchParams; set(name: string, value: string | null): void }) {
  const said = useWords(words);
  const apps = useQuery(reads.appList());
  const app = search.get("app") ?? "";
  const run = search.get("run");
  // An app that was removed still stands in the log.
  const names = new Set([...(apps.data ?? []).map(({ name }) => name), ...(app ? [app] : [])]);
  return (
    <search aria-label={said.filters} className="mb-6 flex flex-wrap items-end gap-x-4 gap-y-3">
      <div className="w-52">
        <SelectField
          label={said.app}
          value={app}
          options={[
            { value: "", label: said.allApps },
            ...[...names].toSorted().map((name) => ({ value: name, label: escapeText(name) })),
          ]}
          onChange={(event) => set("app", event.target.value)}
        />
      </div>
      <div className="w-52">
        <SelectField
          label={said.kind}
          value={search.get("kind") ?? ""}
          options={[
            { value: "", label: said.allKinds },
            ...KINDS.map((kind) => ({ value: kind, label: said.kinds[kind] })),
          ]}
          onChange={(event) => set("kind", event.target.value)}
        />
      </div>
      <Switch
        label={said.onlyDenied}
        checked={search.get("denied") === "1"}
        onChange={(on) => set("denied", on ? "1" : null)}
      />
      {run && (
        <p className="flex flex-wrap items-center gap-2 text-sm">
          {said.ofRun} <code className="font-mono text-xs">{escapeText(run)}</code>
          <Button look="quiet" onClick={() => set("run", null)}>
            {said.allRuns}
          </Button>
        </p>
      )}
    </search>
  );
}

/** One entry a line, as the log has them. */
function download(entries: readonly Entry[]): void {
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
  const address = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `oikos-activity-${new Date().toISOString().slice(0, 10)}.ndjson`;
  link.click();
  URL.revokeObjectURL(address);
}
