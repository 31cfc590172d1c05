import { memo } from "react";
import { Button, TextLink } from "@/components/Button";
import { Pill } from "@/components/Pill";
import { Moment } from "@/components/Time";
import { Say, useLanguage, useWords } from "@/i18n";
import type { Entry } from "@/live/log";
import { to } from "@/routes";
import { numberText } from "@/text/amounts";
import { clockTime } from "@/text/time";
import { kindOf } from "./tell";
import { words } from "./words";

const LABELS = [
  { bit: 1, word: "private" },
  { bit: 2, word: "stranger" },
] as const;

/** One thing that happened. Drawn once: an entry never changes, and hundreds of them stand on a page. */
export const Row = memo(function Row({ entry, onOpen }: { entry: Entry; onOpen(seq: number): void }) {
  const said = useWords(words);
  const language = useLanguage();
  const { seq, record } = entry;
  const isDenied = record ? kindOf(record) === "denied" : false;
  const labels = LABELS.filter(({ bit }) => (record?.labels ?? 0) & bit).map(({ word }) => said.labels[word]);
  return (
    <li className={`flex items-start gap-3 px-4 py-2 text-sm ${isDenied ? "bg-danger-soft" : ""}`}>
      <span className="w-18 shrink-0 pt-0.5 text-muted tabular-nums">
        {record && <Moment at={record.at}>{clockTime(record.at)}</Moment>}
      </span>
      <div className="min-w-0 grow">
        {record ? (
          <>
            <p className={`wrap-anywhere ${isDenied ? "font-medium text-danger" : ""}`}>
              {isDenied && (
                <>
                  <Pill tone="danger" icon="stop">
                    {said.denied}
                  </Pill>{" "}
                </>
              )}
              {record.event === "outcome" && record.state === "unknown" && (
                <>
                  <Pill tone="caution" icon="warning">
                    {said.unknown}
                  </Pill>{" "}
                </>
              )}
              <bdi>
                <Say sentence={record.sentence} />
              </bdi>
            </p>
            <p className="text-xs wrap-anywhere text-muted">
              {said.by[record.door]}
              {labels.map((label) => ` · ${label}`)}
              {record.event !== "denied" && (record.rule || record.grant) && (
                <>
                  {" · "}
                  {said.allowedBy}{" "}
                  {record.grant && record.app ? (
                    <TextLink href={to.grants(record.app)}>
                      <bdi>{record.rule ? <Say sentence={record.rule} /> : said.grant}</bdi>
                    </TextLink>
                  ) : (
                    <bdi>{record.rule ? <Say sentence={record.rule} /> : said.grant}</bdi>
                  )}
                </>
              )}
            </p>
          </>
        ) : (
          <p className="text-muted">{said.pruned}</p>
        )}
      </div>
      <Button look="quiet" className="-my-1 shrink-0" aria-haspopup="dialog" onClick={() => onOpen(seq)}>
        {said.record} <span className="tabular-nums">{numberText(seq, language)}</span>
      </Button>
    </li>
  );
});
