import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useParams } from "wouter";
import type { Schemas } from "@/api/client";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { Button, ButtonLink, TextLink } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Empty, Page } from "@/components/Page";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { stateOf } from "../state";
import { words } from "./words";

const ViewFrame = lazy(() => import("@/views/ViewFrame").then(({ ViewFrame: shown }) => ({ default: shown })));

/** An app of the browser, opened: its page in a frame, and nothing else of it anywhere. */
export default function OpenPage() {
  const { app } = useParams<{ app: string }>();
  const said = useWords(words);
  const query = useQuery(reads.appInfo(app));
  const detail = query.data?.app;
  const name = escapeText(app);
  return (
    <Page
      wide
      title={detail ? shortenText(detail.title, 80) : name}
      actions={
        <ButtonLink href={to.app(app)} label={said.closeOf(name)}>
          {said.close}
        </ButtonLink>
      }
    >
      <Asked query={query}>{() => detail && <Opened key={detail.digest} app={detail} />}</Asked>
    </Page>
  );
}

function Opened({ app }: { app: Schemas["AppDetail"] }) {
  const said = useWords(words);
  const state = stateOf(app);
  if (!app.opens) return <Elsewhere app={app.name} title={said.noPage} help={said.noPageHelp} />;
  if (state !== "on" && state !== "paused") return <Elsewhere app={app.name} title={said.off} help={said.offHelp} />;
  return <Drawn app={app} path={app.opens} />;
}

function Elsewhere({ app, title, help }: { app: string; title: string; help: string }) {
  const said = useWords(words);
  return (
    <Empty title={title}>
      <p>{help}</p>
      <p className="mt-2">
        <TextLink href={to.app(app)}>{said.toApp}</TextLink>
      </p>
    </Empty>
  );
}

function Drawn({ app, path }: { app: Schemas["AppDetail"]; path: string }) {
  const said = useWords(words);
  const [times, setTimes] = useState(0);
  const switched = app.grants.find(({ line }) => line === "view")?.state;
  // Asked for once each time that it is opened, since each is written down, and again where its switch has changed.
  const { data, error } = useQuery({
    ...reads.appView(app.name, path),
    queryKey: ["opened", app.name, path, app.digest, switched],
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  if (error) {
    return (
      <>
        <Failed error={error} />
        <p className="mt-3 text-sm">
          <TextLink href={to.app(app.name, "touch")}>{said.touch}</TextLink>
        </p>
      </>
    );
  }
  return (
    <>
      <Suspense fallback={null}>
        {data && (
          <ViewFrame
            key={times}
            fills
            app={app.title}
            {...data}
            instead={
              <Button className="mt-2" onClick={() => setTimes(times + 1)}>
                {said.again}
              </Button>
            }
          />
        )}
      </Suspense>
      <p className="mt-2 text-sm text-muted">{said.reaches}</p>
    </>
  );
}
