import { lazy, Suspense } from "react";
import type { Schemas } from "@/api/client";
import { ResultView } from "@/views/ResultView";

const AppView = lazy(() => import("@/views/AppView"));

/** Before the path of a view that the app brings along, in place of a renderer's name. */
const OWN = "view:";

/** What a run has to show, drawn by who it says. */
export function RunResult({ report }: { report: Schemas["RunReport"] }) {
  const { app, renderer, data, text } = report;
  if (!renderer?.startsWith(OWN)) return <ResultView renderer={renderer} data={data} text={text} />;
  return (
    <Suspense fallback={null}>
      <AppView app={app} path={renderer.slice(OWN.length)} data={data} text={text} />
    </Suspense>
  );
}
