import { lazy, Suspense } from "react";
import type { Schemas } from "@/api/client";
import { ResultView } from "@/views/ResultView";
import { rememberedRun } from "./remembered";

const AppView = lazy(() => import("@/views/AppView"));
const ServerView = lazy(() => import("@/views/ServerView"));

/** Before the path of a view that the app brings along, in place of a renderer's name. */
const OWN = "view:";
/** How the address of a view of a server begins. No file of a package is called so. */
const OF_SERVER = "ui://";

/** What a run has to show, drawn by who it says. */
export function RunResult({ report }: { report: Schemas["RunReport"] }) {
  const { app, run, renderer, data, text } = report;
  if (!renderer?.startsWith(OWN)) return <ResultView renderer={renderer} data={data} text={text} />;
  const path = renderer.slice(OWN.length);
  return (
    <Suspense fallback={null}>
      {path.startsWith(OF_SERVER) ? (
        <ServerView app={app} uri={path} data={data} text={text} input={rememberedRun(run)?.input} />
      ) : (
        <AppView app={app} path={path} data={data} text={text} />
      )}
    </Suspense>
  );
}
