import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useSearchParams } from "wouter";
import { reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Loading } from "@/components/Asked";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { SelectField, Switch, TextField } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty, Page } from "@/components/Page";
import { Windowed } from "@/components/Windowed";
import { useIsWide } from "@/components/wide";
import { useLanguage, useWords } from "@/i18n";
import { useLog, type Entry } from "@/live/log";
import { RecordDialog } from "@/pages/activity/RecordDialog";
import { numberText } from "@/text/amounts";
import { escapeText } from "@/text/escape";
import { useFitting, useLines, type Line } from "./lines";
import { words, type Level } from "./words";

const AT_FIRST = 500;
const KEPT = 100_000;
const ROW_PX = 32;
/** Where there is no room beside each other: when and who above what. */
const TALL_ROW_PX = 52;
const LEVELS: Record<Level, string> = { problem: "text-danger font-medium", care: "text-caution", plain: "" };

export default function LogsPage() {
  const said = useWords(words);
  const language = useLanguage();
  const apps = useQuery(reads.appList());
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string, replace = false) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace },
    );
  const app = search.get("app") ?? "";
  const [text, setText] = useState(search.get("text") ?? "");
  const log = useLog({ page: AT_FIRST, keep: KEPT });
  const [paused, setPaused] = useState<readonly Entry[] | null>(null);
  const [follow, setFollow] = useState(true);
  const entries = paused ?? log.entries;
  const lineOf = useLines();
  const { fitting, isLooking } = useFitting(entries, { app, text: useDeferredValue(text) }, lineOf);
  const isWide = useIsWide();
  const number = (value: number) => numberText(value, language);
  const last = paused?.at(-1)?.seq ?? 0;
  const newer = paused ? log.entries.length - 1 - log.entries.findLastIndex(({ seq }) => seq <= last) : 0;
  const seq = Number(search.get("entry")) || null;
  const names = new Set([...(apps.data ?? []).map(({ name }) => name), ...(app ? [app] : [])]);
  const copy = async () => {
    await navigator.clipboard.writeText(fitting.map((entry) => `${textOf(lineOf(entry))}\n`).join(""));
    announce(said.copied(number(fitting.length)));
  };
  return (
    <Page
      wide
      title={said.title}
      lead={said.lead}
      actions={
        <>
          <Button aria-pressed={paused !== null} onClick={() => setPaused(paused ? null : log.entries)}>
            {paused ? said.goOn : said.pause}
          </Button>
          <Button disabled={fitting.length === 0} onClick={() => void copy()}>
            <Icon name="copy" className="size-4" /> {said.copy}
          </Button>
        </>
      }
    >
      <search className="mb-3 flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-48 grow sm:max-w-sm">
          <TextField
            label={said.filter}
            type="search"
            value={text}
            onChange={(event) => setText(event.target.value)}
            // In the address once it is written: browsers refuse an address for each letter.
            onBlur={() => set("text", text, true)}
          />
        </div>
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
        <Switch label={said.follow} checked={follow} onChange={setFollow} />
      </search>
      <p className="mb-2 flex flex-wrap items-center gap-x-4 text-sm text-muted">
        <span>
          {said.shown(number(fitting.length), number(entries.length))} {isLooking && said.looking}
        </span>
        {paused && <span>{said.paused(number(newer))}</span>}
        {log.dropped > 0 && <span>{said.dropped(number(log.dropped))}</span>}
        {!log.isWhole && !paused && entries.length > 0 && entries.length < KEPT && (
          <Button look="quiet" busy={log.isLoading} onClick={() => void log.earlier()}>
            {said.earlier}
          </Button>
        )}
      </p>
      {log.error !== null && <Failed error={log.error} />}
      {entries.length === 0 && log.isLoading ? (
        <Loading />
      ) : fitting.length === 0 && !isLooking ? (
        log.error === null && <Empty title={said.none}>{entries.length === 0 ? said.noneYet : said.noneFits}</Empty>
      ) : (
        <Windowed
          items={fitting}
          rowPx={isWide ? ROW_PX : TALL_ROW_PX}
          label={said.log}
          role="log"
          follow={follow && !paused}
          onFollow={setFollow}
          keyOf={(entry) => entry.seq}
          className="h-[calc(100dvh-17rem)] min-h-72 rounded-xl border border-line bg-surface"
        >
          {(entry) => <Row line={lineOf(entry)} isWide={isWide} onOpen={() => set("entry", String(entry.seq))} />}
        </Windowed>
      )}
      <RecordDialog
        seq={seq}
        entry={seq === null ? undefined : log.entries.find((entry) => entry.seq === seq)}
        onClose={() => set("entry", "")}
      />
    </Page>
  );
}

const textOf = ({ time, levelWord, event, app, sentence }: Line): string =>
  [time, levelWord, event, app, sentence].join("\t");

/** One line, cut at the edge; all of it stands in its record. How bad it is stands where it is bad. */
function Row({ line, isWide, onOpen }: { line: Line; isWide: boolean; onOpen(): void }) {
  const { time, level, levelWord, event, app, sentence } = line;
  const clock = <span className="w-18 shrink-0 text-muted tabular-nums">{time}</span>;
  const told = (
    <>
      {level !== "plain" && <span className={`me-2 ${LEVELS[level]}`}>{levelWord}</span>}
      <bdi>{sentence}</bdi>
    </>
  );
  if (!isWide)
    return (
      <button type="button" aria-haspopup="dialog" onClick={onOpen} className={`${ROW} block h-13 py-1.5`}>
        <span className="flex items-baseline gap-2">
          {clock} <bdi className="min-w-0 truncate font-medium">{app}</bdi>
        </span>
        <span className="block truncate">{told}</span>
      </button>
    );
  return (
    <button type="button" aria-haspopup="dialog" onClick={onOpen} className={`${ROW} flex h-8 items-center gap-3`}>
      {clock}
      <span className="w-26 shrink-0 truncate text-muted">{event}</span>
      <bdi className="w-36 shrink-0 truncate font-medium">{app}</bdi>
      <span className="min-w-0 grow truncate">{told}</span>
    </button>
  );
}

const ROW = "w-full px-3 text-start text-sm hover:bg-raised focus-visible:-outline-offset-2";
