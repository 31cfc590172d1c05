import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Button, ButtonLink, TextLink } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { RunRow } from "./RunRow";
import { stateOf } from "./state";
import { words } from "./list-words";

type Run = Schemas["RunSummary"];

const FILTERS = ["running", "done", "failed", "stopped"] as const;
type Filter = (typeof FILTERS)[number];

const ROWS = 20;
const NAME_CHARACTERS = 60;

export default function RunsPage() {
  const said = useWords(words);
  const runs = useQuery(reads.runList());
  return (
    <Page title={said.runs}>
      <Asked query={runs}>{({ runs }) => <Runs runs={runs} />}</Asked>
    </Page>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  const said = useWords(words);
  const [query, setQuery] = useSearchParams();
  const [shown, setShown] = useState(ROWS);
  const app = query.get("app") ?? "";
  const state = FILTERS.find((known) => known === query.get("state")) ?? "";
  const filter = (name: string, value: string) =>
    setQuery((known) => {
      const next = new URLSearchParams(known);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });

  const fitting = runs.filter((run) => (!app || run.app === app) && (!state || groupOf(run) === state));
  const underWay = fitting.filter((run) => groupOf(run) === "running");
  const ended = fitting.filter((run) => groupOf(run) !== "running");
  const isFiltered = Boolean(app || state);
  // Also one that has no run here: an address may name it.
  const apps = [...new Set([...runs.map((run) => run.app), ...(app ? [app] : [])])].sort();
  return (
    <>
      <div className="mb-6 grid gap-3 sm:max-w-lg sm:grid-cols-2">
        <SelectField
          label={said.filterApp}
          value={app}
          options={[
            { value: "", label: said.all },
            ...apps.map((name) => ({ value: name, label: shortenText(name, NAME_CHARACTERS) })),
          ]}
          onChange={(event) => filter("app", event.target.value)}
        />
        <SelectField
          label={said.filterState}
          value={state}
          options={[{ value: "", label: said.all }, ...FILTERS.map((value) => ({ value, label: said.states[value] }))]}
          onChange={(event) => filter("state", event.target.value)}
        />
      </div>
      {isFiltered && fitting.length === 0 ? (
        <Empty title={said.nothingFits}>
          <Button onClick={() => setQuery({})}>{said.clearFilters}</Button>
        </Empty>
      ) : (
        <>
          {(!state || state === "running") && (
            <Section title={said.underWay} aside={underWay.length || undefined}>
              {underWay.length === 0 ? (
                <Empty title={said.nothingUnderWay}>{said.nothingUnderWayHelp}</Empty>
              ) : (
                <ul className="space-y-2">
                  {underWay.map((run) => (
                    <RunRow key={run.run} run={run} />
                  ))}
                </ul>
              )}
            </Section>
          )}
          {state !== "running" && (
            <Section title={said.ended}>
              {ended.length === 0 ? (
                <Empty title={said.nothingEnded}>
                  <p>{said.nothingEndedHelp}</p>
                  <p className="mt-3">
                    <ButtonLink href="/apps">{said.toApps}</ButtonLink>
                  </p>
                </Empty>
              ) : (
                <>
                  <ul className="space-y-2">
                    {ended.slice(0, shown).map((run) => (
                      <RunRow key={run.run} run={run} />
                    ))}
                  </ul>
                  {ended.length > shown ? (
                    <Button className="mt-4" onClick={() => setShown(shown + ROWS)}>
                      {said.more(Math.min(ROWS, ended.length - shown))}
                    </Button>
                  ) : (
                    <p className="mt-4 text-sm text-muted">
                      {said.kept} <TextLink href={to.activity(app ? { app } : {})}>{said.toActivity}</TextLink>
                    </p>
                  )}
                </>
              )}
            </Section>
          )}
        </>
      )}
    </>
  );
}

/** What oikos itself cut off did not end well either. */
function groupOf(run: Run): Filter {
  const state = stateOf(run);
  return state === "interrupted" ? "failed" : state;
}
