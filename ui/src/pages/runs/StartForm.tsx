import { useId, useState } from "react";
import { useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Choice, INPUT } from "@/components/Field";
import { SchemaForm, startingValue, type FileSlot, type FormHints } from "@/forms/SchemaForm";
import { useLanguage, useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import {
  fileFieldsOf,
  firstChoice,
  textOf,
  withoutFiles,
  wrongWith,
  type FileChoice,
  type FileFieldInfo,
} from "./fileFields";
import { FileInput } from "./FileInput";
import { filledLast, forgetFilled, rememberedRun, type GivenFile } from "./remembered";
import { useStart, type Starting } from "./useStart";
import { words } from "./start-words";

type Choices = Readonly<Record<string, FileChoice>>;

interface StartFormProps {
  app: string;
  action: Pick<Schemas["ActionView"], "name" | "title" | "input" | "ui">;
  isDisabled: boolean;
  /** The run that it is filled in as. */
  again: string | null;
}

export function StartForm({ app, action, isDisabled, again }: StartFormProps) {
  const said = useWords(words);
  const language = useLanguage();
  const [fields] = useState(() => fileFieldsOf(action.input));
  const [before] = useState(() => filledBefore(app, action.name, fields, again));
  const [value, setValue] = useState<unknown>(() => filledIn(action.input, before));
  const [choices, setChoices] = useState<Choices>(before?.choices ?? {});
  const [isKept, setKept] = useState(before !== null);
  const starting = useStart(app, action.name, fields);
  const [query, setQuery] = useSearchParams();
  const isJson = query.get("as") === "json";
  const ui = isHints(action.ui) ? action.ui : undefined;

  const submit = (input: unknown) => {
    const wrong = fields.some(({ name }) => choices[name] && wrongWith(choices[name]));
    if (!wrong) starting.start(input, choices);
  };
  const empty = () => {
    forgetFilled(app, action.name);
    setValue(startingValue(action.input));
    setChoices({});
    setKept(false);
  };
  const renderFile = (slot: FileSlot) => (
    <FileInput
      id={slot.id}
      label={slot.label}
      access={slot.access}
      isFolder={slot.isFolder}
      isInvalid={slot.isInvalid}
      isDisabled={slot.isDisabled || starting.isBusy}
      describedBy={slot.describedBy}
      choice={choices[slot.name] ?? firstChoice(slot)}
      handing={handingOf(starting, slot.name)}
      onChoice={(choice) => {
        setChoices((known) => ({ ...known, [slot.name]: choice }));
        slot.onChange(textOf(choice));
      }}
    />
  );

  return (
    <div className="space-y-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Choice
          legend={said.inputAs}
          value={isJson ? "json" : "form"}
          options={[
            { value: "form", label: said.asForm },
            { value: "json", label: said.asJson },
          ]}
          onChange={(mode) =>
            setQuery(
              (known) => {
                const next = new URLSearchParams(known);
                if (mode === "json") next.set("as", "json");
                else next.delete("as");
                return next;
              },
              { replace: true },
            )
          }
        />
        {isKept && (
          <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
            {said.restored}
            <Button look="quiet" onClick={empty}>
              {said.startAnew}
            </Button>
          </p>
        )}
      </div>
      {isJson ? (
        <JsonInput
          value={withoutFiles(value, fields)}
          fields={fields}
          choices={choices}
          starting={starting}
          isDisabled={isDisabled}
          submitLabel={ui?.submit === undefined ? said.run : escapeText(ui.submit)}
          onChange={(next) => setValue(withChosen(next, choices))}
          onChoice={(name, choice) => {
            const next = { ...choices, [name]: choice };
            setChoices(next);
            setValue((known: unknown) => withChosen(withoutFiles(known, fields), next));
          }}
          onSubmit={submit}
        />
      ) : (
        <SchemaForm
          schema={action.input}
          ui={ui}
          value={value}
          onChange={setValue}
          onSubmit={submit}
          {...(ui?.submit === undefined ? { submitLabel: said.run } : {})}
          isDisabled={isDisabled}
          isBusy={starting.isBusy}
          renderFile={renderFile}
          problems={starting.problems}
          language={language}
        />
      )}
      {starting.error !== null && (isJson || !starting.problems) && <Failed error={starting.error} />}
    </div>
  );
}

interface JsonInputProps {
  value: unknown;
  fields: readonly FileFieldInfo[];
  choices: Choices;
  starting: Starting;
  isDisabled: boolean;
  submitLabel: string;
  onChange(value: unknown): void;
  onChoice(name: string, choice: FileChoice): void;
  onSubmit(value: unknown): void;
}

/** The whole input as text, for what is quicker pasted than filled in. */
function JsonInput(props: JsonInputProps) {
  const { fields, choices, starting, isDisabled, submitLabel, onChange, onChoice, onSubmit } = props;
  const said = useWords(words);
  const id = useId();
  const [text, setText] = useState(() => JSON.stringify(props.value ?? {}, null, 2));
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <form
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const read = parsed(text);
        if ("why" in read) return setProblem(said.jsonWrong(escapeText(read.why)));
        onSubmit(read.value);
      }}
    >
      <div>
        <label htmlFor={id} className="mb-1 block text-sm font-medium">
          {said.jsonLabel}
        </label>
        <textarea
          id={id}
          rows={12}
          dir="ltr"
          spellCheck={false}
          disabled={isDisabled}
          aria-describedby={`${id}-help ${id}-problem`}
          aria-invalid={problem ? true : undefined}
          className={`${INPUT} font-mono text-sm`}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setProblem(null);
            const read = parsed(event.target.value);
            if ("value" in read) onChange(read.value);
          }}
        />
        {fields.length > 0 && (
          <p id={`${id}-help`} className="mt-1 text-sm text-muted">
            {said.jsonHelp}
          </p>
        )}
        <p id={`${id}-problem`} role="alert" className="mt-1 text-sm text-danger empty:hidden">
          {problem}
        </p>
      </div>
      {fields.map((field) => (
        <div key={field.name}>
          <label htmlFor={`${id}-${field.name}`} className="mb-1 block text-sm font-medium">
            <bdi>{escapeText(field.label)}</bdi>
          </label>
          <FileInput
            {...field}
            id={`${id}-${field.name}`}
            isDisabled={isDisabled || starting.isBusy}
            choice={choices[field.name] ?? firstChoice(field)}
            handing={handingOf(starting, field.name)}
            onChoice={(choice) => onChoice(field.name, choice)}
          />
        </div>
      ))}
      <p>
        <Button type="submit" look="main" disabled={isDisabled} busy={starting.isBusy}>
          {submitLabel}
        </Button>
      </p>
    </form>
  );
}

