import { useEffect, useRef, useSyncExternalStore } from "react";
import { Loading } from "@/components/Asked";
import { TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Switch } from "@/components/Field";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { notices } from "@/live/notify";
import { to } from "@/routes";
import { Answered } from "./Answered";
import { useOpenQuestions } from "./open-questions";
import { QuestionCard } from "./QuestionCard";
import { words } from "./words";

export default function ApprovalsPage() {
  const said = useWords(words);
  const { questions, query } = useOpenQuestions();
  const list = useRef<HTMLDivElement>(null);
  const count = questions.length;
  const before = useRef(count);
  useEffect(() => {
    // The card that had the keyboard is gone: the next step begins at the list, not at the top of the page.
    if (count < before.current && document.activeElement === document.body) list.current?.focus();
    before.current = count;
  }, [count]);
  return (
    <Page title={said.title} lead={said.lead}>
      <Section title={said.open}>
        <div ref={list} tabIndex={-1} className="outline-none">
          {query.isError && <Failed error={query.error} again={() => void query.refetch()} />}
          {count > 0 ? (
            <ul className="space-y-4">
              {questions.map((question) => (
                <li key={question.id}>
                  <QuestionCard question={question} />
                </li>
              ))}
            </ul>
          ) : query.isPending ? (
            <Loading />
          ) : (
            !query.isError && (
              <Empty title={said.none}>
                {said.noneWhy} <TextLink href={to.grants()}>{said.to}</TextLink>
              </Empty>
            )
          )}
        </div>
        <div className="mt-4">
          <Notices />
        </div>
      </Section>
      <Answered />
    </Page>
  );
}

function Notices() {
  const said = useWords(words);
  const state = useSyncExternalStore(notices.subscribe, notices.state);
  if (state === "unsupported") return <p className="text-sm text-muted">{said.unsupported}</p>;
  return (
    <>
      <Switch
        label={said.notify}
        checked={state === "on"}
        disabled={state === "refused"}
        onChange={(on) => void notices.turn(on)}
      />
      {state === "refused" && <p className="text-sm text-muted">{said.refused}</p>}
    </>
  );
}
