import { useState } from "react";
import { useSearchParams } from "wouter";
import { CopyButton } from "@/components/CopyButton";
import { Choice, TextField } from "@/components/Field";
import { Page, Panel, Section } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { CLIENTS, type Client, type Way } from "./clients";
import { ClientKey } from "./ClientKey";
import { Here } from "./Here";
import { words } from "./words";

/** How another program gets at what is here. */
export default function ConnectPage() {
  const said = useWords(words);
  const [query] = useSearchParams();
  const client = CLIENTS.find(({ name }) => name === query.get("client")) ?? CLIENTS[0];
  const address = `${location.origin}/mcp`;
  // Until this page is left: a key is for one client, and is shown with its lines.
  const [secrets, setSecrets] = useState<Readonly<Partial<Record<Client["name"], string>>>>({});
  return (
    <Page title={said.title} lead={said.lead}>
      <Section title={said.address}>
        <Panel className="space-y-2">
          <TextField
            label={said.address}
            help={said.addressHelp}
            value={address}
            readOnly
            spellCheck={false}
            className="font-mono text-sm"
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton text={address} />
        </Panel>
      </Section>
      <Tabs
        label={said.clients}
        now={client?.name ?? "any"}
        tabs={CLIENTS.map(({ name, title }) => ({ id: name, label: title || said.any, href: to.connect(name) }))}
      />
      {client && (
        <OneClient
          key={client.name}
          client={client}
          address={address}
          secret={secrets[client.name] ?? null}
          onSecret={(secret) => setSecrets((known) => ({ ...known, [client.name]: secret }))}
        />
      )}
    </Page>
  );
}

interface OneClientProps {
  client: Client;
  address: string;
  secret: string | null;
  onSecret(secret: string): void;
}

function OneClient({ client, address, secret, onSecret }: OneClientProps) {
  const said = useWords(words);
  const { name, title, ways } = client;
  const [chosen, setChosen] = useState<Way>("address");
  const way: Way = ways.includes(chosen) ? chosen : "program";
  return (
    <>
      {name !== "any" && (
        <Section title={said.quick}>
          <Here name={name} title={title} />
        </Section>
      )}
      <Section title={said.byHand}>
        <Panel className="space-y-5">
          {ways.length > 1 ? (
            <div>
              <Choice
                legend={said.how}
                value={way}
                options={ways.map((way) => ({ value: way, label: said.ways[way] }))}
                onChange={(next) => setChosen(next)}
              />
              <p className="mt-1 text-sm text-muted">{said.wayHelp[way]}</p>
            </div>
          ) : (
            <p className="text-sm text-muted">
              {said.onlyProgram(title)} {said.wayHelp.program}
            </p>
          )}
          {way === "address" && <ClientKey client={name} secret={secret} onSecret={onSecret} />}
          <Lines client={client} lines={client.lines(way, address, secret ?? said.placeholder)} />
          {way === "address" && secret === null && <p className="text-sm text-muted">{said.noKey}</p>}
        </Panel>
      </Section>
    </>
  );
}

function Lines({ client, lines }: { client: Client; lines: string }) {
  const said = useWords(words);
  const { name, file } = client;
  const help = said.linesHelp[file.length > 0 ? "file" : name === "any" ? "any" : "line"];
  return (
    <div>
      <h3 className="font-semibold">{said.lines}</h3>
      {file.length > 0 && (
        <div className="mt-1 text-sm">
          {said.file}
          <ul className="list-disc ps-5">
            {file.map(({ system, path }) => (
              <li key={system ?? path}>
                {system && `${system}: `}
                <code className="font-mono wrap-anywhere">{path}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      {file.length === 0 && name !== "any" && <p className="mt-1 text-sm">{said.line}</p>}
      <pre dir="ltr" className="mt-2 rounded-lg bg-raised p-3 font-mono text-sm whitespace-pre-wrap wrap-anywhere">
        {lines}
      </pre>
      <div className="mt-1">
        <CopyButton text={lines} label={said.copyOf} />
      </div>
      <p className="mt-1 text-sm text-muted">{help}</p>
    </div>
  );
}
