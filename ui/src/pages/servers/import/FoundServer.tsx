import { memo, useId, type ReactNode } from "react";
import { TextLink } from "@/components/Button";
import { useIsNear } from "@/components/near";
import { Pill, type Tone } from "@/components/Pill";
import { useWords } from "@/i18n";
import { Code } from "@/pages/apps/lines/Covered";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { each } from "@/views/each";
import { isElsewhere } from "../state";
import { Notices } from "./Notices";
import { Questions } from "./Questions";
import { isDue, type Answers, type Found } from "./state";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const PLACE_CHARACTERS_MAX = 300;
/** So many of a list are shown; its card shows all. */
const ITEMS_MAX = 20;
/** So many are drawn without asking whether they are in view. */
const AT_FIRST = 12;

const TONES: Record<Found["action"], Tone> = { install: "info", update: "caution", keep: "neutral", refuse: "danger" };

interface FoundServerProps {
  found: Found;
  place: number;
  isChosen: boolean;
  /** It was imported while this page was open. */
  isDone: boolean;
  onChosen(app: string, isChosen: boolean): void;
  onAnswers(app: string, answers: Answers): Promise<void>;
}

/** What was found of one server, and whether it is to be imported. Each is drawn when it comes near the view. */
export const FoundServer = memo(function FoundServer(props: FoundServerProps) {
  const { isNear, ref } = useIsNear(props.place < AT_FIRST);
  return isNear ? <Drawn {...props} /> : <li ref={ref} className="min-h-64" />;
});

function Drawn({ found, isChosen, isDone, onChosen, onAnswers }: FoundServerProps) {
  const said = useWords(words);
  const why = useId();
  const { app, title, action, is_disabled_there, sources, place, asks, settings, warnings, refusals } = found;
  const canTake = isDue(found) && !isDone;
  const isThere = isDone || action === "keep";
  return (
    <li className="flex min-w-0 flex-col gap-3 rounded-xl border border-line bg-surface p-4 has-checked:border-accent">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <label className="flex min-h-6 min-w-0 items-start gap-2.5 font-semibold">
          <input
            type="checkbox"
            className="mt-0.5 size-5 shrink-0 accent-accent"
            aria-label={said.take(app)}
            aria-describedby={why}
            checked={canTake && isChosen}
            disabled={!canTake}
            onChange={(event) => onChosen(app, event.target.checked)}
          />
          <bdi className="min-w-0 wrap-anywhere">{shortenText(title, TITLE_CHARACTERS_MAX)}</bdi>
        </label>
        <p className="flex flex-wrap gap-1.5">
          <span id={why}>
            <Pill tone={isDone ? "good" : TONES[action]}>{isDone ? said.done : said.actions[action]}</Pill>
          </span>
          {is_disabled_there && <Pill>{said.offThere}</Pill>}
        </p>
      </div>
      {refusals.length > 0 && (
        <div className="rounded-lg bg-danger-soft px-3 py-2 text-sm text-danger">
          <p className="font-semibold">{said.refused}</p>
          <Notices said={refusals} />
        </div>
      )}
      <dl className="grid gap-x-4 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
        <Fact name={said.foundIn}>
          {each(sources.slice(0, ITEMS_MAX), (source) => (
            <p className="wrap-anywhere">
              <bdi>{shortenText(source, PLACE_CHARACTERS_MAX)}</bdi>
            </p>
          ))}
        </Fact>
        {found.package && (
          <Fact name={said.package}>
            <code className="font-mono text-xs wrap-anywhere">{shortenText(found.package, PLACE_CHARACTERS_MAX)}</code>
          </Fact>
        )}
        {place !== "" && (
          <Fact name={isElsewhere(found) ? said.calls : said.starts}>
            <code className="font-mono text-xs wrap-anywhere">{shortenText(place, PLACE_CHARACTERS_MAX)}</code>
          </Fact>
        )}
        {refusals.length === 0 && (
          <Fact name={said.asks}>{asks.length === 0 ? said.asksNothing : <Asks asks={asks} />}</Fact>
        )}
        {settings.length > 0 && (
          <Fact name={said.isGiven}>
            <Settings settings={settings} />
          </Fact>
        )}
      </dl>
      {warnings.length > 0 && (
        <div className="rounded-lg bg-caution-soft px-3 py-2 text-sm text-caution">
          <p className="font-semibold">{said.notes}</p>
          <Notices said={warnings} />
        </div>
      )}
      {!isThere && found.questions && found.questions.length > 0 && (
        <Questions app={app} questions={found.questions} onAnswers={onAnswers} />
      )}
      {isThere && (
        <p className="mt-auto text-sm">
          <TextLink href={to.server(app)}>{said.toServer(app)}</TextLink>
        </p>
      )}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function Asks({ asks }: { asks: Found["asks"] }) {
  const said = useWords(words);
  return (
    <ul className="space-y-1.5">
      {each(asks.slice(0, ITEMS_MAX), ({ line, targets, reason }) => (
        <li>
          <p className="wrap-anywhere">
            {Object.hasOwn(said.lines, line) ? said.lines[line] : shortenText(line, TITLE_CHARACTERS_MAX)}{" "}
            {targets.length === 0
              ? said.ownerSays
              : each(targets.slice(0, ITEMS_MAX), (target) => (
                  <span className="me-1">
                    <Code text={shortenText(target, PLACE_CHARACTERS_MAX)} />
                  </span>
                ))}
          </p>
          {reason && (
            <p className="text-muted wrap-anywhere">
              <bdi>{shortenText(reason, PLACE_CHARACTERS_MAX)}</bdi>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function Settings({ settings }: { settings: Found["settings"] }) {
  const said = useWords(words);
  return (
    <ul className="space-y-1">
      {each(settings.slice(0, ITEMS_MAX), ({ title, is_secret, is_required, has_value }) => (
        <li className="wrap-anywhere">
          <Code text={shortenText(title, TITLE_CHARACTERS_MAX)} />{" "}
          {said.givens[is_secret ? "secret" : "plain"][has_value ? "has" : "lacks"]}
          {is_required && !has_value && ` (${said.required})`}
        </li>
      ))}
    </ul>
  );
}
