import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { useParams, useSearchParams } from "wouter";
import { acts, reads } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Asked, Loading } from "@/components/Asked";
import { Button, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Empty, Page } from "@/components/Page";
import { part } from "@/components/part";
import { Notice, Pill } from "@/components/Pill";
import { Tabs } from "@/components/Tabs";
import { Elapsed, Time } from "@/components/Time";
import { useWords } from "@/i18n";
import { whenQuiet } from "@/live/quiet";
import { Power } from "@/pages/apps/app/Life";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { acceptedOf, stateOf, waitingOf, type Server } from "../state";
import { words as listWords } from "../words";
import { words as signInWords } from "./sign-in-words";
import { Extras } from "./Extras";
import { Tools } from "./Tools";
import { words } from "./words";

const Health = part(async () => ({ default: (await import("./Health")).Health }));
const SignIn = part(async () => ({ default: (await import("./SignIn")).SignIn }));
const Log = part(async () => ({ default: (await import("./Log")).Log }));
/** Other tabs are there before somebody can have chosen one. */
const TABS_MS_MAX = 1_000;

const TABS = ["tools", "health", "log"] as const;
const PLACE_CHARACTERS_MAX = 400;
/** What oikos says of a name that no server has. */
const NO_SERVER = new Set(["app_not_found", "not_available", "invalid_input"]);

/** What it says of a server that answers only those who sign in there. */
const SIGN_IN_NEEDED = "sign_in_needed";

export const ahead = (queries: QueryClient, { app = "" }: Readonly<Record<string, string>>): void =>
  void queries.prefetchQuery(reads.serverInfo(decodeURIComponent(app)));

export default function ServerPage() {
  const { app = "" } = useParams();
  const said = useWords(words);
  const query = useQuery(reads.serverInfo(app));
  const name = escapeText(app);
  if (query.isError && NO_SERVER.has(problemOf(query.error).code)) {
    return (
      <Page title={name}>
        <Empty title={said.notFound}>
          <p>{said.notFoundHelp}</p>
          <p className="mt-2">
            <TextLink href="/servers">{said.back}</TextLink>
          </p>
        </Empty>
      </Page>
    );
  }
  if (query.data) return <Shown key={app} server={query.data.server} error={query.error} />;
  return (
    <Page title={name}>
      <Asked query={query}>{() => null}</Asked>
    </Page>
  );
}

function Shown({ server, error }: { server: Server; error: unknown }) {
  const said = useWords(words);
  const [address] = useSearchParams();
  const tab = TABS.find((known) => known === address.get("tab")) ?? "tools";
  const looking = useLook(server.app);
  const signIn = useWords(signInWords);
  // What fails to come now is asked for again when it is drawn.
  useEffect(() => whenQuiet(() => [Health, Log].forEach((tab) => void tab.load().catch(() => {})), TABS_MS_MAX), []);
  return (
    <Page
      wide
      title={shortenText(server.title, 80)}
      lead={<Lead server={server} />}
      actions={
        <Button busy={looking.since !== null} onClick={looking.look}>
          {looking.since === null && <Icon name="refresh" className="size-4" />} {said.look}
        </Button>
      }
    >
      {error !== null && <Failed error={error} />}
      <div className="mb-5 space-y-3 empty:hidden">
        {looking.since !== null && (
          <p role="status" className="text-sm text-muted">
            {said.looking} <Elapsed from={looking.since} />
          </p>
        )}
        {looking.error !== null &&
          (problemOf(looking.error).code === SIGN_IN_NEEDED ? (
            <Notice tone="caution" title={signIn.needed}>
              <Suspense fallback={<Loading />}>
                <SignIn server={server} lead={signIn.neededHelp} />
              </Suspense>
            </Notice>
          ) : (
            <Failed error={looking.error} again={looking.look} />
          ))}
        {!server.enabled && <Off server={server} />}
        {!server.looked_at && (
          <Notice title={said.neverLooked}>
            <p>{said.neverLookedHelp}</p>
          </Notice>
        )}
      </div>
      <Tabs
        label={said.tabsLabel}
        now={tab}
        tabs={TABS.map((id) => ({
          id,
          label: said.tabs[id],
          href: to.server(server.app, id === "tools" ? undefined : id),
        }))}
      />
      {tab === "tools" && (
        <>
          <Tools server={server} />
          <Extras server={server} />
        </>
      )}
      <Suspense fallback={<Loading />}>
        {tab === "health" && <Health server={server} />}
        {tab === "log" && <Log app={server.app} />}
      </Suspense>
    </Page>
  );
}

function Lead({ server }: { server: Server }) {
  const said = useWords(words);
  const list = useWords(listWords);
  const { app, place, running, looked_at } = server;
  const state = stateOf(server);
  return (
    <div className="space-y-1.5 text-sm">
      <p>
        <code className="font-mono wrap-anywhere">{shortenText(place, PLACE_CHARACTERS_MAX)}</code>
      </p>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Pill tone={state === "enabled" ? "good" : "neutral"}>{list.states[state]}</Pill>
        {running && (
          <Pill tone="info" icon="runs">
            {list.runsNow}
          </Pill>
        )}
        {looked_at && (
          <span>
            {said.lookedAt} <Time at={looked_at} />
          </span>
        )}
        <TextLink href={to.app(app, "touch")} className="inline-flex min-h-6 items-center">
          {said.toGrants}
        </TextLink>
        <TextLink href={to.app(app, "about")} className="inline-flex min-h-6 items-center">
          {said.toCard}
        </TextLink>
      </p>
    </div>
  );
}

function Off({ server }: { server: Server }) {
  const said = useWords(words);
  return (
    <Notice tone="caution" title={said.off}>
      <p className="mb-3">{acceptedOf(server).length === 0 ? said.offFirst : said.offHelp}</p>
      <Power app={{ name: server.app, enabled: false }} word={said.turnOn} />
    </Notice>
  );
}

/** Asks the server what it has. It may have to be started for that, so it can take a while. */
function useLook(app: string) {
  const said = useWords(words);
  const queries = useQueryClient();
  const [since, setSince] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const look = async () => {
    setSince(Date.now());
    setError(null);
    try {
      const answer = await acts.serverLook(app);
      queries.setQueryData(reads.serverInfo(app).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ["servers"], exact: true });
      announce(said.looked(answer.server.tools.length, waitingOf(answer.server).length));
    } catch (failure) {
      setError(failure);
    } finally {
      setSince(null);
    }
  };
  return { since, error, look: () => void look() };
}
