import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { ButtonLink, TextLink } from "@/components/Button";
import { Empty, Section } from "@/components/Page";
import { Elapsed, Time } from "@/components/Time";
import { useWords } from "@/i18n";
import { RunPill } from "@/pages/runs/RunPill";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { words } from "./words";

const RUNS_SHOWN = 8;

/** What a person can start, and what was started last. */
export function Actions({ app, canRun }: { app: Schemas["AppDetail"]; canRun: boolean }) {
  const said = useWords(words);
  const actions = startable(app);
  return (
    <>
      <Section title={said.actions}>
        {actions.length === 0 ? (
          <NothingByHand app={app.name} />
        ) : (
          <>
            {!canRun && <p className="mb-3 text-sm text-muted">{said.cannotRun}</p>}
            <ul className="space-y-3">
              {actions.map((action) => (
                <Action key={action.name} app={app.name} action={action} canRun={canRun} />
              ))}
            </ul>
          </>
        )}
      </Section>
      <LastRuns app={app.name} />
    </>
  );
}

/** An MCP server has tools, which its own screen shows. */
function NothingByHand({ app }: { app: string }) {
  const said = useWords(words);
  const servers = useQuery(reads.serverList());
  const isServer = servers.data?.servers.some((server) => server.app === app) ?? false;
  if (!isServer) return <Empty title={said.noActions}>{said.noActionsHelp}</Empty>;
  return (
    <Empty title={said.isServer}>
      <ButtonLink look="main" href={to.server(app)}>
        {said.toServer}
      </ButtonLink>
    </Empty>
  );
}

interface Startable {
  name: string;
  title: string;
  description: string | null;
}

/** What a model can call, a person can start as well; an action of the same name is the better description. */
function startable(app: Schemas["AppDetail"]): Startable[] {
  const actions = app.actions.map(({ name, title, description }) => ({
    name,
    title,
    description: description ?? null,
  }));
  const names = new Set(actions.map(({ name }) => name));
  const tools = (app.tools ?? []).filter(({ name }) => !names.has(name));
  return [
    ...actions,
    ...tools.map(({ name, description }) => ({ name, title: name, description: description ?? null })),
  ];
}

function Action({ app, action, canRun }: { app: string; action: Startable; canRun: boolean }) {
  const said = useWords(words);
  const title = shortenText(action.title, 80);
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-line bg-surface p-4">
      <div className="min-w-48 grow basis-0">
        <h3 className="font-semibold">
          <bdi>{title}</bdi>
        </h3>
        {action.description && (
          <p className="mt-0.5 text-sm text-muted">
            <bdi>{shortenText(action.description, 400)}</bdi>
          </p>
        )}
      </div>
      {canRun && (
        <ButtonLink look="main" href={to.start(app, action.name)} label={said.runOf(title)}>
          {said.run}
        </ButtonLink>
      )}
    </li>
  );
}

function LastRuns({ app }: { app: string }) {
  const said = useWords(words);
  const query = useQuery(reads.runList());
  return (
    <Section title={said.lastRuns} aside={<TextLink href={to.activity({ app })}>{said.allActivity}</TextLink>}>
      <Asked query={query}>
        {({ runs }) => {
          const own = runs.filter((run) => run.app === app).slice(0, RUNS_SHOWN);
          if (own.length === 0) return <Empty title={said.noRuns}>{said.noRunsHelp}</Empty>;
          return (
            <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
              {own.map((run) => (
                <li key={run.run} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-sm">
                  <TextLink href={to.run(run.run)}>{escapeText(run.action)}</TextLink>
                  <RunPill run={run} />
                  <span className="ms-auto text-muted">
                    <Time at={run.started_at} /> · <Elapsed from={run.started_at} to={run.ended_at ?? null} />
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Asked>
    </Section>
  );
}
