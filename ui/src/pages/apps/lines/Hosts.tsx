import { useState } from "react";
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Pill } from "@/components/Pill";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { Code } from "./Covered";
import {
  isAnyHost,
  isLive,
  isNear,
  ruleFrom,
  wantedOf,
  withoutRule,
  withRule,
  type CardLine,
  type GrantView,
  type HostRule,
  type Wanted,
} from "./choices";
import { words } from "./words";

interface HostsProps {
  line: CardLine | GrantView;
  wanted: Wanted;
  disabled: boolean;
  /** A change is on its way: nothing is changed meanwhile. */
  busy: boolean;
  onRules(rules: readonly HostRule[]): void;
  /** Back to what the app asks for, whatever that is. */
  onAsked?: (() => void) | undefined;
}

/** The hosts of a line for the network, each with all that its rule says. */
export function Hosts({ line, wanted, disabled, busy, onRules, onAsked }: HostsProps) {
  const said = useWords(words);
  const [draft, setDraft] = useState("");
  const [isWrong, setIsWrong] = useState(false);
  const { rules } = wanted;
  const isBlocked = wanted.state === "block";
  const hadMethods = wantedOf(line).rules.some((rule) => !rule.by_owner && rule.methods.length > 0);
  const isNarrowed = isLive(line)
    ? !rules.every(isAnyHost)
    : JSON.stringify(rules) !== JSON.stringify(wantedOf(line).rules);
  const canRemove = (rule: HostRule) => withoutRule(rules, rule).length > 0;
  const add = () => {
    if (busy) return;
    const rule = ruleFrom(draft);
    if (!rule) return setIsWrong(true);
    setDraft("");
    setIsWrong(false);
    // Any public host, and one of them beside it, would be any public host: naming one means that one.
    const kept = isNear(rule.host) ? rules : rules.filter((known) => !isAnyHost(known));
    onRules(withRule(kept, rule));
  };
  return (
    <div className="space-y-2">
      <p className="text-sm text-muted">{said.covers}</p>
      <ul className="space-y-1 text-sm">
        {rules.map((rule) => (
          <li key={JSON.stringify(rule)} className="flex flex-wrap items-center gap-2">
            {isAnyHost(rule) ? <span>{said.anyHost}</span> : <Code text={hostText(rule)} />}
            {rule.paths.map((path) => (
              <Code key={path} text={path} />
            ))}
            <span className="text-muted">
              {rule.methods.length > 0 ? said.methods(escapeText(rule.methods.join(", "))) : said.anyMethod}
            </span>
            {rule.by_owner && <Pill>{said.byOwner}</Pill>}
            {!isAnyHost(rule) && isNear(rule.host) && <Pill tone="caution">{said.near}</Pill>}
            {!isBlocked && canRemove(rule) && (
              <Button
                look="quiet"
                busy={busy}
                disabled={disabled}
                aria-label={said.removeHost(isAnyHost(rule) ? said.anyHost : escapeText(hostText(rule)))}
                onClick={() => onRules(withoutRule(rules, rule))}
              >
                {said.remove}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {hadMethods && rules.some((rule) => rule.by_owner) && <p className="text-sm text-caution">{said.askedMethods}</p>}
      {!isBlocked && !rules.some(canRemove) && !rules.some(isAnyHost) && (
        <p className="text-sm text-muted">{said.lastHost}</p>
      )}
      {!isBlocked && (
        <details>
          <summary className="min-h-6 py-1 text-sm text-accent">
            {rules.some(isAnyHost) ? said.narrow : said.addHost}
          </summary>
          <form
            className="flex flex-wrap items-start gap-2"
            onSubmit={(event) => {
              event.preventDefault();
              add();
            }}
          >
            <div className="min-w-56 grow">
              <TextField
                label={said.host}
                help={said.hostHelp}
                problem={isWrong ? said.hostWrong : null}
                value={draft}
                disabled={disabled}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setDraft(event.target.value)}
              />
            </div>
            <Button type="submit" className="mt-6.5" busy={busy} disabled={disabled || draft.trim() === ""}>
              {said.addHost}
            </Button>
          </form>
        </details>
      )}
      {!isBlocked && isNarrowed && onAsked && (
        <Button look="quiet" busy={busy} disabled={disabled} onClick={onAsked}>
          {isLive(line) ? said.asAskedAsk : said.asAsked}
        </Button>
      )}
    </div>
  );
}

const hostText = ({ host, port }: HostRule): string => (port === null ? host : `${host}:${port}`);
