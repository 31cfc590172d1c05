// A question of an app, and the answer to it. Nothing is chosen beforehand: a yes is always a deed.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Button, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { useNow } from "@/components/Time";
import { Say, useLanguage, useWords } from "@/i18n";
import { line } from "@/live/line";
import { to } from "@/routes";
import { millisText, numberText } from "@/text/amounts";
import { escapeLines, escapeText } from "@/text/escape";
import { FormQuestion, OpenQuestion } from "./ServerQuestion";
import { words } from "./question-words";

type Question = Schemas["Question"];
type Choice = Schemas["Choice"];

/** What is asked each time, however often somebody says "always": oikos would take such an answer as "once". */
const EACH_TIME = new Set([
  "ask_file_write_executable",
  "ask_file_move_executable",
  "ask_http_send_shared",
  "ask_event_content",
]);
/** As much of the content is drawn at first; a browser lays out more of it slowly. */
const CONTENT_CHARACTERS = 20_000;

interface QuestionCardProps {
  question: Question;
  /** It stands on the page of its own run, to which no link leads then. */
  inRun?: boolean;
}

export function QuestionCard({ question, inRun = false }: QuestionCardProps) {
  const said = useWords(words);
  const language = useLanguage();
  const queries = useQueryClient();
  const now = useNow(1_000);
  const id = useId();
  const [answered, setAnswered] = useState<Choice | "elsewhere" | null>(null);
  const [sending, setSending] = useState<Choice | null>(null);
  const [error, setError] = useState<unknown>(null);
  const app = escapeText(question.app);

  useEffect(
    () =>
      line.onSettled((settled) => {
        // An own answer says itself that it was taken.
        if (settled !== question.id || sending !== null || answered !== null) return;
        setAnswered("elsewhere");
        announce(said.saidElsewhere(escapeText(question.app)));
      }),
    [question, sending, answered, said],
  );

  const taken = (choice: Choice) => {
    const isYes = choice !== "no" && choice !== "cancel";
    if (!isYes || question.kind === "permission") return said.answered[choice];
    return { pick: said.given, form: said.sent, open: said.opened }[question.kind];
  };

  const answer = async (choice: Choice, more: { path?: string; filled?: Record<string, unknown> } = {}) => {
    setSending(choice);
    setError(null);
    try {
      await acts.approvalAnswer(question.id, { choice, ...more });
      setAnswered(choice);
      announce(taken(choice));
      void queries.invalidateQueries({ queryKey: ["approvals"] });
      if (choice === "always" || choice === "hour") void queries.invalidateQueries({ queryKey: ["grants"] });
    } catch (failure) {
      if (problemOf(failure).code !== "not_found") return setError(failure);
      setAnswered("elsewhere");
      announce(said.saidElsewhere(app));
    } finally {
      setSending(null);
    }
  };

  const left = question.expires_at - now;
  const isOpen = answered === null && left > 0;
  return (
    <article
      aria-label={said.label(app)}
      className="rounded-xl border border-s-4 border-line border-s-caution bg-surface p-4"
    >
      <p id={`${id}-asked`} className="wrap-anywhere">
        <bdi className="font-semibold">{app}</bdi> {said.wants}{" "}
        <bdi className="font-semibold">
          <Say sentence={question.sentence} />
        </bdi>
      </p>
      {question.kind === "permission" && question.content && (
        <Content app={app} content={question.content} language={language} />
      )}
      {isOpen ? (
        <>
          {question.kind === "permission" && (
            <Permission question={question} sending={sending} describedBy={`${id}-asked`} answer={answer} />
          )}
          {question.kind === "pick" && (
            <Pick question={question} sending={sending} describedBy={`${id}-asked`} answer={answer} />
          )}
          {question.kind === "form" && (
            <FormQuestion question={question} sending={sending} describedBy={`${id}-asked`} answer={answer} />
          )}
          {question.kind === "open" && (
            <OpenQuestion question={question} sending={sending} describedBy={`${id}-asked`} answer={answer} />
          )}
          {error !== null && (
            <div className="mt-3">
              <Failed error={error} />
            </div>
          )}
        </>
      ) : (
        <p className="mt-3 text-sm font-medium">
          {answered === null ? said.late : answered === "elsewhere" ? said.elsewhere : taken(answered)}
        </p>
      )}
      <p className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-muted">
        {isOpen && <span>{said.until(millisText(Math.ceil(left / 1_000) * 1_000, language))}</span>}
        {!inRun && (
          <TextLink href={to.run(question.run)} className="inline-flex min-h-6 items-center pointer-coarse:min-h-11">
            {said.run}
          </TextLink>
        )}
      </p>
    </article>
  );
}

