import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { Asked } from "@/components/Asked";
import { Panel, Section } from "@/components/Page";
import { useLanguage, useWords } from "@/i18n";
import type { WatchedRun } from "@/live/run";
import { Kept } from "@/pages/apps/card/Kept";
import { bytesText, millisText, numberText } from "@/text/amounts";
import { shortenText } from "@/text/escape";
import { Effects } from "./Effects";
import { Reach } from "./Reach";
import { words } from "./words";

const HOST_CHARACTERS = 120;

/** What a run did outside its sandbox, and what its app may do at all. */
export function ReachTab({ watched }: { watched: WatchedRun }) {
  const said = useWords(words);
  const { report, summary, stream } = watched;
  return (
    <>
      <Section title={said.did}>
        {!report && <p className="text-sm text-muted">{said.didNothingYet}</p>}
        {report?.effects.length === 0 && <p className="text-sm text-muted">{said.didNothing}</p>}
        {report && report.effects.length > 0 && <Effects sentences={report.effects} run={report.run} />}
      </Section>
      <Section title={said.network}>
        {report ? <Network hosts={report.network ?? []} /> : <p className="text-sm text-muted">{said.networkYet}</p>}
      </Section>
      {(report?.facts ?? []).length > 0 && (
        <Section title={said.kept}>
          <Panel>
            <Kept facts={report?.facts ?? []} />
          </Panel>
        </Section>
      )}
      <Section title={said.usage}>
        <Usage report={report} now={stream.usage} />
      </Section>
      {summary && <Grants app={summary.app} />}
    </>
  );
}

function Network({ hosts }: { hosts: readonly Schemas["HostUse"][] }) {
  const said = useWords(words);
  const language = useLanguage();
  if (hosts.length === 0) return <p className="text-sm text-muted">{said.noNetwork}</p>;
  return (
    <div
      role="region"
      aria-label={said.network}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-xl border border-line"
    >
      <table className="w-full text-sm">
        <caption className="sr-only">{said.network}</caption>
        <thead className="bg-raised text-start">
          <tr>
            <th scope="col" className="px-3 py-2 text-start">
              {said.host}
            </th>
            <th scope="col" className="px-3 py-2 text-end">
              {said.requests}
            </th>
            <th scope="col" className="px-3 py-2 text-end">
              {said.sent}
            </th>
            <th scope="col" className="px-3 py-2 text-end">
              {said.received}
            </th>
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <tr key={host.host ?? ""} className="border-t border-line">
              <th scope="row" className="px-3 py-2 text-start font-normal">
                {host.host ? <bdi>{shortenText(host.host, HOST_CHARACTERS)}</bdi> : said.otherHosts}
              </th>
              <td className="px-3 py-2 text-end tabular-nums">{numberText(host.requests, language)}</td>
              <td className="px-3 py-2 text-end whitespace-nowrap tabular-nums">
                {bytesText(host.bytes_out, language)}
              </td>
              <td className="px-3 py-2 text-end whitespace-nowrap tabular-nums">
                {bytesText(host.bytes_in, language)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Usage(props: { report: Schemas["RunReport"] | null; now: { cpu_us: number; memory_bytes: number } | null }) {
  const { report, now } = props;
  const said = useWords(words);
  const language = useLanguage();
  const usage = report?.usage;
  const millis = (microseconds: number) => millisText(microseconds / 1_000, language);
  const rows: [string, string][] = [];
  if (usage) rows.push([said.usageTime, millisText(usage.wall_ms, language)]);
  const measured = usage ?? now;
  // A program serves many runs, and what it uses is no single one's.
  if (measured && (report?.facts ?? []).length === 0) {
    rows.push([said.usageComputing, millis(measured.cpu_us)]);
    rows.push([said.usageMemory, bytesText(measured.memory_bytes, language)]);
  }
  if (usage) {
    rows.push([said.usageHost, millis(usage.host_cpu_us)]);
    rows.push([said.usageMoved, bytesText(usage.host_bytes, language)]);
    if (usage.log_dropped > 0) rows.push([said.usageDropped, numberText(usage.log_dropped, language)]);
  }
  if (rows.length === 0) return <p className="text-sm text-muted">{said.networkYet}</p>;
  return (
    <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[max-content_1fr]">
      {rows.map(([name, amount]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="mb-1 tabular-nums">{amount}</dd>
        </div>
      ))}
    </dl>
  );
}

function Grants({ app }: { app: string }) {
  const said = useWords(words);
  const info = useQuery(reads.appInfo(app));
  const isGone = info.isError && problemOf(info.error).code === "app_not_found";
  return (
    <Section title={said.mayDo} aside={said.mayDoNow}>
      {isGone ? (
        <p className="text-sm text-muted">{said.appGone}</p>
      ) : (
        <Asked query={info}>
          {({ app }) => (
            <Panel>
              <Reach app={app} />
            </Panel>
          )}
        </Asked>
      )}
    </Section>
  );
}
