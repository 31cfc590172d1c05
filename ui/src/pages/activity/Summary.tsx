// The answer first: what each app did, counted from the entries that are loaded.
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { acts } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Button, ButtonLink, TextLink } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Icon } from "@/components/Icon";
import { Section } from "@/components/Page";
import { Time } from "@/components/Time";
import { useLanguage, useWords } from "@/i18n";
import type { LogView } from "@/live/log";
import { to } from "@/routes";
import { numberText } from "@/text/amounts";
import { escapeText } from "@/text/escape";
import { tallies } from "./tell";
import { words } from "./words";

const APPS_FIRST = 8;

export function Summary({ log }: { log: LogView }) {
  const said = useWords(words);
  const language = useLanguage();
  const queries = useQueryClient();
  const [shown, setShown] = useState(APPS_FIRST);
  const [stopping, setStopping] = useState<string | null>(null);
  const all = useMemo(() => tallies(log.entries), [log.entries]);
  const number = (value: number) => numberText(value, language);
  const since = log.entries.find(({ record }) => record)?.record?.at;
  if (all.length === 0) return null;
  const stop = async (app: string) => {
    const { runs } = await acts.appStop(app);
    announce(said.stopped(runs.length));
    void queries.invalidateQueries({ queryKey: ["apps"] });
    void queries.invalidateQueries({ queryKey: ["runs"] });
  };
  const span = log.isWhole ? said.wholeSpan : said.span;
  return (
    <Section
      title={said.short}
      aside={
        <>
          {span(number(log.entries.length))}
          {since !== undefined && (
            <>
              , {said.since} <Time at={since} />
            </>
          )}
        </>
      }
    >
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
        {all.slice(0, shown).map((tally) => {
          const app = escapeText(tally.app);
          return (
            <li key={tally.app} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
              <p className="min-w-0 basis-96 grow wrap-anywhere">
                <TextLink href={to.app(tally.app)} className="font-semibold">
                  <bdi>{app}</bdi>
                </TextLink>
                : <span className={tally.denied > 0 ? "font-medium" : ""}>{said.did(tally, number)}.</span>
              </p>
              <div className="flex gap-2">
                <ButtonLink href={to.grants(tally.app)}>
                  {said.grantsOf} <span className="sr-only">{app}</span>
                </ButtonLink>
                <Button aria-label={`${said.stop} ${app}`} onClick={() => setStopping(tally.app)}>
                  <Icon name="stop" className="size-4" /> {said.stop}
                </Button>
              </div>
            </li>
          );
        })}
      </ul>
      {all.length > shown && (
        <Button look="quiet" onClick={() => setShown(all.length)}>
          {said.moreApps(all.length - shown)}
        </Button>
      )}
      <Confirm
        open={stopping !== null}
        title={said.stopTitle(escapeText(stopping ?? ""))}
        deed={said.stop}
        danger
        act={() => stop(stopping ?? "")}
        onClose={() => setStopping(null)}
      >
        <p>{said.stopText}</p>
      </Confirm>
    </Section>
  );
}
