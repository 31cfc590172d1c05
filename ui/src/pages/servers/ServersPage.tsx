import { useQuery, type QueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { reads } from "@/api/operations";
import { Asked } from "@/components/Asked";
import { ButtonLink } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { TextField } from "@/components/Field";
import { Empty, Page, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { ServerCard } from "./ServerCard";
import type { Server } from "./state";
import { words } from "./words";

const SCAN = "oikos app import --scan";

export const ahead = (queries: QueryClient): void => void queries.prefetchQuery(reads.serverList());

export default function ServersPage() {
  const said = useWords(words);
  const servers = useQuery(reads.serverList());
  return (
    <Page
      wide
      title={said.title}
      lead={said.lead}
      actions={
        <>
          <Import />
          <ButtonLink look="main" href={to.connect()}>
            {said.connect}
          </ButtonLink>
        </>
      }
    >
      <Asked query={servers}>
        {({ servers }) => (servers.length === 0 ? <NoServers /> : <Servers servers={servers} />)}
      </Asked>
    </Page>
  );
}

function Import() {
  const said = useWords(words);
  return <ButtonLink href={to.importServers()}>{said.import}</ButtonLink>;
}

function NoServers() {
  const said = useWords(words);
  return (
    <Empty title={said.none}>
      <p>{said.noneHelp}</p>
      <p className="mt-3">
        <Import />
      </p>
      <p className="mt-3">{said.noneHow}</p>
      <p className="mt-1 flex flex-wrap items-center justify-center gap-x-2">
        <code className="font-mono">{SCAN}</code>
        <CopyButton text={SCAN} />
      </p>
    </Empty>
  );
}

function Servers({ servers }: { servers: readonly Server[] }) {
  const said = useWords(words);
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const shown = servers.filter(({ app, title, place }) => `${app}\n${title}\n${place}`.toLowerCase().includes(wanted));
  return (
    <>
      <search className="mb-4 block max-w-sm">
        <TextField label={said.search} type="search" value={text} onChange={(event) => setText(event.target.value)} />
      </search>
      <Section title={said.list} aside={<span role="status">{said.count(shown.length, servers.length)}</span>}>
        {shown.length === 0 ? (
          <Empty title={said.nothingFound}>{said.nothingFoundHelp}</Empty>
        ) : (
          <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {shown.map((server, place) => (
              <ServerCard key={server.app} server={server} place={place} />
            ))}
          </ul>
        )}
      </Section>
    </>
  );
}
