import { useMemo, useState } from "react";
import { Button } from "@/components/Button";
import { useLanguage, useWords } from "@/i18n";
import { numberText } from "@/text/amounts";
import { shortenText } from "@/text/escape";
import { each } from "@/views/each";
import { ChangeLines } from "./ChangeLines";
import { changeLines, firstOf, lengthOf, type Difference } from "./changes";
import { words } from "./words";

const CHARACTERS_SHOWN = 3_000;
const PLACE_CHARACTERS_MAX = 200;

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
      <ChangeLines lines={isWhole || !isLong ? lines : firstOf(lines, CHARACTERS_SHOWN)} />
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
