import { useState, useSyncExternalStore } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import type { Schemas } from "@/api/client";
import { ButtonLink } from "@/components/Button";
import { Choice } from "@/components/Field";
import { Page } from "@/components/Page";
import { Pill } from "@/components/Pill";
import { LANGUAGES, useLanguageChoice, useWords, type Language } from "@/i18n";
import { theme, THEMES } from "@/layout/theme";
import { InstallDialog } from "@/pages/apps/card/InstallDialog";
import { to } from "@/routes";
import { FirstApp } from "./FirstApp";
import { Step } from "./Step";
import { rememberWelcome } from "./welcomed";
import { words } from "./words";

const STEPS = 3;
// Each language is called as it calls itself.
const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

/** The first steps: one decision each, all of them can be left out, and at the end something runs. */
export default function WelcomePage() {
  const said = useWords(words);
  const [, navigate] = useLocation();
  const [address] = useSearchParams();
  const step = Math.min(STEPS, Math.max(1, Math.trunc(Number(address.get("step") ?? 1)) || 1));
  const [source, setSource] = useState<string | null>(null);
  const begin = (app: Schemas["AppDetail"]) => {
    rememberWelcome();
    const [action] = app.actions;
    navigate(action && app.enabled ? to.start(app.name, action.name) : to.app(app.name));
  };
  return (
    <Page title={said.title} lead={<p>{said.step(step, STEPS)}</p>}>
      <div className="space-y-6">
        {step === 1 && <Looks />}
        {step === 2 && <Rules />}
        {step === 3 && <FirstApp onChoose={setSource} />}
        <nav aria-label={said.steps} className="flex flex-wrap items-center gap-3">
          {step > 1 && <ButtonLink href={`/welcome?step=${step - 1}`}>{said.back}</ButtonLink>}
          {step < STEPS && (
            <ButtonLink look="main" href={`/welcome?step=${step + 1}`}>
              {said.next}
            </ButtonLink>
          )}
          <Link
            href="/apps"
            onClick={rememberWelcome}
            className="ms-auto inline-flex min-h-9 items-center text-sm text-accent underline underline-offset-2 pointer-coarse:min-h-11"
          >
            {said.skip}
          </Link>
        </nav>
      </div>
      {source !== null && (
        <InstallDialog source={source} begin={source !== ""} onClose={() => setSource(null)} onInstalled={begin} />
      )}
    </Page>
  );
}

function Looks() {
  const said = useWords(words);
  const { language, choose } = useLanguageChoice();
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  return (
    <Step title={said.looksTitle}>
      <div className="space-y-4">
        <div>
          <p className="mb-1.5 text-sm font-medium">{said.language}</p>
          <Choice
            legend={said.language}
            value={language}
            options={LANGUAGES.map((value) => ({ value, label: NAMES[value] }))}
            onChange={choose}
          />
        </div>
        <div>
          <p className="mb-1.5 text-sm font-medium">{said.theme}</p>
          <Choice
            legend={said.theme}
            value={chosen}
            options={THEMES.map((value) => ({ value, label: said.themes[value] }))}
            onChange={theme.set}
          />
        </div>
      </div>
    </Step>
  );
}

function Rules() {
  const said = useWords(words);
  return (
    <Step title={said.rulesTitle}>
      <p className="mb-3">
        <Pill tone="good" icon="check">
          {said.here}
        </Pill>
      </p>
      <ol className="list-decimal space-y-2 ps-5">
        {said.rules.map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ol>
    </Step>
  );
}
