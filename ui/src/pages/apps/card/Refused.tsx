// A package that was refused, and the deliberate step that would let it be looked at all the same.
import { useState } from "react";
import type { Schemas } from "@/api/client";
import type { Problem } from "@/api/problem";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Switch, TextField } from "@/components/Field";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { escapeLines } from "@/text/escape";
import { words } from "./words";

type OfferBody = Schemas["OfferBody"];

interface RefusedProps {
  problem: Problem;
  offered: OfferBody;
  busy: boolean;
  onOffer(body: OfferBody): void;
}

/** oikos names the fingerprint in its hint, as the word that the command line takes. */
const fingerprintOf = (problem: Problem): string | null =>
  /--trust ([0-9A-Fa-f]{4}(?:-?[0-9A-Fa-f]{4}){7})(?![0-9A-Fa-f-])/.exec(problem.hint ?? "")?.[1] ?? null;

export function Refused({ problem, offered, busy, onOffer }: RefusedProps) {
  const said = useWords(words);
  const fingerprint = fingerprintOf(problem);
  switch (problem.code) {
    case "publisher_untrusted":
      if (fingerprint) return <Untrusted {...{ problem, offered, busy, onOffer, fingerprint }} />;
      return (
        <>
          <Failed error={problem} />
          {offered.trust && <p className="mt-2 text-sm font-medium text-danger">{said.otherKey}</p>}
        </>
      );
    case "publisher_unknown":
      return <Unknown {...{ problem, offered, busy, onOffer }} />;
    case "package_downgrade":
      return (
        <div role="alert">
          <Notice tone="caution" title={said.downgradeTitle}>
            <p>{escapeLines(problem.message)}</p>
            <p className="mt-1">{said.downgrade}</p>
            <Button className="mt-3" busy={busy} onClick={() => onOffer({ ...offered, downgrade: true })}>
              {said.takeOlder}
            </Button>
          </Notice>
        </div>
      );
    default:
      return <Failed error={problem} />;
  }
}

function Untrusted(props: RefusedProps & { fingerprint: string }) {
  const { problem, offered, busy, onOffer, fingerprint } = props;
  const said = useWords(words);
  const [compared, setCompared] = useState(false);
  return (
    <div role="alert">
      <Notice tone="caution" title={said.untrustedTitle}>
        <p>{escapeLines(problem.message)}</p>
        <p className="mt-2">{said.fingerprint}:</p>
        <p className="my-1 rounded-lg bg-surface px-3 py-2 font-mono text-base text-ink" translate="no">
          {fingerprint}
        </p>
        <p className="mt-2">{said.untrusted}</p>
        <div className="mt-3 text-ink">
          <Switch label={said.compared} checked={compared} onChange={setCompared} />
        </div>
        <Button
          className="mt-2"
          disabled={!compared}
          busy={busy}
          onClick={() => onOffer({ ...offered, trust: fingerprint })}
        >
          {said.trust}
        </Button>
      </Notice>
    </div>
  );
}

function Unknown({ problem, offered, busy, onOffer }: RefusedProps) {
  const said = useWords(words);
  const [key, setKey] = useState("");
  return (
    <div className="space-y-3">
      <div role="alert">
        <Notice tone="caution" title={said.unknownTitle}>
          <p>{escapeLines(problem.message)}</p>
          <p className="mt-1">{said.unknown}</p>
        </Notice>
      </div>
      <form
        className="space-y-2"
        onSubmit={(event) => {
          event.preventDefault();
          onOffer({ ...offered, trust: key.trim() });
        }}
      >
        <TextField
          label={said.key}
          help={said.keyHelp}
          value={key}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setKey(event.target.value)}
        />
        <Button type="submit" disabled={key.trim() === ""} busy={busy}>
          {said.trust}
        </Button>
      </form>
    </div>
  );
}
