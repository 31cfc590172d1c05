import { useMemo } from "react";
import { Loading } from "@/components/Asked";
import { TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Section } from "@/components/Page";
import { Time } from "@/components/Time";
import { Say, useWords, type Sentence } from "@/i18n";
import { useLog, type Entry } from "@/live/log";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { words } from "./words";

const LOOKED_THROUGH = 1_000;
const SHOWN = 10;

interface Pair {
  seq: number;
  at: number;
  app: string | null;
  run: string | null;
  asked: Sentence | null;
  answer: Sentence;
}

/** Answers with what they answer, newest first. A run asks one thing at a time. */
export function answersIn(entries: readonly Entry[]): Pair[] {
  const open = new Map<string, Sentence>();
  const pairs: Pair[] = [];
  for (const { seq, record } of entries) {
    if (record?.event === "asked" && record.run) open.set(record.run, record.sentence);
    if (record?.event !== "answered") continue;
    const { at, app = null, run = null, sentence } = record;
    pairs.push({ seq, at, app, run, asked: (run && open.get(run)) || null, answer: sentence });
  }
  return pairs.toReversed();
}

/** The last answers, as the log has them: also those that were given elsewhere. */
export function Answered() {
  const said = useWords(words);
  const { entries, isLoading, error } = useLog({ page: LOOKED_THROUGH });
  const answers = useMemo(() => answersIn(entries).slice(0, SHOWN), [entries]);
  return (
    <Section title={said.recent}>
      {error !== null && <Failed error={error} />}
      {answers.length > 0 ? (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {answers.map(({ seq, at, app, run, asked, answer }) => (
            <li key={seq} className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 px-4 py-2.5 text-sm">
              <span className="min-w-0 grow basis-0 wrap-anywhere max-sm:basis-full">
                {app && run && (
                  <>
                    <TextLink href={to.run(run)}>
                      <bdi>{escapeText(app)}</bdi>
                    </TextLink>{" "}
                  </>
                )}
                {asked && (
                  <bdi>
                    <Say sentence={asked} />:{" "}
                  </bdi>
                )}
                <bdi className="font-medium">
                  <Say sentence={answer} />
                </bdi>
              </span>
              <span className="text-muted">
                <Time at={at} />
              </span>
            </li>
          ))}
        </ul>
      ) : isLoading ? (
        <Loading />
      ) : (
        error === null && <p className="text-sm text-muted">{said.recentNone}</p>
      )}
    </Section>
  );
}
