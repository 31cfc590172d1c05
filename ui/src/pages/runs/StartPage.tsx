import { useParams, useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { Asked, Loading } from "@/components/Asked";
import { ButtonLink, TextLink } from "@/components/Button";
import { Empty, Page, Panel } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { Folded } from "@/pages/servers/server/Folded";
import { to } from "@/routes";
import { escapeLines, shortenText } from "@/text/escape";
import { Reach } from "./Reach";
import { StartForm } from "./StartForm";
import { words } from "./start-words";
import { useStartable, type Startable } from "./useStartable";

const TITLE_CHARACTERS = 120;
const DESCRIPTION_CHARACTERS = 4_000;

export default function StartPage() {
  const { app = "", action = "" } = useParams();
  const [query] = useSearchParams();
  const { info, found, isKnown, standing } = useStartable(app, action);
  return (
    <Page
      title={shortenText(found?.title ?? action, TITLE_CHARACTERS)}
      lead={info.data && <Lead app={info.data.app} description={found?.description ?? null} />}
    >
      <Asked query={info}>
        {({ app }) =>
          found ? (
            <Start
              key={`${app.name}/${action}`}
              app={app}
              action={found}
              standing={standing}
              again={query.get("again")}
            />
          ) : isKnown ? (
            <NoSuchAction app={app.name} />
          ) : (
            <Loading />
          )
        }
      </Asked>
    </Page>
  );
}

function Lead({ app, description }: { app: Schemas["AppDetail"]; description: string | null }) {
  return (
    <>
      <TextLink href={to.app(app.name)} className="inline-flex min-h-6 items-center">
        <bdi>{shortenText(app.title, TITLE_CHARACTERS)}</bdi>
      </TextLink>
      {description && (
        <Folded
          text={description}
          of={shortenText(app.title, TITLE_CHARACTERS)}
          charactersMax={DESCRIPTION_CHARACTERS}
          className="mt-1 max-w-prose"
        />
      )}
    </>
  );
}

interface StartProps {
  app: Schemas["AppDetail"];
  action: Schemas["ActionView"];
  standing: Startable["standing"];
  again: string | null;
}

function Start({ app, action, standing, again }: StartProps) {
  const said = useWords(words);
  const isDisabled = !app.enabled || Boolean(app.broken) || standing !== null;
  return (
    <div className="space-y-5">
      {app.broken && (
        <Notice tone="danger" title={said.broken}>
          <p className="whitespace-pre-wrap">{escapeLines(app.broken)}</p>
        </Notice>
      )}
      {!app.enabled && !app.broken && (
        <Notice tone="caution" title={said.disabled}>
          <p>{said.disabledHelp}</p>
          <TextLink href={to.app(app.name)}>{said.toApp}</TextLink>
        </Notice>
      )}
      {standing !== null && (
        <Notice tone="caution" title={said.standings[standing]}>
          <TextLink href={to.server(app.name)}>{said.toServer}</TextLink>
        </Notice>
      )}
      <details className="rounded-xl border border-line bg-surface px-4 py-2">
        <summary className="min-h-8 content-center font-medium pointer-coarse:min-h-11">{said.reachBefore}</summary>
        <div className="pt-2 pb-2">
          <Reach app={app} />
        </div>
      </details>
      <Panel>
        <StartForm app={app.name} action={action} isDisabled={isDisabled} again={again} />
      </Panel>
    </div>
  );
}

function NoSuchAction({ app }: { app: string }) {
  const said = useWords(words);
  return (
    <Empty title={said.noSuchAction}>
      <p>{said.noSuchActionHelp}</p>
      <p className="mt-3">
        <ButtonLink href={to.app(app)}>{said.toApp}</ButtonLink>
      </p>
    </Empty>
  );
}
