import { useCallback, useEffect, useId, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { escapeText } from "@/text/escape";
import { FormContext, type Draft, type FileSlot, type Form, type FormHints } from "./context";
import { JsonField } from "./JsonField";
import { MemberFields } from "./GroupField";
import { elementId } from "./pointer";
import { readDocument } from "./reference";
import { shapeOf } from "./schema";
import { settled } from "./settle";
import { Summary, type SummaryLine } from "./Summary";
import { validateIn } from "./validate";
import { canonical, valueAt, withValueAt } from "./value";
import { WORDS, type Language, type Words } from "./words";

export type { FieldHint, FileSlot, FormHints } from "./context";
export { startingValue } from "./settle";

/** What the server found wrong, by JSON Pointer into the input. */
export type Problems = Readonly<Record<string, readonly string[]>>;

export interface SchemaFormProps {
  /** An action's `input`: JSON Schema 2020-12. */
  schema: unknown;
  ui?: FormHints | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
  /** Gets the value as shown, which is what has to be sent; only when nothing known is wrong with it. */
  onSubmit: (value: unknown) => void;
  submitLabel?: string | undefined;
  isDisabled?: boolean;
  /** The submit button waits. */
  isBusy?: boolean;
  renderFile?: ((slot: FileSlot) => ReactNode) | undefined;
  problems?: Problems | undefined;
  language?: Language;
  /** Beside the submit button. */
  children?: ReactNode;
}

export function SchemaForm(props: SchemaFormProps) {
  const { schema, ui, value, onChange, onSubmit, problems, isDisabled = false, renderFile } = props;
  const words = WORDS[props.language ?? "en"];
  const id = useId();
  const document = useMemo(() => readDocument(schema), [schema]);
  const verdict = useMemo(() => validateIn(document, settled(document, value)), [document, value]);
  const unchecked = verdict.state === "valid" ? [] : verdict.unchecked;
  const [isTried, setTried] = useState(false);
  const [summary, setSummary] = useState<readonly SummaryLine[]>([]);
  const [labels, setLabels] = useState<ReadonlyMap<string, string>>(new Map());
  const [drafts, setDrafts] = useState<ReadonlyMap<string, { pointer: string; draft: Draft }>>(new Map());
  // Two fields may change before the page has drawn the first change.
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  }, [value]);

  const change = useCallback(
    (pointer: string, next: unknown): void => {
      latest.current = withValueAt(latest.current, pointer, next);
      onChange(latest.current);
    },
    [onChange],
  );
  const reportLabel = useCallback((pointer: string, label: string | undefined): void => {
    setLabels((known) => withEntry(known, pointer, label));
  }, []);
  const reportDraft = useCallback((field: string, pointer: string, draft: Draft | undefined): void => {
    setDrafts((known) => withEntry(known, field, draft && { pointer, draft }));
  }, []);

  const answered = useAnswered(problems, value);
  const draftLines = [...drafts.values()].map(({ pointer, draft }) => ({ pointer, message: words.draft(draft) }));
  const problemLines = (found: typeof verdict) =>
    (found.state === "invalid" ? found.problems : [])
      .filter(({ pointer }) => !draftLines.some((line) => line.pointer === pointer))
      .map((problem): SummaryLine => ({ pointer: problem.pointer, message: escapeText(words.problem(problem)) }));
  const shown = [...draftLines, ...(isTried ? problemLines(verdict) : []), ...answered];

  // New answers of the server bring the summary up; later edits must not take the focus away.
  const answer = canonical(problems ?? {});
  const [seenAnswer, setSeenAnswer] = useState(canonical({}));
  if (seenAnswer !== answer) {
    setSeenAnswer(answer);
    setSummary(answered);
  }

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const sent = settled(document, latest.current);
    const lines = [...draftLines, ...problemLines(validateIn(document, sent))];
    setTried(lines.length > 0);
    setSummary(lines);
    if (lines.length === 0) onSubmit(sent);
  };

  const form: Form = {
    id,
    document,
    words,
    hints: ui,
    isDisabled,
    renderFile,
    change,
    reportDraft,
    reportLabel,
    messagesAt: (pointer, withInner) =>
      shown.flatMap((line) => {
        if (line.pointer === pointer) return [line.message];
        const isInner = withInner && line.pointer.startsWith(`${pointer}/`);
        return isInner ? [`${innerName(line.pointer.slice(pointer.length + 1), words)}: ${line.message}`] : [];
      }),
    isUnchecked: (pointer, withInner) =>
      unchecked.some((place) => place.pointer === pointer || (withInner && place.pointer.startsWith(`${pointer}/`))),
  };
  const { kind, schemas } = shapeOf(document, [schema], value, 0);
  return (
    <FormContext value={form}>
      <form noValidate onSubmit={submit} className="grid gap-4">
        <Summary lines={summary} labels={labels} formId={id} words={words} />
        {kind.kind === "object" ? (
          <MemberFields pointer="" members={kind.members} value={value} isReadOnly={false} order={ui?.order} />
        ) : (
          <JsonField place={{ pointer: "", schemas, value, isRequired: true, isReadOnly: false, label: words.whole }} />
        )}
        <p id={elementId(id, "/~whole")} className="min-h-5 text-sm text-muted">
          {unchecked.length > 0 && words.someNotChecked}
        </p>
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" look="main" disabled={isDisabled} busy={props.isBusy ?? false}>
            {props.submitLabel ?? (ui?.submit === undefined ? words.submit : escapeText(ui.submit))}
          </Button>
          {props.children}
        </div>
      </form>
    </FormContext>
  );
}

const withEntry = <T,>(known: ReadonlyMap<string, T>, key: string, entry: T | undefined): ReadonlyMap<string, T> => {
  if (known.get(key) === entry) return known;
  const next = new Map(known);
  if (entry === undefined) next.delete(key);
  else next.set(key, entry);
  return next;
};

/** A place inside of one that is edited as a whole. */
const innerName = (path: string, words: Words): string =>
  /^\d+$/.test(path) ? words.row(Number(path) + 1) : escapeText(path);

/** What the server said, for as long as the place it said it of is unchanged. */
const useAnswered = (problems: Problems | undefined, value: unknown): SummaryLine[] => {
  const said = canonical(problems ?? {});
  const [asked, setAsked] = useState({ said, value });
  if (asked.said !== said) setAsked({ said, value });
  const about = asked.said === said ? asked.value : value;
  return Object.entries(problems ?? {})
    .filter(([pointer]) => Object.is(valueAt(about, pointer), valueAt(value, pointer)))
    .flatMap(([pointer, messages]) => messages.map((message) => ({ pointer, message: escapeText(message) })));
};
