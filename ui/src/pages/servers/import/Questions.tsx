import { useId, useState, type SyntheticEvent } from "react";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { AreaField, TextField } from "@/components/Field";
import { useStillHere } from "@/components/still-here";
import { useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import type { Answers, Question } from "./state";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const HELP_CHARACTERS_MAX = 300;

interface QuestionsProps {
  app: string;
  questions: readonly Question[];
  onAnswers(app: string, answers: Answers): Promise<void>;
}

/** What the author of a server asks of a person. It is looked at again with the answers. */
export function Questions({ app, questions, onAnswers }: QuestionsProps) {
  const said = useWords(words);
  const id = useId();
  const isStillHere = useStillHere();
  const [drafts, setDrafts] = useState<ReadonlyMap<string, string>>(new Map());
  const [isLacking, setLacking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const textOf = ({ name, answer = [] }: Question) => drafts.get(name) ?? answer.join("\n");
  const lacks = (question: Question) =>
    question.is_required && !question.is_secret && !question.has_answer && textOf(question).trim() === "";
  const answer = async () => {
    const changed = questions.filter(({ name }) => drafts.has(name));
    const answers = changed.map((question) => [question.name, linesOf(question, textOf(question))] as const);
    setBusy(true);
    setError(null);
    try {
      await onAnswers(app, Object.fromEntries(answers));
    } catch (failure) {
      if (isStillHere()) setError(failure);
    } finally {
      if (isStillHere()) setBusy(false);
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const isOpen = questions.some(lacks);
    setLacking(isOpen);
    if (!isOpen && !busy) void answer();
  };
  return (
    <form noValidate aria-labelledby={id} className="space-y-3" onSubmit={submit}>
      <h4 id={id} className="text-sm font-semibold">
        {said.asksYou}
      </h4>
      {questions.map((question) => (
        <Field
          key={question.name}
          question={question}
          text={textOf(question)}
          problem={isLacking && lacks(question) ? said.answerLacks : null}
          onText={(text) => setDrafts((before) => new Map(before).set(question.name, text))}
        />
      ))}
      {error !== null && <Failed error={error} />}
      <Button type="submit" busy={busy}>
        {said.answer}
      </Button>
    </form>
  );
}

const linesOf = ({ takes_many, is_secret }: Question, text: string): string[] =>
  (takes_many ? text.split("\n") : [text])
    .map((line) => (is_secret ? line : line.trim()))
    .filter((line) => line !== "");

interface FieldProps {
  question: Question;
  text: string;
  problem: string | null;
  onText(text: string): void;
}

function Field({ question, text, problem, onText }: FieldProps) {
  const said = useWords(words);
  const { title, description, kind, is_secret, is_required, takes_many, has_answer } = question;
  const help = [
    description && shortenText(description, HELP_CHARACTERS_MAX),
    kind !== "text" && said.answerKinds[kind],
    takes_many && said.answerMany,
    is_secret && (has_answer ? said.answerKept : said.answerSecret),
  ];
  const around = {
    label: shortenText(title, TITLE_CHARACTERS_MAX),
    help: help.filter(Boolean).join(" "),
    problem,
    value: text,
    required: is_required,
    autoComplete: "off",
    spellCheck: false,
  };
  return takes_many && !is_secret ? (
    <AreaField {...around} rows={3} onChange={(event) => onText(event.target.value)} />
  ) : (
    <TextField {...around} type={is_secret ? "password" : "text"} onChange={(event) => onText(event.target.value)} />
  );
}
