// The card: what an app may do, before it is installed.
import { useQuery } from "@tanstack/react-query";
import { useId, type ReactNode } from "react";
import { reads } from "@/api/operations";
import { Fact } from "@/components/Fact";
import { Notice, Pill } from "@/components/Pill";
import { Say, useWords } from "@/i18n";
import { escapeText, shortenText } from "@/text/escape";
import { LineEditor } from "../lines/LineEditor";
import { words as lineWords } from "../lines/words";
import type { Wanted } from "../lines/choices";
import { Kept } from "./Kept";
import { Sentences } from "./Sentences";
import { isSame, linesOf, type Card } from "./shown";
import { words } from "./words";

const DESCRIPTION_CHARACTERS_MAX = 600;

interface CardViewProps {
  card: Card;
  disabled: boolean;
  /** Of a server that its owner had set up before. */
  isFound?: boolean;
  onWanted(line: string, wanted: Wanted): void;
}

export function CardView({ card, disabled, isFound = false, onWanted }: CardViewProps) {
  const said = useWords(words);
  const { asked, rest } = linesOf(card);
  const { change } = card;
  const isUpgrade = Boolean(change) && !change?.is_anew;
  const isNothing = isUpgrade && asked.length === 0 && (change?.more ?? []).length === 0;
  return (
    <div className="space-y-5">
      <Who card={card} />
      {card.warnings.length > 0 && (
        <Notice tone="caution" title={said.look}>
          <Sentences sentences={card.warnings} />
        </Notice>
      )}
      {isSame(card) && <Notice>{said.same}</Notice>}
      {change && (
        <Part title={said.change}>
          <div className="space-y-2 text-sm">
            {change.is_anew && <Notice tone="caution">{said.anew}</Notice>}
            {isNothing && <p>{said.nothingNew}</p>}
            <Sentences sentences={change.more ?? []} />
            {(change.gone ?? []).length > 0 && <p>{said.gone((change.gone ?? []).map(escapeText).join(", "))}</p>}
          </div>
        </Part>
      )}
      {(asked.length > 0 || !isUpgrade) && !isSame(card) && (
        <Part title={isUpgrade ? said.decideChanged : said.decide}>
          <p className="mb-3 text-sm text-muted">{asked.length === 0 ? said.nothingAsked : said.decideHelp}</p>
          <ul className="space-y-3">
            {asked.map((line) => (
              <li key={line.line} className="rounded-xl border border-line p-3.5">
                <LineEditor
                  app={card.app}
                  line={line}
                  disabled={disabled}
                  isFound={isFound}
                  onChange={(_choices, wanted) => onWanted(line.line, wanted)}
                />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {(card.handed || card.answers || card.secrets) && (
        <Part title={said.handed}>
          <Sentences sentences={[card.handed ?? [], card.answers ?? [], card.secrets ?? []].flat()} />
        </Part>
      )}
      <Part title={said.never}>
        <Sentences sentences={card.never} />
      </Part>
      <Part title={said.limit}>
        <Sentences sentences={card.limits} />
      </Part>
      {(card.facts ?? []).length > 0 && (
        <Part title={said.kept}>
          <Kept facts={card.facts ?? []} />
        </Part>
      )}
      {(card.missing ?? []).length > 0 && (
        <Part title={said.needs}>
          <Sentences sentences={card.missing ?? []} />
        </Part>
      )}
      {card.unavailable.length > 0 && (
        <Part title={said.later}>
          <Sentences sentences={card.unavailable} />
        </Part>
      )}
      {rest.length > 0 && <Rest card={card} />}
      <Facts card={card} />
    </div>
  );
}

function Who({ card }: { card: Card }) {
  const said = useWords(words);
  return (
    <div className="space-y-1.5 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <code className="font-mono">{card.app}</code>
        <span className="text-muted">{said.version(escapeText(card.version))}</span>
        <BadgePill badge={card.badge} />
      </p>
      {card.description && (
        <p>
          <bdi>{shortenText(card.description, DESCRIPTION_CHARACTERS_MAX)}</bdi>
        </p>
      )}
      {card.developer && (
        <p className="text-muted">
          {said.claims} <bdi>{shortenText(card.developer, 120)}</bdi>
        </p>
      )}
      <p className="font-medium">
        {card.signed ? (
          <Say sentence={card.signed} />
        ) : (
          card.badge === "local_developer" && said.unsigned(card.fingerprint)
        )}
      </p>
    </div>
  );
}

/** Short where "Signed by" stands before it already. */
export function BadgePill({ badge, short = false }: { badge: Card["badge"]; short?: boolean }) {
  const said = useWords(words);
  return (
    <Pill tone={badge === "local_developer" ? "neutral" : "good"} icon={badge === "local_developer" ? "key" : "check"}>
      {short || badge === "system"
        ? said.badges[badge]
        : badge === "local_developer"
          ? said.notSigned
          : `${said.badge} ${said.badges[badge]}`}
    </Pill>
  );
}

/** What goes on as the owner set it, which may be less than what the app asks for. */
function Rest({ card }: { card: Card }) {
  const said = useWords(words);
  const leads = useWords(lineWords);
  const held = useQuery(reads.grantList(card.app)).data?.grants ?? [];
  const rest = linesOf(card).rest.map((line) => held.find((grant) => grant.line === line.line) ?? line);
  return (
    <details className="text-sm">
      <summary className="min-h-6 py-1 font-medium">{said.rest(rest.length)}</summary>
      <ul className="mt-2 list-disc space-y-1 ps-5">
        {rest.map((line) => (
          <li key={line.line}>
            {leads.leads[line.state]}{" "}
            <bdi>
              <Say sentence={line.sentence} />
            </bdi>{" "}
            <code className="font-mono text-xs text-muted">{line.line}</code>{" "}
            <span className="text-muted">
              ({leads.severities[line.severity]}, {said.stays})
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Facts({ card }: { card: Card }) {
  const said = useWords(words);
  return (
    <details className="text-sm">
      <summary className="min-h-6 py-1 font-medium">{said.facts}</summary>
      <dl className="mt-2 grid gap-x-4 gap-y-1 sm:grid-cols-[auto_1fr]">
        <Fact name={said.digest}>
          <code className="font-mono text-xs">{card.digest}</code>
        </Fact>
        {card.badge !== "system" && (
          <Fact name={said.fingerprint}>
            <code className="font-mono text-xs">{escapeText(card.fingerprint)}</code>
          </Fact>
        )}
        <Fact name={said.files}>{card.files}</Fact>
        <Fact name={said.zones}>{card.zones.map((zone) => said.zone[zone]).join(", ")}</Fact>
        {(card.notes ?? []).length > 0 && (
          <Fact name={said.notes}>
            <ul className="list-disc ps-4">
              {card.notes?.map((note) => (
                <li key={note}>
                  <bdi>{shortenText(note, 400)}</bdi>
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
    </details>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="mb-1.5 font-semibold">
        {title}
      </h3>
      {children}
    </section>
  );
}
