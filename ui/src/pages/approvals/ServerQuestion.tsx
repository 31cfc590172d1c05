// What a server wants of its person: a form, or an address to be opened. Words and fields are a stranger's, and so is who reads the
// answer; the sentence above says which server that is.
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { SchemaForm, startingValue } from "@/forms/SchemaForm";
import { useLanguage, useWords } from "@/i18n";
import { escapeLines, escapeText } from "@/text/escape";
import { addressOf } from "../../../../renderers/shared/address";
import { words } from "./question-words";

type Question = Schemas["Question"];
type Choice = Schemas["Choice"];

interface ServerQuestionProps<Kind extends Question["kind"]> {
  question: Extract<Question, { kind: Kind }>;
  sending: Choice | null;
  describedBy: string;
  answer(choice: Choice, more?: { filled: Record<string, unknown> }): Promise<void>;
}

export function FormQuestion({ question, sending, describedBy, answer }: ServerQuestionProps<"form">) {
  const said = useWords(words);
  const language = useLanguage();
  const { schema } = question;
  const [value, setValue] = useState<unknown>(() => startingValue(schema));
  // What is needed comes first, as the server named it.
  const hints = useMemo(() => ({ order: neededIn(schema) }), [schema]);
  const app = escapeText(question.app);
  return (
    <div role="group" aria-label={said.formOf(app)} aria-describedby={describedBy} className="mt-3 space-y-4">
      <Words app={app} message={question.message} />
      <SchemaForm
        schema={schema}
        ui={hints}
        value={value}
        onChange={setValue}
        onSubmit={(filled) => void answer("once", { filled: filled as Record<string, unknown> })}
        submitLabel={said.send}
        isDisabled={sending !== null}
        isBusy={sending === "once"}
        language={language}
      >
        <Refusals app={app} sending={sending} describedBy={describedBy} answer={answer} />
      </SchemaForm>
    </div>
  );
}

export function OpenQuestion({ question, sending, describedBy, answer }: ServerQuestionProps<"open">) {
  const said = useWords(words);
  const app = escapeText(question.app);
  const address = addressOf(question.url);
  return (
    <div className="mt-3 space-y-4">
      <Words app={app} message={question.message} />
      <p className="text-sm wrap-anywhere">
        <strong className="block text-base">
          <bdi>{escapeText(address?.host ?? "")}</bdi>
        </strong>
        <span dir="ltr" className="font-mono">
          {escapeText(question.url)}
        </span>
      </p>
      <p className="text-sm text-muted">{said.openHelp}</p>
      <div className="flex flex-wrap items-center gap-3">
        {address && (
          <a
            href={address.href}
            target="_blank"
            rel="noopener noreferrer"
            aria-describedby={describedBy}
            className="inline-flex min-h-9 items-center rounded-lg bg-accent px-3.5 py-1.5 text-sm font-medium text-on-accent hover:bg-accent-strong pointer-coarse:min-h-11"
            onClick={() => void answer("once")}
          >
            {said.openAt(escapeText(address.host))}
          </a>
        )}
        <Refusals app={app} sending={sending} describedBy={describedBy} answer={answer} />
      </div>
    </div>
  );
}

function Words({ app, message }: { app: string; message: string }) {
  const said = useWords(words);
  if (message === "") return null;
  return (
    <figure className="text-sm">
      <figcaption className="mb-1 font-medium">{said.serverSays(app)}</figcaption>
      <blockquote dir="auto" className="border-s-2 border-line ps-3 wrap-anywhere whitespace-pre-wrap">
        {escapeLines(message)}
      </blockquote>
    </figure>
  );
}

interface RefusalsProps {
  app: string;
  sending: Choice | null;
  describedBy: string;
  answer(choice: Choice): Promise<void>;
}

/** The two ways of giving nothing: the server hears which. */
function Refusals({ app, sending, describedBy, answer }: RefusalsProps) {
  const said = useWords(words);
  return (["no", "cancel"] as const).map((choice) => (
    <Button
      key={choice}
      busy={sending === choice}
      disabled={sending !== null && sending !== choice}
      aria-label={said.choice(said[choice], app)}
      aria-describedby={describedBy}
      onClick={() => void answer(choice)}
    >
      {said[choice]}
    </Button>
  ));
}

function neededIn(schema: unknown): string[] {
  const needed = (schema as { required?: unknown } | null)?.required;
  return Array.isArray(needed) ? needed.filter((name) => typeof name === "string") : [];
}