interface AnswerProps<Kind extends Question["kind"]> {
  question: Extract<Question, { kind: Kind }>;
  sending: Choice | null;
  describedBy: string;
  answer(choice: Choice, more?: { path: string }): Promise<void>;
}

function Permission({ question, sending, describedBy, answer }: AnswerProps<"permission">) {
  const said = useWords(words);
  const app = escapeText(question.app);
  const lasts = !EACH_TIME.has(question.sentence.code);
  const choices: readonly Choice[] = lasts ? ["once", "hour", "always", "no"] : ["once", "no"];
  const switched = escapeText(question.line);
  const sets = question.line === "network" ? said.alwaysHost(switched) : said.alwaysSets(switched);
  return (
    <>
      <div className="mt-4 flex flex-wrap gap-2">
        {choices.map((choice) => (
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
        ))}
      </div>
      <p className="mt-2 text-sm text-muted">
        {lasts ? (
          <>
            {sets} <TextLink href={to.grants(question.app)}>{said.alwaysWhere}</TextLink>.
          </>
        ) : (
          said.eachTime
        )}
      </p>
    </>
  );
}

const ABSOLUTE = /^(\/|[A-Za-z]:[\\/]|\\\\)/;

function Pick({ question, sending, describedBy, answer }: AnswerProps<"pick">) {
  const said = useWords(words);
  const [path, setPath] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const app = escapeText(question.app);
  return (
    <form
      className="mt-4 space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (sending !== null) return;
        const named = path.trim();
        if (!ABSOLUTE.test(named)) return setProblem(said.notAbsolute);
        void answer("once", { path: named });
      }}
    >
      <TextField
        label={question.folder ? said.folder : said.file}
        help={said.pickHelp[question.access]}
        problem={problem}
        value={path}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        dir="ltr"
        onChange={(event) => {
          setPath(event.target.value);
          setProblem(null);
        }}
      />
      <div className="flex flex-wrap gap-2">
        <Button
          type="submit"
          busy={sending === "once"}
          disabled={sending === "no"}
          aria-label={said.choice(said.give, app)}
          aria-describedby={describedBy}
        >
          {said.give}
        </Button>
        <Button
          busy={sending === "no"}
          disabled={sending === "once"}
          aria-label={said.choice(said.no, app)}
          aria-describedby={describedBy}
          onClick={() => void answer("no")}
        >
          {said.no}
        </Button>
      </div>
    </form>
  );
}

function Content({ app, content, language }: { app: string; content: string; language: string }) {
  const said = useWords(words);
  const [isWhole, setIsWhole] = useState(content.length <= CONTENT_CHARACTERS);
  return (
    <div className="mt-3">
      <p className="mb-1 text-sm font-medium">{said.content}</p>
      <pre
        role="region"
        aria-label={said.contentRegion(app)}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
        tabIndex={0}
        dir="auto"
        className="max-h-72 overflow-auto rounded-lg border border-line bg-ground p-3 font-mono text-sm wrap-anywhere whitespace-pre-wrap"
      >
        {escapeLines(isWhole ? content : content.slice(0, CONTENT_CHARACTERS))}
      </pre>
      {!isWhole && (
        <Button look="quiet" onClick={() => setIsWhole(true)}>
          {said.showAll(numberText(content.length, language))}
        </Button>
      )}
    </div>
  );
}
