import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Asked } from "@/components/Asked";
import { TextLink } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { AreaField, TextField } from "@/components/Field";
import { Empty, Panel, Section } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { Time } from "@/components/Time";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText } from "@/text/escape";
import { DeedForm } from "./DeedForm";
import { words } from "./words";

type Publisher = Schemas["PublisherView"];
const NAME = /^(?!(?:oikos|official|system|developer|you)$)[a-z][a-z0-9-]{1,63}$/;

export function Publishers() {
  const said = useWords(words).publishers;
  const { tabs } = useWords(words);
  const publishers = useQuery(reads.publisherList());
  return (
    <>
      <Section title={tabs.publishers}>
        <p className="mb-4 text-sm text-muted">{said.lead}</p>
        <Asked query={publishers}>
          {({ publishers }) =>
            publishers.length === 0 ? (
              <Empty title={said.none} />
            ) : (
              <ul className="space-y-3">
                {publishers.map((publisher) => (
                  <OnePublisher key={publisher.fingerprint} publisher={publisher} />
                ))}
              </ul>
            )
          }
        </Asked>
      </Section>
      <Trust />
      <Import />
    </>
  );
}

function useName() {
  const said = useWords(words).publishers;
  return (publisher: Publisher) =>
    publisher.name ? escapeText(publisher.name) : publisher.official ? said.project : said.unnamed;
}

function OnePublisher({ publisher }: { publisher: Publisher }) {
  const said = useWords(words).publishers;
  const name = useName()(publisher);
  const { fingerprint, key, since, official, apps, succeeded_by } = publisher;
  return (
    <li>
      <Panel>
        <div className="flex flex-wrap items-center gap-2">
          <h3 className="font-semibold">
            <bdi>{name}</bdi>
          </h3>
          {official && (
            <Pill tone="good" icon="check">
              oikos
            </Pill>
          )}
        </div>
        <p className="mt-1 flex flex-wrap items-center gap-x-2">
          <code aria-label={said.fingerprint(name)} className="font-mono text-sm">
            {fingerprint}
          </code>
          <CopyButton text={fingerprint} />
        </p>
        {succeeded_by && (
          <p className="text-sm text-caution">
            {said.succeeded} <code className="font-mono">{succeeded_by}</code>
          </p>
        )}
        <dl className="mt-2 grid sm:grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
          <dt className="text-muted">{said.since}</dt>
          <dd>{since ? <Time at={since} /> : said.always}</dd>
          <dt className="text-muted">{said.apps}</dt>
          <dd>
            {apps.length === 0 ? (
              said.noApps
            ) : (
              <ul className="flex flex-wrap gap-x-3">
                {apps.map((app) => (
                  <li key={app}>
                    <TextLink href={to.app(app)}>
                      <bdi>{escapeText(app)}</bdi>
                    </TextLink>
                  </li>
                ))}
              </ul>
            )}
          </dd>
          {key && (
            <>
              <dt className="text-muted">{said.key}</dt>
              <dd>
                <code className="font-mono">{escapeText(key)}</code>
              </dd>
            </>
          )}
        </dl>
      </Panel>
    </li>
  );
}

function Trust() {
  const said = useWords(words).publishers;
  const nameOf = useName();
  const queries = useQueryClient();
  const [which, setWhich] = useState("");
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState(false);
  return (
    <Section title={said.trust}>
      <DeedForm
        lead={said.trustLead}
        deed={said.deed}
        act={async () => {
          const bad = name !== "" && !NAME.test(name);
          setWrong(bad);
          if (bad) return;
          const { publisher } = await acts.publisherTrust({ publisher: which.trim(), ...(name ? { name } : {}) });
          setWhich("");
          setName("");
          announce(said.trusted(nameOf(publisher)));
          await queries.invalidateQueries({ queryKey: ["publishers"] });
        }}
      >
        <AreaField
          label={said.which}
          help={said.whichHelp}
          rows={2}
          required
          value={which}
          spellCheck={false}
          autoCapitalize="none"
          className="font-mono text-sm"
          onChange={(event) => setWhich(event.target.value)}
        />
        <TextField
          label={said.name}
          help={said.nameHelp}
          problem={wrong ? said.nameWrong : null}
          value={name}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
      </DeedForm>
    </Section>
  );
}

function Import() {
  const said = useWords(words).publishers;
  const nameOf = useName();
  const queries = useQueryClient();
  const [statements, setStatements] = useState("");
  return (
    <Section title={said.import}>
      <DeedForm
        lead={said.importLead}
        deed={said.importDeed}
        act={async () => {
          const { publisher } = await acts.publisherImport(statements);
          setStatements("");
          announce(said.imported(nameOf(publisher)));
          await queries.invalidateQueries({ queryKey: ["publishers"] });
        }}
      >
        <AreaField
          label={said.statements}
          required
          value={statements}
          spellCheck={false}
          className="font-mono text-sm"
          onChange={(event) => setStatements(event.target.value)}
        />
      </DeedForm>
    </Section>
  );
}
