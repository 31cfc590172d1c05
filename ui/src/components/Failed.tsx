import { problemOf, UNREACHABLE } from "@/api/problem";
import { useWords } from "@/i18n";
import { escapeLines } from "@/text/escape";
import { Button } from "./Button";
import { Notice } from "./Pill";

const words = {
  en: {
    title: "That did not work",
    unreachable: "oikos does not answer. It may not be running, or this device is offline.",
    next: "What you can do:",
    again: "Try again",
  },
  de: {
    title: "Das hat nicht geklappt",
    unreachable: "oikos antwortet nicht. Vielleicht läuft es nicht, oder dieses Gerät ist offline.",
    next: "Was du tun kannst:",
    again: "Noch einmal versuchen",
  },
};

/** What went wrong, in the words of who knows it, with the next step. Said aloud when it appears. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const said = useWords(words);
  const problem = problemOf(error);
  return (
    <div role="alert">
      <Notice tone="danger" title={said.title}>
        {/* Over several lines it points into a file, and what it points at stands above its mark. */}
        <p className={problem.message.includes("\n") ? "font-mono text-xs whitespace-pre-wrap" : "whitespace-pre-wrap"}>
          {problem.code === UNREACHABLE ? said.unreachable : escapeLines(problem.message)}
        </p>
        {problem.hint && (
          <p className="mt-1">
            {said.next} <code className="font-mono whitespace-pre-wrap">{escapeLines(problem.hint)}</code>
          </p>
        )}
        {again && (
          <Button className="mt-3" onClick={again}>
            {said.again}
          </Button>
        )}
      </Notice>
    </div>
  );
}
