import { Button, ButtonLink, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Panel } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { shortenText } from "@/text/escape";
import { lackingOf, type Found, type Look, type Outcome, type Outcomes } from "./state";
import { Step } from "./Step";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;
const NAMES_CHARACTERS_MAX = 300;

interface DoneProps {
  look: Look;
  outcomes: Outcomes;
  onAgain(app: string): void;
}

/** What came of each, and where it goes on. */
export function Done({ look: { found }, outcomes, onAgain }: DoneProps) {
  const said = useWords(words);
  const servers = new Map(found.servers.map((server) => [server.app, server]));
  const count = (state: Outcome["state"]) => [...outcomes.values()].filter((outcome) => outcome.state === state).length;
  return (
    <Step title={said.end} aside={said.endOf(count("imported"), count("failed"), count("left"))}>
      {count("imported") > 0 && <p className="mb-4 max-w-prose text-muted">{said.endHelp}</p>}
      <ul className="mb-6 space-y-3">
        {[...outcomes].map(([app, outcome]) => {
          const server = servers.get(app);
          return (
            server && (
              <li key={app}>
                <Panel className="space-y-3">
                  <One server={server} outcome={outcome} onAgain={() => onAgain(app)} />
                </Panel>
              </li>
            )
          );
        })}
      </ul>
      <p className="flex flex-wrap gap-2">
        <ButtonLink href={to.importServers("choose")}>{said.more}</ButtonLink>
        <ButtonLink href="/servers">{said.servers}</ButtonLink>
        <ButtonLink href={to.connect()}>{said.connect}</ButtonLink>
      </p>
    </Step>
  );
}

function One({ server, outcome, onAgain }: { server: Found; outcome: Outcome; onAgain(): void }) {
  const said = useWords(words);
  const title = shortenText(server.title, TITLE_CHARACTERS_MAX);
  const { state } = outcome;
  const lacking = state === "imported" ? lackingOf(server) : [];
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="min-w-0 font-semibold wrap-anywhere">
          <bdi>{title}</bdi>
        </h3>
        <Pill tone={state === "imported" ? "good" : state === "failed" ? "danger" : "neutral"}>
          {said.outcomes[state]}
        </Pill>
      </div>
      {lacking.length > 0 && (
        <p className="text-sm text-caution">
          {said.lacks(shortenText(lacking.join(", "), NAMES_CHARACTERS_MAX))}{" "}
          <TextLink href={to.app(server.app, "settings")}>{said.toSettings}</TextLink>
        </p>
      )}
      {outcome.state === "failed" && <Failed error={outcome.error} />}
      {state === "imported" ? (
        <ButtonLink look="main" href={to.server(server.app)} label={said.toolsOf(server.app)}>
          {said.tools}
        </ButtonLink>
      ) : (
        <Button onClick={onAgain}>{said.tryAgain(title)}</Button>
      )}
    </>
  );
}
