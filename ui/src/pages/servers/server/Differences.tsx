import { useMemo, useState } from "react";
import { Button } from "@/components/Button";
import { useLanguage, useWords } from "@/i18n";
import { numberText } from "@/text/amounts";
import { escapeText, shortenText } from "@/text/escape";
import { each } from "@/views/each";
import { changeLines, firstOf, lengthOf, type ChangeLine, type Difference, type Piece } from "./changes";
import { words } from "./words";

const CHARACTERS_SHOWN = 3_000;
const PLACE_CHARACTERS_MAX = 200;
const LOOKS = { same: "", removed: "bg-danger-soft", added: "bg-good-soft", skipped: "text-muted italic" };
const SIGNS = { same: " ", removed: "−", added: "+", skipped: "⋯" };

/** What of a tool is something else than was accepted, place by place. */
export function Differences({ changes }: { changes: readonly Difference[] }) {
  const said = useWords(words);
  return (
    <div>
      <h4 className="mb-1.5 text-sm font-semibold">{said.changes}</h4>
      {changes.length === 0 ? (
        <p className="text-sm text-muted">{said.changesNone}</p>
      ) : (
        <ul className="space-y-3">
          {each(changes, (change) => (
            <OnePlace change={change} />
          ))}
        </ul>
      )}
    </div>
  );
}

function OnePlace({ change }: { change: Difference }) {
  const said = useWords(words);
  const language = useLanguage();
  const lines = useMemo(() => changeLines(change), [change]);
  const [isWhole, setWhole] = useState(false);
  const length = lengthOf(lines);
  const place = shortenText(change.place, PLACE_CHARACTERS_MAX);
  const isLong = length > CHARACTERS_SHOWN;
  const [was, is] = [change.before ?? null, change.after ?? null];
  const how = is === null ? said.places.before : was === null ? said.places.after : said.places.both;
  return (
    <li>
      <p className="mb-1 text-sm">
        <code className="font-mono wrap-anywhere">
          <bdi>{place}</bdi>
        </code>{" "}
        <span className="text-muted">({how})</span>
      </p>
      <ol className="overflow-hidden rounded-lg border border-line font-mono text-[0.8125rem] leading-5.5">
        {each(isWhole || !isLong ? lines : firstOf(lines, CHARACTERS_SHOWN), (line) => (
          <Line line={line} />
        ))}
      </ol>
      {isLong && (
        <Button
          look="quiet"
          aria-expanded={isWhole}
          aria-label={isWhole ? undefined : said.showAllOf(numberText(length, language), place)}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? said.less : said.showAll(numberText(length, language))}
        </Button>
      )}
    </li>
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