function parsed(text: string): { value: unknown } | { why: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function handingOf({ handing, cancel }: Starting, name: string) {
  return handing?.name === name ? { ...handing, cancel } : null;
}

function isHints(ui: unknown): ui is FormHints {
  return typeof ui === "object" && ui !== null;
}

/** The input as the form holds it: with a word for each file that is chosen. */
function withChosen(input: unknown, choices: Choices): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const chosen = Object.entries(choices).flatMap(([name, choice]) => {
    const text = textOf(choice);
    return text === undefined ? [] : [[name, text] as const];
  });
  return { ...input, ...Object.fromEntries(chosen) };
}

interface Before {
  input: unknown;
  choices: Choices;
}

function filledBefore(
  app: string,
  action: string,
  fields: readonly FileFieldInfo[],
  again: string | null,
): Before | null {
  const given = again ? rememberedRun(again) : null;
  if (given?.app === app && given.action === action) {
    const choices = given.files.flatMap((file) => {
      const choice = choiceOf(file);
      return choice && fields.some(({ name }) => name === file.name) ? [[file.name, choice] as const] : [];
    });
    return { input: given.input, choices: Object.fromEntries(choices) };
  }
  const filled = filledLast(app, action);
  if (!filled) return null;
  const paths = Object.entries(filled.paths).filter(([named]) => fields.some(({ name }) => name === named));
  return {
    input: filled.input,
    choices: Object.fromEntries(paths.map(([name, path]): [string, FileChoice] => [name, { way: "path", path }])),
  };
}

function choiceOf({ access, path, handed, called }: GivenFile): FileChoice | null {
  if (path !== undefined) return { way: "path", path };
  // What a run wrote is its own: another run writes another file.
  if (access === "write") return { way: "new", called };
  return handed ? { way: "handed", id: handed, called } : null;
}

function filledIn(schema: unknown, before: Before | null): unknown {
  return before ? withChosen(before.input, before.choices) : startingValue(schema);
}
