import { useQuery } from "@tanstack/react-query";
import { reads } from "@/api/operations";
import { Panel, Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { Elapsed } from "@/components/Time";
import { useWords } from "@/i18n";
import { Power } from "@/pages/apps/app/Life";
import { Fact } from "@/components/Fact";
import { Kept } from "@/pages/apps/card/Kept";
import { escapeLines, shortenText } from "@/text/escape";
import { faultOf, isElsewhere, type Server } from "../state";
import { Folded } from "./Folded";
import { SignIn } from "./SignIn";
import { words as signInWords } from "./sign-in-words";
import { words } from "./words";

const WORDS_CHARACTERS_MAX = 400;
const INSTRUCTIONS_CHARACTERS = 2_000;
/** Nothing tells of a program that ends by itself: it is asked for while somebody looks. */
const AGAIN_MS = 5_000;

/** Whether it runs, what is kept of it, whether it is on, and what it says of itself. */
export function Health({ server }: { server: Server }) {
  const said = useWords(words);
  const signIn = useWords(signInWords);
  return (
    <>
      <Section title={said.health}>
        <Panel>
          <Running server={server} />
          <Fault server={server} />
        </Panel>
      </Section>
      {isElsewhere(server) && (
        <Section title={signIn.title}>
          <Panel>
            <SignIn server={server} lead={signIn.none} />
          </Panel>
        </Section>
      )}
      <Section title={said.power}>
        <Panel>
          <Power app={{ name: server.app, enabled: server.enabled }} text={said.powerHelp} />
        </Panel>
      </Section>
      <About about={server.about} />
    </>
  );
}

function Running({ server }: { server: Server }) {
  const said = useWords(words);
  const { dataUpdatedAt } = useQuery({ ...reads.serverInfo(server.app), refetchInterval: AGAIN_MS });
  const { running } = server;
  if (isElsewhere(server)) return <p className="text-sm">{said.elsewhere}</p>;
  if (!running) return <p className="text-sm">{said.notRunning}</p>;
  return (
    <>
      <dl className="grid items-baseline gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
        <Fact name={said.since}>
          <Elapsed from={dataUpdatedAt - running.age_ms} />
        </Fact>
        <Fact name={said.calls}>{running.live_calls}</Fact>
      </dl>
      <h3 className="mt-5 mb-2 font-semibold">{said.box}</h3>
      <Kept facts={running.facts} />
    </>
  );
}

/** Why its last run came to nothing. It was told then, so nothing of it is said aloud here. */
function Fault({ server }: { server: Server }) {
  const said = useWords(words);
  const fault = faultOf(server);
  if (!fault) return null;
  return (
    <div className="mt-4">
      <Notice tone="danger" title={said.fault}>
        <p className="wrap-anywhere whitespace-pre-wrap">{escapeLines(fault.message)}</p>
        {fault.hint && <code className="mt-1 block font-mono whitespace-pre-wrap">{escapeLines(fault.hint)}</code>}
      </Notice>
    </div>
  );
}

function About({ about }: { about: unknown }) {
  const said = useWords(words);
  const whole = membersOf(about);
  const info = membersOf(whole["info"]);
  const facts = [
    { name: said.name, text: textOf(info["title"]) ?? textOf(info["name"]) },
    { name: said.version, text: textOf(info["version"]) },
    { name: said.revision, text: textOf(whole["revision"]) },
  ].flatMap(({ name, text }) => (text === null ? [] : [{ name, text }]));
  const instructions = textOf(whole["instructions"]);
  if (facts.length === 0 && instructions === null) return null;
  return (
    <Section title={said.about}>
      <p className="mb-3 text-sm text-muted">{said.aboutLead}</p>
      <Panel>
        <dl className="grid items-baseline gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
          {facts.map(({ name, text }) => (
            <Fact key={name} name={name}>
              <bdi className="wrap-anywhere">{shortenText(text, WORDS_CHARACTERS_MAX)}</bdi>
            </Fact>
          ))}
          {instructions !== null && (
            <Fact name={said.instructions}>
              <Folded text={instructions} of={said.instructions} charactersMax={INSTRUCTIONS_CHARACTERS} />
            </Fact>
          )}
        </dl>
      </Panel>
    </Section>
  );
}

type Members = Record<string, unknown>;
const membersOf = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
const textOf = (value: unknown): string | null => (typeof value === "string" && value.trim() !== "" ? value : null);
