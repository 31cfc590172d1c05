import type { ComponentType } from "react";
import { useSearchParams } from "wouter";
import { TextLink } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Empty, Page, Panel, Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { About, Account, Appearance, Device, LanguageChoice, Notices } from "./parts";
import { words } from "./words";

const PARTS = {
  appearance: Appearance,
  language: LanguageChoice,
  notices: Notices,
  device: Device,
  account: Account,
  about: About,
} satisfies Record<string, ComponentType>;
const NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

export default function SettingsPage() {
  const said = useWords(words);
  const [address, setAddress] = useSearchParams();
  const wanted = address.get("q") ?? "";
  const shown = NAMES.filter((name) => {
    const { title, words } = said.parts[name];
    const all = `${title} ${words}`.toLocaleLowerCase();
    return wanted
      .toLocaleLowerCase()
      .split(/\s+/)
      .every((word) => all.includes(word));
  });
  return (
    <Page title={said.title}>
      <div className="mb-6 max-w-2xl">
        <TextField
          type="search"
          label={said.search}
          value={wanted}
          onChange={(event) => setAddress(event.target.value ? { q: event.target.value } : {}, { replace: true })}
        />
      </div>
      <div className="max-w-2xl">
        {shown.length === 0 && (
          <Empty title={said.none(escapeText(wanted))}>
            {said.appSettings} <TextLink href="/apps">{said.toApps}</TextLink>
          </Empty>
        )}
        {shown.map((name) => {
          const Part = PARTS[name];
          return (
            <Section key={name} id={name} title={said.parts[name].title}>
              <Panel>
                <Part />
              </Panel>
            </Section>
          );
        })}
      </div>
    </Page>
  );
}
