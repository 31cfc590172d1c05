import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { useParams, useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { problemOf } from "@/api/problem";
import { announce } from "@/components/Announce";
import { Asked, Loading } from "@/components/Asked";
import { Button, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Empty, Page } from "@/components/Page";
import { part } from "@/components/part";
import { Pill } from "@/components/Pill";
import { Tabs } from "@/components/Tabs";
import { useWords } from "@/i18n";
import { whenQuiet } from "@/live/quiet";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { Actions } from "./app/Actions";
import { Answers } from "./app/Answers";
import { Opens } from "./app/Opens";
import { Troubles } from "./app/Troubles";
import { words } from "./app/words";
import { InstallDialog } from "./card/late";
import { STATE_TONES, stateOf } from "./state";
import { words as appsWords } from "./words";

const Touch = part(async () => ({ default: (await import("./app/Touch")).Touch }));
const OtherPrograms = part(async () => ({ default: (await import("./app/OtherPrograms")).OtherPrograms }));
const SettingsTab = part(async () => ({ default: (await import("./app/SettingsTab")).SettingsTab }));
const About = part(async () => ({ default: (await import("./app/About")).About }));
/** Other tabs are there before somebody can have chosen one. */
const TABS_MS_MAX = 1_000;

const TABS = ["actions", "touch", "settings", "about"] as const;

export default function AppPage() {
  const { app } = useParams<{ app: string }>();
  const said = useWords(words);
  const query = useQuery(reads.appInfo(app));
  const name = escapeText(app);
  if (query.isError && problemOf(query.error).code === "app_not_found") {
    return (
      <Page title={name}>
        <Empty title={said.notFound}>
          <p>{said.notFoundHelp}</p>
          <p className="mt-2">
            <TextLink href="/apps">{said.back}</TextLink>
          </p>
        </Empty>
      </Page>
    );
  }
  if (query.data) return <Shown key={app} app={query.data.app} error={query.error} />;
  return (
    <Page title={name}>
      <Asked query={query}>{() => null}</Asked>
    </Page>
  );
}

function Shown({ app, error }: { app: Schemas["AppDetail"]; error: unknown }) {
  const said = useWords(words);
  const apps = useWords(appsWords);
  const [address] = useSearchParams();
  const tab = TABS.find((known) => known === address.get("tab")) ?? "actions";
  const [upgrade, setUpgrade] = useState<string | null>(null);
  const state = stateOf(app);
  const canRun = state === "on" || state === "paused";
  const [stopError, setStopError] = useState<unknown>(null);
  // What fails to come now is asked for again when it is drawn.
  useEffect(
    () => whenQuiet(() => [Touch, SettingsTab, About].forEach((tab) => void tab.load().catch(() => {})), TABS_MS_MAX),
    [],
  );
  return (
    <Page
      title={shortenText(app.title, 80)}
      lead={
        <span className="flex flex-wrap items-center gap-2 text-sm">
          <code className="font-mono">{app.name}</code> {escapeText(app.version)}
          <Pill tone={STATE_TONES[state]}>{apps.states[state]}</Pill>
        </span>
      }
      actions={<StopApp app={app.name} onFailed={setStopError} />}
    >
      {error !== null && <Failed error={error} />}
      {stopError !== null && <Failed error={stopError} />}
      <Troubles app={app} onUpgrade={setUpgrade} />
      <Tabs
        label={said.tabsLabel}
        now={tab}
        tabs={TABS.map((id) => ({
          id,
          label: id === "actions" && app.opens ? said.page : said.tabs[id],
          href: to.app(app.name, id === "actions" ? undefined : id),
        }))}
      />
      {tab === "actions" && !app.opens && <Actions app={app} canRun={canRun} />}
      {tab === "actions" && app.opens && <Opens app={app} canOpen={canRun} />}
      {tab === "actions" && !app.opens && <Answers app={app} canOpen={state === "on"} />}
      <Suspense fallback={<Loading />}>
        {tab === "touch" && <Touch app={app.name} />}
        {tab === "touch" && (app.tools?.length ?? 0) > 0 && <OtherPrograms app={app.name} />}
        {tab === "settings" && <SettingsTab app={app.name} />}
        {tab === "about" && <About app={app} onUpgrade={setUpgrade} />}
      </Suspense>
      {upgrade !== null && (
        <Suspense>
          <InstallDialog
            source={upgrade}
            begin={upgrade !== ""}
            onClose={() => setUpgrade(null)}
            onInstalled={() => setUpgrade(null)}
          />
        </Suspense>
      )}
    </Page>
  );
}

/** In view on every tab for as long as something of the app runs. */
function StopApp({ app, onFailed }: { app: string; onFailed(error: unknown): void }) {
  const said = useWords(words);
  const runs = useQuery(reads.runList());
  const [busy, setBusy] = useState(false);
  const running = runs.data?.runs.filter((run) => run.app === app && !run.ended_at).length ?? 0;
  if (running === 0) return null;
  const stop = async () => {
    setBusy(true);
    onFailed(null);
    try {
      const { runs } = await acts.appStop(app);
      announce(said.stopped(runs.length));
    } catch (failure) {
      onFailed(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <span className="text-sm text-muted">{said.running(running)}</span>
      <Button look="danger" busy={busy} aria-label={said.stopOf(app)} onClick={() => void stop()}>
        <Icon name="stop" className="size-4" /> {said.stop}
      </Button>
    </div>
  );
}
