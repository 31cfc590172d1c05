import { useState } from "react";
import { useParams, useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Loading } from "@/components/Asked";
import { Button, ButtonLink, TextLink } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Empty, Page, Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { Tabs } from "@/components/Tabs";
import { Elapsed, Time } from "@/components/Time";
import { Say, useWords } from "@/i18n";
import { useRun, type WatchedRun } from "@/live/run";
import { useQuestions } from "@/live/use";
import { QuestionCard } from "@/pages/approvals/QuestionCard";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { runAhead } from "./ahead";
import { Effects } from "./Effects";
import { InputTab } from "./InputTab";
import { LogTab } from "./LogTab";
import { ReachTab } from "./ReachTab";
import { rememberedRun } from "./remembered";
import { ResultTab } from "./ResultTab";
import { RunPill } from "./RunPill";
import { words as stateWords } from "./state-words";
import { StopRun } from "./StopRun";
import { words } from "./words";

type Summary = Schemas["RunSummary"];
const TABS = ["result", "log", "input", "reach"] as const;
type Tab = (typeof TABS)[number];
/** What oikos says of an address that no run has. */
const NO_RUN = new Set(["run_not_found", "invalid_input"]);
const NAME_CHARACTERS = 60;

export const ahead = (queries: QueryClient, { run = "" }: Readonly<Record<string, string>>): void =>
  runAhead(run, queries);

export default function RunPage() {
  const { run = "" } = useParams();
  return <Run key={run} run={run} />;
}

function Run({ run }: { run: string }) {
  const said = useWords(words);
  const watched = useRun(run);
  const given = rememberedRun(run);
  const { summary, problem } = watched;
  const name = summary ?? given;
  const title = name
    ? `${shortenText(name.app, NAME_CHARACTERS)} · ${shortenText(name.action, NAME_CHARACTERS)}`
    : said.unknownRun;
  if (problem && NO_RUN.has(problem.code)) {
    return (
      <Page title={said.unknownRun}>
        <Empty title={said.gone}>
          <p>{said.goneHelp}</p>
          <p className="mt-3 flex justify-center gap-2">
            <ButtonLink href="/runs">{said.toRuns}</ButtonLink>
            <ButtonLink href={to.activity()}>{said.toActivity}</ButtonLink>
          </p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={title}
      wide
      lead={summary && <Lead run={summary} />}
      actions={summary && <Deeds run={summary} watched={watched} />}
    >
      {problem && <Failed error={problem} />}
      {summary || watched.version > 0 ? <Parts run={run} watched={watched} /> : !problem && <Loading />}
    </Page>
  );
}

function Lead({ run }: { run: Summary }) {
  const said = useWords(words);
  const state = useWords(stateWords);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <span role="status">
        <RunPill run={run} />
      </span>
      {run.ended_at ? (
        <span>
          <Time at={run.started_at} /> · {state.took} <Elapsed from={run.started_at} to={run.ended_at} />
        </span>
      ) : (
        <Elapsed from={run.started_at} />
      )}
      <TextLink href={to.app(run.app)} className="inline-flex min-h-6 items-center">
        {said.toApp}
      </TextLink>
      <TextLink href={to.activity({ run: run.run })} className="inline-flex min-h-6 items-center">
        {said.activity}
      </TextLink>
      {run.cause && (
        <span>
          {state.because}{" "}
          <bdi>
            <Say sentence={run.cause} />
          </bdi>
        </span>
      )}
    </div>
  );
}

function Deeds({ run, watched }: { run: Summary; watched: WatchedRun }) {
  const said = useWords(words);
  const [, setQuery] = useSearchParams();
  return (
    <>
      {watched.isUnderWay && <StopRun run={run} main />}
      {watched.report?.undoable && (
        <Button onClick={() => setQuery((known) => withParameter(known, "undo", "1"))}>
          <Icon name="undo" className="size-4" /> {said.undo}
        </Button>
      )}
      {/* What started by itself is no deed of a person, and no form leads to it. */}
      {!run.cause && !watched.isUnderWay && (
        <ButtonLink href={to.start(run.app, run.action, run.run)}>
          <Icon name="runs" className="size-4" /> {said.again}
        </ButtonLink>
      )}
    </>
  );
}

function Parts({ run, watched }: { run: string; watched: WatchedRun }) {
  const said = useWords(words);
  const [query] = useSearchParams();
  const tab: Tab = TABS.find((known) => known === query.get("tab")) ?? "result";
  return (
    <>
      <Questions run={run} />
      <Undo run={run} watched={watched} />
      <Tabs
        label={said.tabs}
        now={tab}
        tabs={TABS.map((id) => ({ id, label: said.tab[id], href: to.run(run, id === "result" ? undefined : id) }))}
      />
      {tab === "result" && <ResultTab run={run} watched={watched} />}
      {tab === "log" && <LogTab watched={watched} />}
      {tab === "input" && <InputTab run={run} />}
      {tab === "reach" && <ReachTab watched={watched} />}
    </>
  );
}

/** What it asks, where the person looks at that moment. */
function Questions({ run }: { run: string }) {
  const said = useWords(words);
  const questions = useQuestions().filter((question) => question.run === run);
  if (questions.length === 0) return null;
  return (
    <Section title={said.questions}>
      <ul className="space-y-3">
        {questions.map((question) => (
          <li key={question.id}>
            <QuestionCard question={question} inRun />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Undo({ run, watched }: { run: string; watched: WatchedRun }) {
  const said = useWords(words);
  const queries = useQueryClient();
  const [query, setQuery] = useSearchParams();
  const [steps, setSteps] = useState<readonly Schemas["Sentence"][] | null>(null);
  const act = async () => {
    const { steps } = await acts.undo(run);
    setSteps(steps);
    void queries.invalidateQueries({ queryKey: ["runs"] });
  };
  return (
    <>
      {steps && (
        <div role="status" className="mb-5">
          <Notice tone="good" title={said.undone}>
            {steps.length === 0 ? <p>{said.undoneNothing}</p> : <Effects sentences={steps} run={run} />}
          </Notice>
        </div>
      )}
      <Confirm
        open={query.has("undo") && Boolean(watched.report?.undoable)}
        title={said.undoTitle}
        deed={said.undo}
        act={act}
        onClose={() => setQuery((known) => withParameter(known, "undo", null), { replace: true })}
      >
        <p>{said.undoLead}</p>
        <Effects sentences={watched.report?.effects ?? []} run={run} />
        <p className="text-sm text-muted">{said.undoConflict}</p>
      </Confirm>
    </>
  );
}

function withParameter(known: URLSearchParams, name: string, value: string | null): URLSearchParams {
  const next = new URLSearchParams(known);
  if (value === null) next.delete(name);
  else next.set(name, value);
  return next;
}
