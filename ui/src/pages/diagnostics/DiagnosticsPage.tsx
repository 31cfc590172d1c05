import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Asked } from "@/components/Asked";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Page, Panel, Section } from "@/components/Page";
import { Notice, Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { useLineState } from "@/live/use";
import { escapeLines, escapeText } from "@/text/escape";
import { chainLines } from "./chain";
import { redact } from "./redact";
import { pageVersion } from "./version";
import { words } from "./words";

type Check = Schemas["DoctorCheck"];
type Report = Schemas["ChainReport"];

export default function DiagnosticsPage() {
  const said = useWords(words);
  const doctor = useQuery(reads.doctor());
  const facts = useFacts();
  const [report, setReport] = useState<Report | null>(null);
  const copyAll = () => {
    const lines = [
      ...facts.map(([what, value]) => `${what}: ${value}`),
      "",
      ...(doctor.data?.checks ?? []).map(checkText),
      ...(report ? ["", ...chainLines(report, said)] : []),
    ];
    void navigator.clipboard.writeText(redact(lines.join("\n"))).then(() => announce(said.copied));
  };
  return (
    <Page
      title={said.title}
      lead={said.lead}
      actions={
        <>
          <Button busy={doctor.isFetching} onClick={() => void doctor.refetch()}>
            {said.again}
          </Button>
          <Button onClick={copyAll}>
            <Icon name="copy" className="size-4" /> {said.copyAll}
          </Button>
        </>
      }
    >
      <Section title={said.checks}>
        <Asked query={doctor}>{({ checks }) => <Checks checks={checks} />}</Asked>
      </Section>
      <Log report={report} onReport={setReport} />
      <Section title={said.connection}>
        <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
          {facts.map(([what, value]) => (
            <div key={what} className="contents">
              <dt className="text-muted">{what}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      </Section>
    </Page>
  );
}

function useFacts(): [string, string][] {
  const said = useWords(words);
  const status = useQuery(reads.status());
  const state = useLineState();
  const isKept = Boolean(navigator.serviceWorker?.controller);
  return [
    [said.live, said.states[state]],
    [said.binary, status.data?.version ?? said.unknown],
    [said.process, status.data ? String(status.data.pid) : said.unknown],
    [said.page, pageVersion() ?? said.unknown],
    [said.address, location.origin],
    [said.worker, isKept ? said.workerOn : said.workerOff],
    [said.browser, escapeText(navigator.userAgent)],
  ];
}

const checkText = ({ ok, name, finding, hint }: Check) =>
  `${ok ? (hint ? "note" : "ok  ") : "BAD "}  ${escapeText(name)}  ${escapeLines(finding)}${hint ? `\n      → ${escapeLines(hint)}` : ""}`;

/** What needs a hand comes first, then what could be better. */
const rank = ({ ok, hint }: Check) => (ok ? (hint ? 1 : 2) : 0);

function Checks({ checks }: { checks: readonly Check[] }) {
  const said = useWords(words);
  const bad = checks.filter(({ ok }) => !ok).length;
  return (
    <>
      <p role="status" className="mb-3 font-medium">
        {bad === 0 ? said.allWell : said.notWell(bad)}
      </p>
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
        {checks
          .toSorted((a, b) => rank(a) - rank(b))
          .map((check) => (
            <li key={check.name} className="px-4 py-3">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <Verdict check={check} />
                <h3 className="font-medium">
                  <bdi>{escapeText(check.name)}</bdi>
                </h3>
              </div>
              <p className="mt-1 text-sm whitespace-pre-wrap text-muted">
                <bdi>{escapeLines(check.finding)}</bdi>
              </p>
              {check.hint && (
                <p className="mt-1 flex flex-wrap items-center gap-2 text-sm">
                  {said.next} <code className="font-mono whitespace-pre-wrap">{escapeLines(check.hint)}</code>
                  <CopyButton text={check.hint} />
                </p>
              )}
            </li>
          ))}
      </ul>
    </>
  );
}

function Verdict({ check }: { check: Check }) {
  const said = useWords(words);
  if (!check.ok) {
    return (
      <Pill tone="danger" icon="warning">
        {said.bad}
      </Pill>
    );
  }
  return check.hint ? (
    <Pill tone="info">{said.better}</Pill>
  ) : (
    <Pill tone="good" icon="check">
      {said.well}
    </Pill>
  );
}

function Log({ report, onReport }: { report: Report | null; onReport(report: Report | null): void }) {
  const said = useWords(words);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const verify = async () => {
    setBusy(true);
    setError(null);
    try {
      onReport((await acts.logVerify()).report);
    } catch (failure) {
      onReport(null);
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const [first, ...rest] = report ? chainLines(report, said) : [];
  return (
    <Section title={said.log}>
      <Panel className="space-y-3">
        <p className="text-sm text-muted">{said.logLead}</p>
        <Button busy={busy} onClick={() => void verify()}>
          {said.verify}
        </Button>
        {error !== null && <Failed error={error} />}
        <div role="status">
          {report && (
            <Notice tone={report.breaks.length === 0 ? "good" : "danger"} title={first ?? ""}>
              {rest.length > 0 && (
                <ul className="ms-4 list-disc">
                  {rest.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              )}
            </Notice>
          )}
        </div>
      </Panel>
    </Section>
  );
}
