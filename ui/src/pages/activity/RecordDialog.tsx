import { CopyButton } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { Say, useLanguage, useWords } from "@/i18n";
import type { Entry } from "@/live/log";
import { numberText } from "@/text/amounts";
import { escapeLines } from "@/text/escape";
import { words } from "./words";

/** An entry as it stands in the log, with its place in the chain. */
export function RecordDialog(props: { seq: number | null; entry: Entry | undefined; onClose(): void }) {
  const { seq, entry, onClose } = props;
  const said = useWords(words);
  const language = useLanguage();
  const json = entry?.record ? JSON.stringify(entry.record, null, 2) : "";
  return (
    <Dialog
      open={seq !== null}
      wide
      title={said.recordOf(numberText(seq ?? 0, language))}
      lead={entry?.record && <Say sentence={entry.record.sentence} />}
      footer={entry && <CopyButton text={JSON.stringify(entry, null, 2)} />}
      onClose={onClose}
    >
      {entry ? (
        <>
          <dl className="mb-4 space-y-2 text-sm">
            <Fact name={said.place} value={String(entry.seq)} />
            <Fact name={said.hash} value={entry.hash} />
            {entry.record?.arguments && <Fact name={said.digest} value={entry.record.arguments} />}
          </dl>
          {entry.record ? (
            <pre
              role="region"
              aria-label={said.recordHead}
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
              tabIndex={0}
              dir="ltr"
              className="max-h-96 overflow-auto rounded-lg border border-line bg-ground p-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap"
            >
              {escapeLines(json)}
            </pre>
          ) : (
            <p className="text-sm">{said.pruned}</p>
          )}
        </>
      ) : (
        <p>{said.recordGone}</p>
      )}
    </Dialog>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-muted">{name}</dt>
      <dd className="font-mono text-xs break-all">{value}</dd>
    </div>
  );
}
