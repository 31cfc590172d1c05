import type { Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { TextLink } from "@/components/Button";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { to } from "@/routes";
import { escapeLines } from "@/text/escape";
import { Sentences } from "../card/Sentences";
import { stateOf } from "../state";
import { Power } from "./Life";
import { words } from "./words";

/** What keeps an app from working, and what to do about it. */
export function Troubles({ app, onUpgrade }: { app: Schemas["AppDetail"]; onUpgrade(source: string): void }) {
  const said = useWords(words).notices;
  const deeds = useWords(words);
  const state = stateOf(app);
  const missing = app.missing ?? [];
  return (
    <div className="mb-5 space-y-3 empty:hidden">
      {state === "broken" && (
        <Notice tone="danger" title={said.broken}>
          <p className="whitespace-pre-wrap">{escapeLines(app.broken ?? "")}</p>
          <p className="mt-1">{said.brokenHelp}</p>
          <Button className="mt-3" onClick={() => onUpgrade(app.source ?? "")}>
            {deeds.again}
          </Button>
        </Notice>
      )}
      {state === "unready" && (
        <Notice tone="caution" title={said.unready}>
          <p className="mb-3">
            {said.unreadyHelp} <TextLink href={to.activity({ app: app.name })}>{deeds.allActivity}</TextLink>
          </p>
          <Power app={app} word={deeds.turnOn} />
        </Notice>
      )}
      {state === "off" && (
        <Notice tone="caution" title={said.off}>
          <p className="mb-3">{said.offHelp}</p>
          <Power app={app} word={deeds.turnOn} />
        </Notice>
      )}
      {state === "paused" && (
        <Notice tone="caution" title={said.paused}>
          <p className="mb-3">{said.pausedHelp}</p>
          <Power app={app} word={deeds.goOn} />
        </Notice>
      )}
      {missing.length > 0 && (
        <Notice tone="caution" title={said.missing}>
          <Sentences sentences={missing} />
          <p className="mt-1">{said.missingHelp}</p>
        </Notice>
      )}
    </div>
  );
}
