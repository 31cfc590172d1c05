import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { Elapsed, Time } from "@/components/Time";
import { Say, useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { RunPill } from "./RunPill";
import { stateOf } from "./state";
import { StopRun } from "./StopRun";
import { words } from "./state-words";

const NAME_CHARACTERS = 60;
const MESSAGE_CHARACTERS = 240;

/** A run in a list: what it is, how it stands, and Stop while it goes on. */
export function RunRow({ run }: { run: Schemas["RunSummary"] }) {
  const said = useWords(words);
  const isUnderWay = stateOf(run) === "running";
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border border-line bg-surface px-4 py-3">
      <div className="min-w-0 grow basis-64">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link
            href={to.run(run.run)}
            className="inline-flex min-h-6 items-center gap-1 font-medium underline-offset-2 hover:underline pointer-coarse:min-h-11"
          >
            <bdi>{shortenText(run.app, NAME_CHARACTERS)}</bdi>
            <span aria-hidden="true" className="text-muted">
              ·
            </span>
            <bdi>{shortenText(run.action, NAME_CHARACTERS)}</bdi>
          </Link>
          <RunPill run={run} />
        </p>
        {run.cause && (
          <p className="text-sm text-muted">
            {said.because}{" "}
            <bdi>
              <Say sentence={run.cause} />
            </bdi>
          </p>
        )}
        {run.failure && stateOf(run) === "failed" && (
          <p className="text-sm text-muted">
            <bdi>{said.failedMeaning[run.failure.code] ?? shortenText(run.failure.message, MESSAGE_CHARACTERS)}</bdi>
          </p>
        )}
      </div>
      <p className="text-sm text-muted">
        {isUnderWay ? (
          <Elapsed from={run.started_at} />
        ) : (
          <>
            <Time at={run.started_at} /> · {said.took} <Elapsed from={run.started_at} to={run.ended_at ?? null} />
          </>
        )}
      </p>
      {isUnderWay && <StopRun run={run} />}
    </li>
  );
}
