// One switch of an app: what it means, how far it goes, and Ask, Allow or Block. On a card it is a draft until the install;
// on an installed app each change holds at once.
import { useEffect, useEffectEvent, useState, type ReactNode } from "react";
import { Choice } from "@/components/Field";
import { Pill, type Tone } from "@/components/Pill";
import { Time } from "@/components/Time";
import { useSay, useWords, type Sentence } from "@/i18n";
import { shortenText } from "@/text/escape";
import { Bound } from "./Bound";
import { Covered } from "./Covered";
import { Folders } from "./Folders";
import { Hosts } from "./Hosts";
import {
  canAsk,
  choicesFor,
  asAsked,
  asFound,
  isAlias,
  isLive,
  ruleText,
  wantedOf,
  type CardLine,
  type GrantView,
  type LineChoice,
  type State,
  type Wanted,
} from "./choices";
import { words } from "./words";

const REASON_CHARACTERS_MAX = 600;
const TONES: Record<CardLine["severity"], Tone> = { low: "neutral", medium: "neutral", high: "caution" };
const STATE_TONES: Record<State, Tone> = { allow: "good", ask: "caution", block: "danger" };

interface LineEditorProps {
  app: string;
  /** A line of a card: what is chosen is kept here and told. One of an installed app: what is shown is what holds. */
  line: CardLine | GrantView;
  /** Of the card of a server that its owner had set up before: what stood there is what they said. */
  isFound?: boolean;
  onChange(choices: LineChoice[], wanted: Wanted): void | Promise<unknown>;
  disabled?: boolean;
  /** Beneath the line, such as why a change was refused. */
  children?: ReactNode;
}

export function LineEditor({ app, line, isFound = false, onChange, disabled = false, children }: LineEditorProps) {
  const said = useWords(words);
  const say = useSay();
  const [draft, setDraft] = useState<Wanted | null>(() => (isFound ? asFound(line) : null));
  const [busy, setBusy] = useState(false);
  const [next, setNext] = useState<State | null>(null);
  const held = wantedOf(line);
  const wanted = isLive(line) ? held : (draft ?? held);
  const set = (next: Partial<Wanted>) => void tell(choicesFor(line, { ...wanted, ...next }), { ...wanted, ...next });
  const tell = async (choices: LineChoice[], next: Wanted) => {
    if (!isLive(line)) setDraft(next);
    setBusy(true);
    try {
      await onChange(choices, next);
    } finally {
      setBusy(false);
    }
  };
  const states = (["ask", "allow", "block"] as const).filter((state) => state !== "ask" || canAsk(line.scope));
  // While a change is on its way nothing is disabled: what is disabled loses the focus, and with it the keyboard its
  // place. What is chosen meanwhile comes after it.
  const choose = (state: State) => (busy ? setNext(state) : set({ state }));
  const chooseNext = useEffectEvent(() => {
    if (next) choose(next);
    setNext(null);
  });
  useEffect(() => {
    if (!busy) chooseNext();
  }, [busy]);
  return (
    <div className="space-y-2.5" data-line={line.line}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <p className="min-w-48 grow basis-0">
          <strong className={STATE_TONES[wanted.state] === "danger" ? "text-danger" : ""}>
            {said.leads[wanted.state]}
          </strong>{" "}
          <bdi>{say(sentenceOf(line, wanted, said.anyHost))}</bdi>
        </p>
        <Choice
          legend={`${app}: ${said.choice(line.line)}`}
          value={wanted.state}
          options={states.map((state) => ({ value: state, label: said.states[state] }))}
          disabled={disabled}
          onChange={choose}
        />
      </div>
      <p className="flex flex-wrap items-center gap-2 text-xs text-muted">
        <Pill tone={TONES[line.severity]}>{said.severities[line.severity]}</Pill>
        <code className="font-mono">{line.line}</code>
        {isLive(line) && line.duration.for === "until" && (
          <span>
            {said.until} <Time at={line.duration.until} />
          </span>
        )}
        {isLive(line) && line.duration.for === "run" && <span>{said.thisRun}</span>}
      </p>
      {!canAsk(line.scope) && <p className="text-sm text-muted">{said.cannotAsk}</p>}
      {line.scope.scope === "file" && (
        <Folders
          line={line}
          wanted={wanted}
          disabled={disabled}
          busy={busy}
          onFolders={(folders) => set({ folders })}
        />
      )}
      {line.scope.scope === "network" && (
        <Hosts
          line={line}
          wanted={wanted}
          disabled={disabled}
          busy={busy}
          onRules={(rules) => set({ rules })}
          onAsked={
            isLive(line)
              ? () => void tell(asAsked(line), { ...wanted, state: "ask" })
              : () => set({ rules: held.rules })
          }
        />
      )}
      {isAlias(line) && (
        <Bound line={line} wanted={wanted} disabled={disabled} busy={busy} onBound={(bound) => set({ bound })} />
      )}
      {!(isAlias(line) && namesNoTool(line)) && <Covered scope={line.scope} said={said} />}
      {line.reason && (
        <p className="border-s-2 border-line ps-3 text-sm text-muted">
          {isFound ? said.reasonFound : said.reason} “<bdi>{shortenText(line.reason, REASON_CHARACTERS_MAX)}</bdi>”
        </p>
      )}
      {children}
    </div>
  );
}

/** Whether the app leaves it to the owner which tools it calls. */
const namesNoTool = ({ scope }: CardLine | GrantView): boolean =>
  scope.scope === "mcp" && (scope.tools ?? []).length === 0;

/** What a line says once the owner has named folders, hosts or a server. */
function sentenceOf(line: CardLine | GrantView, wanted: Wanted, anyHost: string): Sentence {
  const held = wantedOf(line);
  const { scope } = line;
  if (scope.scope === "file" && wanted.folders !== held.folders && wanted.folders.length > 0) {
    return { code: `card_file_${scope.access}`, args: [{ list: [...wanted.folders] }] };
  }
  if (scope.scope === "network" && JSON.stringify(wanted.rules) !== JSON.stringify(held.rules)) {
    return { code: "card_network", args: [{ list: wanted.rules.map((rule) => ruleText(rule, anyHost)) }] };
  }
  if (scope.scope === "mcp" && wanted.bound && wanted.bound !== held.bound) {
    const [server = "", ...tool] = wanted.bound.split("/");
    const tools = tool.length > 0 ? [tool.join("/")] : (scope.tools ?? []);
    const [of, name] = [{ text: server }, { text: scope.server }];
    return tools.length > 0
      ? { code: "card_mcp_bound_tools", args: [of, { list: tools }, name] }
      : { code: "card_mcp_bound", args: [of, name] };
  }
  return line.sentence;
}
