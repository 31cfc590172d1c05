import type { Schemas } from "@/api/client";
import { TextLink } from "@/components/Button";
import { Say, useWords } from "@/i18n";
import { to } from "@/routes";
import { words } from "./words";

const SHOWN_MAX = 20;

/** What was done, in plain words. The activity has all of it. */
export function Effects({ sentences, run }: { sentences: readonly Schemas["Sentence"][]; run: string }) {
  const said = useWords(words);
  const more = sentences.length - SHOWN_MAX;
  return (
    <ul className="ms-5 list-disc space-y-0.5 text-sm">
      {sentences.slice(0, SHOWN_MAX).map((sentence, place) => (
        // oxlint-disable-next-line react/no-array-index-key -- the same may be done twice, and the list only grows
        <li key={place}>
          <bdi>
            <Say sentence={sentence} />
          </bdi>
        </li>
      ))}
      {more > 0 && (
        <li>
          <TextLink href={to.activity({ run })}>{said.didMore(more)}</TextLink>
        </li>
      )}
    </ul>
  );
}
