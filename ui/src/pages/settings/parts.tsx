import { useQuery } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { useSearchParams } from "wouter";
import { reads } from "@/api/operations";
import { signOut } from "@/api/signOut";
import { Asked } from "@/components/Asked";
import { Button, TextLink } from "@/components/Button";
import { Confirm } from "@/components/Confirm";
import { Failed } from "@/components/Failed";
import { Choice, Switch } from "@/components/Field";
import { LANGUAGES, useLanguageChoice, useWords, type Language } from "@/i18n";
import { theme, THEMES } from "@/layout/theme";
import { notices } from "@/live/notify";
import { LIBRARIES } from "./libraries";
import { words } from "./words";

// In their own words, so that who cannot read this page finds theirs.
const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

export function Appearance() {
  const said = useWords(words);
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  return (
    <Choice
      legend={said.theme}
      value={chosen}
      options={THEMES.map((value) => ({ value, label: said.themes[value] }))}
      onChange={theme.set}
    />
  );
}

export function LanguageChoice() {
  const said = useWords(words);
  const { language, choose } = useLanguageChoice();
  return (
    <Choice
      legend={said.language}
      value={language}
      options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
      onChange={choose}
    />
  );
}

export function Notices() {
  const said = useWords(words);
  const state = useSyncExternalStore(notices.subscribe, notices.state);
  const [error, setError] = useState<unknown>(null);
  return (
    <div className="space-y-2 text-sm">
      {(state === "on" || state === "off") && (
        <Switch
          label={said.noticesSwitch}
          checked={state === "on"}
          onChange={(on) => {
            setError(null);
            notices.turn(on).catch(setError);
          }}
        />
      )}
      <p role="status" className="text-muted">
        {said.notices[state]}
      </p>
      <p className="text-muted">{said.noticesLead}</p>
      {error !== null && <Failed error={error} />}
    </div>
  );
}

export function Device() {
  const said = useWords(words);
  const status = useQuery(reads.status());
  return (
    <div className="space-y-3 text-sm">
      <Asked query={status}>
        {({ version, pid }) => (
          <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
            <dt className="text-muted">{said.version}</dt>
            <dd>{version}</dd>
            <dt className="text-muted">{said.pid}</dt>
            <dd>{pid}</dd>
            <dt className="text-muted">{said.address}</dt>
            <dd>
              <bdi>{location.origin}</bdi>
            </dd>
          </dl>
        )}
      </Asked>
      <p>{said.here}</p>
      <TextLink href="/diagnostics" className="inline-block py-1">
        {said.more}
      </TextLink>
    </div>
  );
}

export function Account() {
  const said = useWords(words);
  const [address, setAddress] = useSearchParams();
  const ask = (asking: boolean) =>
    setAddress(
      (now) => {
        const next = new URLSearchParams(now);
        if (asking) next.set("ask", "sign-out");
        else next.delete("ask");
        return next;
      },
      { replace: !asking },
    );
  return (
    <div className="space-y-3 text-sm">
      <p className="text-muted">{said.signOutLead}</p>
      <div className="flex flex-wrap items-center gap-4">
        <Button onClick={() => ask(true)}>{said.signOut}</Button>
        <TextLink href="/keys?tab=browsers" className="py-1">
          {said.browsers}
        </TextLink>
      </div>
      <Confirm
        open={address.get("ask") === "sign-out"}
        title={said.signOutAsk}
        deed={said.signOutOnly}
        act={signOut}
        onClose={() => ask(false)}
      >
        <p>{said.signOutMeans}</p>
      </Confirm>
    </div>
  );
}

export function About() {
  const said = useWords(words);
  return (
    <div className="space-y-3 text-sm">
      <p>{said.about}</p>
      <p>{said.licence}</p>
      <p>{said.madeWith}</p>
      <ul className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
        {LIBRARIES.map(({ name, licence }) => (
          <li key={name}>
            {name} <span className="text-muted">{licence}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
