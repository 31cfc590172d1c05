import type { Schemas } from "@/api/client";
import { TextLink } from "@/components/Button";
import { Panel } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { Time } from "@/components/Time";
import { Say, useLanguage, useWords } from "@/i18n";
import { to } from "@/routes";
import { localeOf } from "@/text/locale";
import { escapeText } from "@/text/escape";
import { cronText } from "./cron";
import { words } from "./words";

type Schedule = Schemas["ScheduleView"];

export function byApp(schedules: readonly Schedule[]): [string, Schedule[]][] {
  const apps = new Map<string, Schedule[]>();
  for (const schedule of schedules) apps.set(schedule.app, [...(apps.get(schedule.app) ?? []), schedule]);
  return [...apps];
}

/** What the clock starts of one app. */
export function AppSchedules({ app, schedules }: { app: string; schedules: readonly Schedule[] }) {
  return (
    <li>
      <Panel>
        <h3 className="font-semibold">
          <TextLink href={to.app(app)}>
            <bdi>{escapeText(app)}</bdi>
          </TextLink>
        </h3>
        <ul className="divide-y divide-line">
          {schedules.map((schedule) => (
            <li key={`${schedule.action} ${schedule.cron}`} className="py-3 last:pb-0">
              <OneSchedule schedule={schedule} />
            </li>
          ))}
        </ul>
      </Panel>
    </li>
  );
}

function OneSchedule({ schedule }: { schedule: Schedule }) {
  const said = useWords(words);
  const language = useLanguage();
  const { action, cron, time_zone, state, next, last } = schedule;
  const inWords = cronText(cron, language);
  const raw = <code className="font-mono text-sm">{escapeText(cron)}</code>;
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium first-letter:uppercase">{inWords ?? raw}</span>
        <span className="text-sm text-muted">
          <bdi>{said.calls(escapeText(action))}</bdi>
        </span>
        <Pill tone={state.code === "schedule_on" ? "good" : "caution"}>
          <Say sentence={state} />
        </Pill>
      </div>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        {inWords && (
          <>
            <dt className="text-muted">{said.pattern}</dt>
            <dd>{raw}</dd>
          </>
        )}
        <dt className="text-muted">{said.zone}</dt>
        <dd>{escapeText(time_zone)}</dd>
        <dt className="text-muted">{said.next}</dt>
        <dd>{next.length === 0 ? said.noNext : <NextTimes next={next} zone={time_zone} />}</dd>
        <dt className="text-muted">{said.last}</dt>
        <dd>{last ? <Last last={last} zone={time_zone} /> : said.never}</dd>
      </dl>
    </>
  );
}

function NextTimes({ next, zone }: { next: readonly number[]; zone: string }) {
  const language = useLanguage();
  return (
    <ul>
      {next.map((at) => (
        <li key={at}>
          {zonedTime(at, zone, language)}{" "}
          <span className="text-muted">
            (<Time at={at} />)
          </span>
        </li>
      ))}
    </ul>
  );
}

function Last({ last, zone }: { last: Schemas["ScheduleRun"]; zone: string }) {
  const said = useWords(words);
  const language = useLanguage();
  const { slot, started_at, ended_at, failure, run } = last;
  return (
    <>
      <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
        <Outcome failed={Boolean(failure)} ended={Boolean(ended_at)} known={Boolean(run)} />
        <Time at={started_at} />
        {run && <TextLink href={to.run(run)}>{said.toRun}</TextLink>}
      </span>
      <span className="block text-muted">
        {said.meantFor} {zonedTime(slot, zone, language)}
      </span>
      {failure && (
        <span className="block text-danger">
          <bdi>{escapeText(failure.message)}</bdi> <code className="font-mono">{failure.code}</code>
        </span>
      )}
    </>
  );
}

function Outcome({ failed, ended, known }: { failed: boolean; ended: boolean; known: boolean }) {
  const said = useWords(words);
  if (failed) return <Pill tone="danger">{said.failed}</Pill>;
  if (ended) return <Pill tone="good">{said.done}</Pill>;
  return known ? <Pill tone="info">{said.running}</Pill> : <Pill tone="caution">{said.cutOff}</Pill>;
}

/** A time as the clocks of a zone show it. */
export function zonedTime(at: number, zone: string, language: string): string {
  const options = {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  } as const;
  try {
    return new Intl.DateTimeFormat(localeOf(language), { ...options, timeZone: zone }).format(at);
  } catch {
    // A zone that oikos knows and this browser does not.
    return new Intl.DateTimeFormat(localeOf(language), { ...options, timeZone: "UTC", timeZoneName: "short" }).format(
      at,
    );
  }
}
