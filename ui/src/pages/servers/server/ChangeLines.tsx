import { useLanguage, useWords } from "@/i18n";
import { numberText } from "@/text/amounts";
import { escapeText } from "@/text/escape";
import { each } from "@/views/each";
import type { ChangeLine, Piece } from "./changes";
import { words } from "./words";

const LOOKS = { same: "", removed: "bg-danger-soft", added: "bg-good-soft", skipped: "text-muted italic" };
const SIGNS = { same: " ", removed: "−", added: "+", skipped: "⋯" };

/** What was and what is, line by line. */
export function ChangeLines({ lines }: { lines: readonly ChangeLine[] }) {
  return (
    <ol className="overflow-hidden rounded-lg border border-line font-mono text-[0.8125rem] leading-5.5">
      {each(lines, (line) => (
        <Line line={line} />
      ))}
    </ol>
  );
}

function Line({ line }: { line: ChangeLine }) {
  const said = useWords(words);
  const { kind, pieces, lines } = line;
  return (
    // Broken where it is too long: what stands beyond an edge is not read.
    <li className={`flex gap-2 px-2 whitespace-pre-wrap wrap-anywhere ${LOOKS[kind]}`}>
      <span aria-hidden="true" className="shrink-0 select-none">
        {SIGNS[kind]}
      </span>
      {kind === "skipped" ? (
        <span>{said.same(lines)}</span>
      ) : (
        <span className="min-w-0">
          {kind !== "same" && <span className="sr-only">{kind === "added" ? said.added : said.removed}: </span>}
          <bdi>
            {each(pieces, (piece) => (
              <OnePiece piece={piece} />
            ))}
          </bdi>
        </span>
      )}
    </li>
  );
}

function OnePiece({ piece: { text, isOwn, skipped } }: { piece: Piece }) {
  const said = useWords(words);
  const language = useLanguage();
  if (skipped !== undefined) {
    return <i className="text-muted"> … {said.sameCharacters(numberText(skipped, language))} … </i>;
  }
  return isOwn ? (
    <strong className="underline decoration-2 underline-offset-2">{escapeText(text)}</strong>
  ) : (
    escapeText(text)
  );
}
