import { useLanguage } from "@/i18n";
import type { Schemas } from "@/api/client";
import { bytesText, numberText } from "@/text/amounts";
import { escapeText } from "@/text/escape";
import { cronWords } from "./cron";
import type { words } from "./words";

type Scope = Schemas["Scope"];
type Said = (typeof words)["en"];

/** Exactly what a line covers, where its sentence alone does not say it. Folders and hosts have controls of their own. */
export function Covered({ scope, said }: { scope: Scope; said: Said }) {
  const language = useLanguage();
  switch (scope.scope) {
    case "shell":
      return (
        <Items
          title={said.programs}
          items={(scope.commands ?? []).map((command) => command.join(" "))}
          none={said.any}
        />
      );
    case "ai":
      return (
        <>
          <Items title={said.models} items={scope.models ?? []} none={said.defaultModels} />
          {typeof scope.budget_micros === "number" && (
            <p className="text-sm text-muted">{said.budget(numberText(scope.budget_micros / 1_000_000, language))}</p>
          )}
        </>
      );
    case "mcp":
      return <Items title={said.tools} items={scope.tools ?? []} none={said.allTools} />;
    case "event":
      return (
        <>
          {(scope.publish ?? []).length > 0 && <Items title={said.sends} items={scope.publish ?? []} none="" />}
          {(scope.listen ?? []).length > 0 && <Items title={said.hears} items={scope.listen ?? []} none="" />}
        </>
      );
    case "trigger":
      return <Items title={said.pattern} items={[scope.regex]} none="" />;
    case "schedule": {
      const inWords = cronWords(scope.cron, language);
      return (
        <p className="text-sm text-muted">
          {said.schedule} <Code text={scope.cron} />
          {inWords && ` – ${inWords}`} ({said.ownTime})
        </p>
      );
    }
    case "secret":
      return <Items title={said.secretTo} items={scope.hosts ?? []} none="" />;
    case "storage":
      return (
        <p className="text-sm text-muted">
          {said.quota} {bytesText(scope.quota_bytes, language)}
        </p>
      );
    default:
      return null;
  }
}

function Items({ title, items, none }: { title: string; items: readonly string[]; none: string }) {
  return (
    <div className="text-sm text-muted">
      {title}{" "}
      {items.length === 0 ? (
        none
      ) : (
        <ul className="mt-0.5 flex flex-wrap gap-1.5">
          {items.map((item) => (
            <li key={item}>
              <Code text={item} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export const Code = ({ text }: { text: string }) => (
  <code className="rounded bg-raised px-1.5 py-0.5 font-mono text-xs text-ink">{escapeText(text)}</code>
);
