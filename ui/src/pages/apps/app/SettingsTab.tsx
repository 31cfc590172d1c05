import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts, reads } from "@/api/operations";
import { announce } from "@/components/Announce";
import { Asked } from "@/components/Asked";
import { Failed } from "@/components/Failed";
import { Empty, Panel, Section } from "@/components/Page";
import { Notice } from "@/components/Pill";
import { SchemaForm } from "@/forms/SchemaForm";
import { useLanguage, useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import { words } from "./words";

type Setting = Schemas["SettingView"];

export function SettingsTab({ app }: { app: string }) {
  const said = useWords(words);
  const query = useQuery(reads.settingList(app));
  return (
    <Section title={said.settingsTitle}>
      <Asked query={query}>
        {({ settings }) => {
          const open = settings.filter((setting) => !setting.is_secret);
          const secrets = settings.filter((setting) => setting.is_secret);
          if (settings.length === 0) return <Empty title={said.settingsNone}>{said.settingsNoneHelp}</Empty>;
          return (
            <div className="space-y-4">
              {open.length > 0 && <Form key={JSON.stringify(open)} app={app} settings={open} />}
              {secrets.length > 0 && (
                <Notice>
                  <p>{said.secrets}</p>
                  <ul className="mt-1 list-disc ps-5">
                    {secrets.map((secret) => (
                      <li key={secret.name}>
                        <bdi>{shortenText(secret.title, 80)}</bdi> <code className="font-mono">{secret.name}</code>
                      </li>
                    ))}
                  </ul>
                </Notice>
              )}
            </div>
          );
        }}
      </Asked>
    </Section>
  );
}

/** All of them in one form. Only what was changed is sent, so that what nobody set goes on as the package says. */
function Form({ app, settings }: { app: string; settings: readonly Setting[] }) {
  const said = useWords(words);
  const language = useLanguage();
  const queries = useQueryClient();
  const schema = useMemo(() => schemaOf(settings), [settings]);
  const held = useMemo(() => valuesOf(settings), [settings]);
  const [value, setValue] = useState<unknown>(held);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (sent: unknown) => {
    setBusy(true);
    setError(null);
    try {
      const answer = await acts.settingSet(app, changesFrom(held, sent as Record<string, unknown>));
      queries.setQueryData(reads.settingList(app).queryKey, answer);
      announce(said.settingsSaved);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel>
      {error !== null && <Failed error={error} />}
      <SchemaForm
        schema={schema}
        value={value}
        onChange={setValue}
        onSubmit={(sent) => void save(sent)}
        submitLabel={said.save}
        isBusy={busy}
        language={language}
      />
    </Panel>
  );
}

const schemaOf = (settings: readonly Setting[]) => ({
  type: "object",
  properties: Object.fromEntries(
    settings.map(({ name, title, description, schema }) => [
      name,
      typeof schema === "object" ? { ...schema, title, ...(description ? { description } : {}) } : schema,
    ]),
  ),
  required: settings.filter((setting) => setting.is_required).map((setting) => setting.name),
});

const valuesOf = (settings: readonly Setting[]): Record<string, unknown> =>
  Object.fromEntries(settings.filter((setting) => "value" in setting).map(({ name, value }) => [name, value]));

/** What is different; null takes a value back to what the package says. */
function changesFrom(held: Record<string, unknown>, sent: Record<string, unknown>): Record<string, unknown> {
  const names = [...new Set([...Object.keys(held), ...Object.keys(sent)])];
  const changed = names.filter((name) => JSON.stringify(held[name]) !== JSON.stringify(sent[name]));
  return Object.fromEntries(changed.map((name) => [name, sent[name] ?? null]));
}
