import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Notice } from "@/components/Pill";
import { useLanguage, useWords } from "@/i18n";
import { numberText } from "@/text/amounts";
import { words } from "./words";

type Report = Schemas["ChainReport"];

/** So many breaks are told one by one; a chain that is broken at more places is not better understood by them. */
const BREAKS_SHOWN = 50;

/** Proves the log when asked to, and says what that proved. */
export function useVerify() {
  const said = useWords(words);
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setError(null);
    setReport(null);
    try {
      setReport((await acts.logVerify()).report);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return {
    button: (
      <Button busy={busy} onClick={() => void verify()}>
        <Icon name="check" className="size-4" /> {said.verify}
      </Button>
    ),
    outcome: (
      <div role="status" className="empty:hidden">
        {report && <Proof report={report} />}
        {error !== null && <Failed error={error} again={() => void verify()} />}
      </div>
    ),
  };
}

function Proof({ report }: { report: Report }) {
  const said = useWords(words);
  const language = useLanguage();
  const number = (value: number) => numberText(value, language);
  const signed = typeof report.signed_seq === "number" ? said.signed(number(report.signed_seq)) : said.unsigned;
  const holds = report.breaks.length === 0;
  return (
    <div className="mb-6">
      <Notice tone={holds ? "good" : "danger"} title={holds ? said.holds : said.broken}>
        {holds ? (
          <p>
            {said.proved(number(report.entries))} {report.pruned > 0 && said.prunedProof(number(report.pruned))}{" "}
            {signed}
          </p>
        ) : (
          <>
            <ul className="my-1 list-disc ps-5">
              {report.breaks.slice(0, BREAKS_SHOWN).map((found) => (
                <li key={JSON.stringify(found)}>{breakText(said.breaks, found, number)}</li>
              ))}
              {report.breaks.length > BREAKS_SHOWN && <li>… {number(report.breaks.length)}</li>}
            </ul>
            <p>
              {signed} {said.brokenNext}
            </p>
          </>
        )}
      </Notice>
    </div>
  );
}

function breakText(
  said: (typeof words)["en"]["breaks"],
  found: Schemas["ChainBreak"],
  number: (value: number) => string,
): string {
  switch (found.break) {
    case "missing":
      return said.missing(number(found.from_seq), number(found.to_seq));
    case "tail_cut":
      return said.tail_cut(number(found.last_seq), number(found.signed_seq));
    case "head_refused":
      return said.head_refused(number(found.line));
    default:
      return said[found.break](number(found.seq));
  }
}
