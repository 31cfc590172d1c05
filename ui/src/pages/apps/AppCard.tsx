import { memo } from "react";
import { Link } from "wouter";
import type { Schemas } from "@/api/client";
import { ButtonLink } from "@/components/Button";
import { useIsNear } from "@/components/near";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeText, shortenText } from "@/text/escape";
import { STATE_TONES, stateOf } from "./state";
import { words } from "./words";

const TITLE_CHARACTERS_MAX = 80;

/** So many are drawn without asking whether they are in view. */
const AT_FIRST = 24;

/** One installed app. Hundreds may be on one screen: each is drawn when it comes near the view. */
export const AppCard = memo(function AppCard({ app, place }: { app: Schemas["AppSummary"]; place: number }) {
  const { isNear, ref } = useIsNear(place < AT_FIRST);
  return isNear ? <Drawn app={app} /> : <li ref={ref} className="min-h-36" />;
});

function Drawn({ app }: { app: Schemas["AppSummary"] }) {
  const said = useWords(words);
  const state = stateOf(app);
  return (
    <li className="relative flex flex-col gap-2 rounded-xl border border-line bg-surface p-4 [contain-intrinsic-size:auto_9rem] [content-visibility:auto] focus-within:border-control hover:border-control">
      <h3 className="font-semibold">
        <Link href={to.app(app.name)} className="after:absolute after:inset-0">
          <bdi>{shortenText(app.title, TITLE_CHARACTERS_MAX)}</bdi>
        </Link>
      </h3>
      <p className="text-sm text-muted">
        <code className="font-mono">{app.name}</code> {escapeText(app.version)}
      </p>
      {said.stateHelp[state] && <p className="text-sm text-muted">{said.stateHelp[state]}</p>}
      <p className="mt-auto flex flex-wrap gap-1.5">
        <Pill tone={STATE_TONES[state]}>{said.states[state]}</Pill>
        {(app.needs ?? []).length > 0 && (
          <Pill tone="caution">{said.needs(escapeText((app.needs ?? []).join(", ")))}</Pill>
        )}
        <BadgeOf app={app} />
      </p>
      {app.opens && (state === "on" || state === "paused") && (
        // Above the link that the rest of the card is.
        <ButtonLink
          className="relative self-start"
          href={to.open(app.name)}
          label={said.openApp(shortenText(app.title, TITLE_CHARACTERS_MAX))}
        >
          {said.open}
        </ButtonLink>
      )}
    </li>
  );
}

function BadgeOf({ app }: { app: Schemas["AppSummary"] }) {
  const said = useWords(words);
  if (app.badge === "system") {
    return (
      <Pill tone="good" icon="check">
        {said.system}
      </Pill>
    );
  }
  if (app.badge === "official") {
    return (
      <Pill tone="good" icon="check">
        {said.official}
      </Pill>
    );
  }
  if (app.badge === "publisher") return <Pill icon="check">{escapeText(app.publisher ?? said.publisher)}</Pill>;
  return <Pill icon="key">{said.unsigned}</Pill>;
}
