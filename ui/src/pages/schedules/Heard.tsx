import type { Schemas } from "@/api/client";
import { TextLink } from "@/components/Button";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeLines, escapeText } from "@/text/escape";
import { words } from "./words";

/** Whether what happens on this topic can be answered, and not only heard. */
const canBeAnswered = (topic: string) => topic === "user.message" || topic === "user.image";

/** What came of an event: who heard it, and how that ended. */
export function Heard({ topic, heard }: { topic: string; heard: Schemas["EventHeard"] }) {
  const said = useWords(words);
  const { runs, answer } = heard;
  const none = runs.length === 0 && !answer;
  const line = () => {
    if (answer) return said.answers(escapeText(answer.app));
    if (canBeAnswered(topic)) return said.nobodyAnswered(topic, runs.length);
    return none ? said.nobody(topic) : said.heardBy(topic, runs.length);
  };
  return (
    <section aria-label={said.sent(topic)} className="mt-4 border-t border-line pt-4 text-sm">
      <p className="font-medium">{line()}</p>
      {answer?.text && (
        <blockquote className="my-2 border-s-2 border-accent ps-3 whitespace-pre-wrap">
          <bdi>{escapeLines(answer.text)}</bdi>
        </blockquote>
      )}
      {none && <p className="text-muted">{said.nobodyHow}</p>}
      {runs.length > 0 && (
        <ul className="mt-2 space-y-1">
          {runs.map((run) => (
            <li key={run.run} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <bdi className="font-medium">{escapeText(run.app)}</bdi>
              {run.failure ? <Pill tone="danger">{said.failed}</Pill> : <Pill tone="good">{said.done}</Pill>}
              <TextLink href={to.run(run.run)} className="py-0.5">
                {said.toRun}
              </TextLink>
              {run.failure && (
                <span className="text-danger">
                  <bdi>{escapeText(run.failure.message)}</bdi>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {heard.is_pending && <p className="mt-2 text-muted">{said.pending}</p>}
    </section>
  );
}
