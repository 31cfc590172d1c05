import { useDeferredValue, useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { INPUT, Switch } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Empty } from "@/components/Page";
import { Windowed } from "@/components/Windowed";
import { useWords } from "@/i18n";
import type { WatchedRun } from "@/live/run";
import type { LogRow } from "@/live/runStream";
import { useLogRows } from "./logRows";
import { words } from "./words";

const ROW_PX = 24;
/** Of the text beside the level, at its size. */
const COLUMN_PX = 7.9;
const LEVEL_PX = 80;
const COLUMNS_UNMEASURED = 100;

const TONES: Record<LogRow["level"], string> = {
  debug: "text-muted",
  info: "text-muted",
  warn: "text-caution",
  error: "text-danger",
};

export function LogTab({ watched }: { watched: WatchedRun }) {
  const said = useWords(words);
  const { stream, isUnderWay } = watched;
  const { log } = stream;
  const [query, setQuery] = useSearchParams();
  const [filter, setFilter] = useState(query.get("text") ?? "");
  const [follow, setFollow] = useState(isUnderWay);
  const { box, columns } = useColumns();
  const { rows, lines, isLooking } = useLogRows(log, useDeferredValue(filter), columns);
  if (log.length === 0) {
    const isKept = stream.missed === 0 && stream.seq > 0;
    return <Empty title={isUnderWay ? said.noLogYet : isKept ? said.noLog : said.noLogKept} />;
  }
  const keep = (text: string) =>
    setQuery(
      (known) => {
        const next = new URLSearchParams(known);
        if (text) next.set("text", text);
        else next.delete("text");
        return next;
      },
      { replace: true },
    );
  const copy = () => {
    const text = log.map(({ level, text }) => `${said.level[level]}\t${text}`).join("\n");
    void navigator.clipboard.writeText(text).then(() => announce(said.copied));
  };
  return (
    <div ref={box}>
      <div className="mb-3 flex flex-wrap items-end gap-x-4 gap-y-2">
        <label className="grow basis-48 text-sm font-medium">
          <span className="mb-1 block">{said.filterLog}</span>
          <input
            type="search"
            className={INPUT}
            value={filter}
            onChange={({ target: { value } }) => setFilter(value)}
            // In the address once it is written: browsers refuse an address for each letter.
            onBlur={() => keep(filter)}
          />
        </label>
        <Switch label={said.follow} checked={follow} onChange={setFollow} />
        <Button onClick={copy}>
          <Icon name="copy" className="size-4" /> {said.copyLog}
        </Button>
      </div>
      <p className="mb-1 text-sm text-muted">{said.lines(lines, log.length)}</p>
      {stream.missed > 0 && <p className="mb-1 text-sm text-muted">{said.missed(stream.missed)}</p>}
      {lines === 0 && !isLooking ? (
        <Empty title={said.noLogFits} />
      ) : (
        <Windowed
          items={rows}
          rowPx={ROW_PX}
          label={said.log}
          role="log"
          follow={follow}
          onFollow={setFollow}
          className="h-[min(36rem,65dvh)] rounded-xl border border-line bg-surface p-2"
          keyOf={(_, place) => place}
        >
          {({ level, text }) => (
            <p className="flex gap-2 font-mono text-[13px] leading-6 whitespace-pre">
              <span className={`w-16 shrink-0 ${level ? TONES[level] : ""}`}>{level && said.level[level]}</span>
              <bdi dir="ltr" className="min-w-0">
                {text}
              </bdi>
            </p>
          )}
        </Windowed>
      )}
    </div>
  );
}

/** How many characters stand beside each other, so that a long line goes on in the next row instead of being cut. */
function useColumns() {
  const [element, box] = useState<HTMLDivElement | null>(null);
  const [columns, setColumns] = useState(COLUMNS_UNMEASURED);
  useEffect(() => {
    if (!element) return undefined;
    const sizes = new ResizeObserver(() => {
      const width = element.clientWidth - LEVEL_PX - 40;
      if (width > 0) setColumns(Math.max(12, Math.floor(width / COLUMN_PX)));
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [element]);
  return { box, columns };
}
