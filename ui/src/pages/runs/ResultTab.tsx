import { useDeferredValue, useState } from "react";
import type { Schemas } from "@/api/client";
import { Loading } from "@/components/Asked";
import { Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { useLanguage, useSay, useWords } from "@/i18n";
import type { WatchedRun } from "@/live/run";
import type { Progress } from "@/live/runStream";
import { percentText } from "@/text/amounts";
import { escapeLines, escapeText } from "@/text/escape";
import { useViewsAhead } from "@/views/ahead";
import { Effects } from "./Effects";
import { RunResult } from "./RunResult";
import { SaveFiles } from "./SaveFiles";
import { stateOf, type FailureCode } from "./state";
import { words as stateWords } from "./state-words";
import { Said } from "./Said";
import { words } from "./words";

export function ResultTab({ run, watched }: { run: string; watched: WatchedRun }) {
  const said = useWords(words);
  const { stream, version, summary, report, problem, isUnderWay } = watched;
  const hasResult = report && !report.failure && (hasValue(report.data) || Boolean(report.text));
  const isSilent = stream.parts.length === 0;
  const isReady = useDeferredValue(
    useViewsAhead(
      [...stream.parts.map((part) => (part.kind === "data" ? part.renderer : undefined)), report?.renderer],
      report !== null,
    ),
  );
  // While it is under way, what comes is added below what is there. What ended before is shown as a whole.
  const [isFollowed, setFollowed] = useState(false);
  if (summary && isUnderWay && !isFollowed) setFollowed(true);
  if (!isReady && !isFollowed && !problem) return <Loading />;
  return (
    <>
      {report?.failure && <HowItEnded report={report} failure={report.failure} />}
      {stream.progress.size > 0 && <ProgressBars bars={[...stream.progress.values()]} />}
      {stream.missed > 0 && <p className="mb-3 text-sm text-muted">{said.missed(stream.missed)}</p>}
      {isUnderWay && isSilent && stream.progress.size === 0 && <p className="text-muted">{said.waiting}</p>}
      {!isSilent && <Said stream={stream} version={version} isUnderWay={isUnderWay} />}
      {hasResult && (
        <Section title={said.tab.result}>
          <RunResult report={report} />
        </Section>
      )}
      {report && !report.failure && !hasResult && isSilent && <p className="mb-6 text-muted">{said.noResult}</p>}
      {report && <SaveFiles run={run} />}
      {report && (
        <Section title={said.did}>
          {report.effects.length === 0 ? (
            <p className="text-sm text-muted">{said.didNothing}</p>
          ) : (
            <Effects sentences={report.effects} run={run} />
          )}
        </Section>
      )}
    </>
  );
}

const hasValue = (data: unknown): boolean => data !== undefined && data !== null;

function HowItEnded({ report, failure }: { report: Schemas["RunReport"]; failure: Schemas["Failure"] }) {
  const said = useWords(words);
  const meanings = useWords(stateWords).failedMeaning;
  const state = stateOf(report);
  if (state === "stopped" || state === "interrupted") {
    return (
      <div className="mb-5">
        <Notice tone="caution" title={state === "stopped" ? said.stoppedTitle : said.interruptedTitle}>
          <p>{state === "stopped" ? said.stoppedLead : said.interruptedLead}</p>
        </Notice>
      </div>
    );
  }
  const code: FailureCode = failure.code;
  const meaning = meanings[code];
  return (
    <div className="mb-5" role="alert">
      <Notice tone="danger" title={said.failedTitle}>
        {meaning && <p>{meaning}</p>}
        <p dir="auto" className="mt-1 max-h-96 overflow-y-auto font-mono whitespace-pre-wrap">
          {escapeLines(failure.message)}
        </p>
        {failure.hint && (
          <p className="mt-1">
            {said.next} <code className="font-mono whitespace-pre-wrap">{escapeLines(failure.hint)}</code>
          </p>
        )}
        <p className="mt-1">
          {said.code}: <code className="font-mono">{escapeText(failure.code)}</code>
        </p>
      </Notice>
    </div>
  );
}

function ProgressBars({ bars }: { bars: readonly Progress[] }) {
  const said = useWords(words);
  const say = useSay();
  const language = useLanguage();
  return (
    <ul aria-label={said.progress} className="mb-4 space-y-2">
      {bars.map(({ sentence, done, total }) => {
        const text = say(sentence);
        const part = total === null ? null : Math.min(1, done / Math.max(total, 1));
        const reached = part === null ? null : percentText(part, language);
        return (
          <li key={sentence.code} className="text-sm">
            <p className="flex flex-wrap justify-between gap-x-4">
              <bdi>{text}</bdi>
              <span className="text-muted tabular-nums">{reached}</span>
            </p>
            <progress
              aria-label={text}
              className="mt-1 h-2 w-full accent-accent"
              {...(part === null ? {} : { value: part })}
            />
          </li>
        );
      })}
    </ul>
  );
}
