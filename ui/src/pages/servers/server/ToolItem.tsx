import { memo, Suspense, useState, type ReactNode } from "react";
import { Loading } from "@/components/Asked";
import { Button, ButtonLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Choice } from "@/components/Field";
import { useIsNear } from "@/components/near";
import { part } from "@/components/part";
import { Pill, type Tone } from "@/components/Pill";
import { useWords } from "@/i18n";
import { words as lineWords } from "@/pages/apps/lines/words";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { waits, type Tool } from "../state";
import { definitionOf, type Definition } from "./definition";
import { Differences } from "./Differences";
import { Folded } from "./Folded";
import type { Decide } from "./useDecide";
import { words } from "./words";

const Tree = part(async () => ({ default: (await import("@/views/ResultView")).ResultView }));

const NAME_CHARACTERS_MAX = 128;
const DESCRIPTION_CHARACTERS = 600;
const WHOLE_CHARACTERS = 6_000;
const TONES: Record<Tool["standing"], Tone> = {
  accepted: "good",
  added: "caution",
  changed: "danger",
  gone: "neutral",
};
const STATES = ["allow", "ask", "block"] as const;

interface ToolItemProps {
  app: string;
  tool: Tool;
  /** What its server says now. */
  pin: string;
  canRun: boolean;
  /** Whether it is drawn without asking whether it is in view. */
  atFirst: boolean;
  decide: Decide;
  /** Why the last decision about it was refused. */
  error: unknown;
  /** It was accepted, and stands elsewhere from then on. */
  onAccepted(): void;
}

/** A tool. A thousand may be on one screen: each is drawn when it comes near the view. */
export const ToolItem = memo(function ToolItem(props: ToolItemProps) {
  const { isNear, ref } = useIsNear(props.atFirst);
  return (
    <li ref={ref} className="min-h-32 rounded-xl border border-line bg-surface p-4">
      {isNear && <Drawn {...props} />}
    </li>
  );
});

function Drawn({ app, tool, pin, canRun, decide, error, onAccepted }: ToolItemProps) {
  const said = useWords(words);
  const { action, standing } = tool;
  const name = shortenText(tool.name, NAME_CHARACTERS_MAX);
  const definition = definitionOf(tool);
  const isWaiting = waits(tool);
  return (
    <article aria-label={name} className="space-y-3">
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-48 grow basis-0">
          <h3 className="flex flex-wrap items-center gap-2 font-semibold">
            <code className="font-mono wrap-anywhere">
              <bdi>{name}</bdi>
            </code>
            <Pill tone={TONES[standing]} {...(isWaiting ? { icon: "inbox" as const } : {})}>
              {said.standings[standing]}
            </Pill>
          </h3>
          {definition.title && (
            <p className="text-sm">
              <bdi>{shortenText(definition.title, NAME_CHARACTERS_MAX)}</bdi>
            </p>
          )}
          {action !== tool.name && <p className="text-sm text-muted">{said.runAs(action)}</p>}
          {said.standingHelp[standing] && <p className="text-sm text-muted">{said.standingHelp[standing]}</p>}
        </div>
        <Who tool={tool} name={name} decide={decide} />
      </header>
      {standing === "changed" && <Differences changes={tool.changes ?? []} />}
      <Description definition={definition} name={name} standing={standing} />
      <Details definition={definition} name={name} isWaiting={isWaiting} />
      {error !== null && <Failed error={error} />}
      <div className="flex flex-wrap items-center gap-3 empty:hidden">
        {isWaiting && <Accept tool={tool} pin={pin} name={name} decide={decide} onAccepted={onAccepted} />}
        {standing === "accepted" && canRun && tool.state !== "block" && (
          <ButtonLink href={to.start(app, action)} label={said.tryOf(name)}>
            {said.try}
          </ButtonLink>
        )}
      </div>
    </article>
  );
}

interface DecideProps {
  tool: Tool;
  name: string;
  decide: Decide;
}

/** Allow, Ask or Block. What is chosen shows at once; what holds is what oikos answered. */
function Who({ tool, name, decide }: DecideProps) {
  const said = useWords(words);
  const { states } = useWords(lineWords);
  const [chosen, setChosen] = useState<Tool["state"] | null>(null);
  const choose = async (state: Tool["state"]) => {
    setChosen(state);
    await decide({ tool: tool.action, state }, said.set(name));
    setChosen((now) => (now === state ? null : now));
  };
  return (
    <Choice
      legend={said.who(name)}
      value={chosen ?? tool.state}
      options={STATES.map((state) => ({ value: state, label: states[state] }))}
      onChange={(state) => void choose(state)}
    />
  );
}

function Accept({ tool, pin, name, decide, onAccepted }: DecideProps & { pin: string; onAccepted(): void }) {
  const said = useWords(words);
  const [busy, setBusy] = useState(false);
  const accept = async () => {
    setBusy(true);
    const holds = await decide({ tool: tool.action, accept: true, seen: pin }, said.accepted(name));
    setBusy(false);
    if (holds) onAccepted();
  };
  return (
    <Button look="main" busy={busy} aria-label={said.acceptOf(name)} onClick={() => void accept()}>
      {said.accept}
    </Button>
  );
}

function Description(props: { definition: Definition; name: string; standing: Tool["standing"] }) {
  const { definition, name, standing } = props;
  const said = useWords(words);
  const { description, hints } = definition;
  // The words for each stand in the order in which they are told; not every value says something.
  const told = hints.flatMap(({ hint, value }) => said.hints[hint][value] ?? []);
  if (standing === "changed") return null;
  return (
    <div className="text-sm">
      {description ? (
        <Folded text={description} of={name} charactersMax={DESCRIPTION_CHARACTERS} />
      ) : (
        <p className="text-muted">{said.noDescription}</p>
      )}
      {told.length > 0 && (
        <p className="mt-1 text-muted">
          {said.hintsLead} {told.join(", ")}.
        </p>
      )}
    </div>
  );
}

function Details({ definition, name, isWaiting }: { definition: Definition; name: string; isWaiting: boolean }) {
  const said = useWords(words);
  // What waits is to be read: every text of it stands there at once, however deep in a schema it is.
  if (isWaiting) {
    return (
      <Fold title={said.whole}>
        <Folded
          text={JSON.stringify(definition.whole, null, 2)}
          of={name}
          charactersMax={WHOLE_CHARACTERS}
          className="rounded-lg bg-raised p-3 font-mono text-[0.8125rem]"
        />
      </Fold>
    );
  }
  return (
    <>
      {definition.inputSchema !== undefined && (
        <Fold title={said.takes}>
          <Tree data={definition.inputSchema} />
        </Fold>
      )}
      {definition.outputSchema !== undefined && (
        <Fold title={said.gives}>
          <Tree data={definition.outputSchema} />
        </Fold>
      )}
    </>
  );
}

/** Drawn when somebody opens it. */
function Fold({ title, children }: { title: string; children: ReactNode }) {
  const [wasOpened, setWasOpened] = useState(false);
  return (
    <details className="text-sm" onToggle={(event) => event.currentTarget.open && setWasOpened(true)}>
      <summary className="min-h-6 w-fit py-1 font-medium pointer-coarse:min-h-11 pointer-coarse:content-center">
        {title}
      </summary>
      {wasOpened && (
        <div className="mt-1">
          <Suspense fallback={<Loading />}>{children}</Suspense>
        </div>
      )}
    </details>
  );
}
