import { useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Panel, Section } from "@/components/Page";
import { useNow } from "@/components/Time";
import { useWords } from "@/i18n";
import { words } from "./words";

/** A link that signs in another browser, for as long as it is good. */
export function LoginLink() {
  const said = useWords(words).browsers;
  const [link, setLink] = useState<Schemas["Link"] | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    setBusy(true);
    setError(null);
    setLink(null);
    try {
      setLink(await acts.loginLink());
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section title={said.link}>
      <Panel className="space-y-4">
        <p className="text-sm text-muted">{said.linkLead}</p>
        {error !== null && <Failed error={error} />}
        {link && <Shown link={link} />}
        <Button busy={busy} onClick={() => void make()}>
          {link ? said.another : said.link}
        </Button>
      </Panel>
    </Section>
  );
}

function Shown({ link }: { link: Schemas["Link"] }) {
  const said = useWords(words).browsers;
  const left = Math.ceil((link.expires_at - useNow(500)) / 1_000);
  // What is over is not shown any longer: it would only be tried.
  if (left <= 0) return <p role="status">{said.over}</p>;
  return (
    <div className="space-y-2">
      <TextField
        label={said.linkLabel}
        help={said.secret}
        value={link.url}
        readOnly
        spellCheck={false}
        className="font-mono text-sm"
        onFocus={(event) => event.currentTarget.select()}
      />
      <p className="flex flex-wrap items-center gap-3 text-sm">
        <CopyButton text={link.url} />
        <span className="tabular-nums">{said.left(left)}</span>
      </p>
    </div>
  );
}
