import { Button } from "@/components/Button";
import { announce } from "@/components/Announce";
import { Pill, type Tone } from "@/components/Pill";
import { useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import { OneCard } from "./OneCard";
import { nextOf, type Look, type Outcome, type Outcomes } from "./state";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const TONES: Record<Outcome["state"], Tone> = { waits: "neutral", imported: "good", left: "neutral", failed: "danger" };

interface CardsProps {
  look: Look;
  outcomes: Outcomes;
  onSettled(app: string, outcome: Outcome): void;
  onLeaveRest(): void;
}

/** One card after the other. One that fails says so at its place and at the end, and the next one comes. */
export function Cards({ look: { source, answers, found }, outcomes, onSettled, onLeaveRest }: CardsProps) {
  const said = useWords(words);
  const now = nextOf(outcomes);
  const server = found.servers.find(({ app }) => app === now);
  if (!now || !server) return null;
  const all = [...outcomes];
  const settle = (outcome: Outcome) => {
    const title = shortenText(server.title, TITLE_CHARACTERS_MAX);
    if (outcome.state === "failed") announce(said.failed(title));
    if (outcome.state === "imported") announce(said.imported(title));
    onSettled(now, outcome);
  };
  const left = all.filter(([, { state }]) => state === "waits").length;
  return (
    <>
      <OneCard
        key={now}
        source={source}
        answers={answers}
        server={server}
        turn={said.turn(all.findIndex(([app]) => app === now) + 1, all.length)}
        onSettled={settle}
      />
      {all.length > 1 && (
        <section aria-label={said.others} className="mb-8">
          <h2 className="mb-3 text-lg font-semibold">{said.others}</h2>
          <ol className="space-y-1.5 text-sm">
            {all.map(([app, outcome]) => (
              <li
                key={app}
                aria-current={app === now ? "step" : undefined}
                className="flex flex-wrap items-center gap-2 aria-[current]:font-semibold"
              >
                <code className="font-mono wrap-anywhere">{app}</code>
                <Pill tone={app === now ? "info" : TONES[outcome.state]}>
                  {said.outcomes[app === now ? "now" : outcome.state]}
                </Pill>
              </li>
            ))}
          </ol>
          {left > 1 && (
            <Button className="mt-3" onClick={onLeaveRest}>
              {said.stop}
            </Button>
          )}
        </section>
      )}
    </>
  );
}
