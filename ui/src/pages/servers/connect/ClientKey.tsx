import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { acts, reads } from "@/api/operations";
import { Button, TextLink } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Failed } from "@/components/Failed";
import { TextField } from "@/components/Field";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import type { ClientName } from "./clients";
import { words } from "./words";

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

interface ClientKeyProps {
  client: ClientName;
  /** The key, where one was made here. */
  secret: string | null;
  onSecret(secret: string): void;
}

/** Makes a key that a client calls with: it sees and runs, and no more. */
export function ClientKey({ client, secret, onSecret }: ClientKeyProps) {
  const said = useWords(words);
  return (
    <div>
      <h3 className="font-semibold">{said.key}</h3>
      <p className="mt-1 mb-3 text-sm text-muted">
        {said.keyLead} <TextLink href="/keys?tab=keys">{said.keys}</TextLink>
      </p>
      {secret === null ? (
        <NewKey name={client === "any" ? "client" : client} onSecret={onSecret} />
      ) : (
        <Made secret={secret} />
      )}
    </div>
  );
}

function Made({ secret }: { secret: string }) {
  const said = useWords(words);
  const notice = useRef<HTMLDivElement>(null);
  // The button that made it is gone.
  useEffect(() => {
    if (document.activeElement === document.body) notice.current?.focus();
  }, []);
  return (
    <div className="space-y-2">
      <div ref={notice} tabIndex={-1}>
        <Notice tone="caution">{said.once}</Notice>
      </div>
      <TextField
        label={said.secret}
        value={secret}
        readOnly
        spellCheck={false}
        className="font-mono text-sm"
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyButton text={secret} />
    </div>
  );
}

/** Two keys of one name could not be told from each other. */
function freeName(name: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const next = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(next)) return next;
  }
}

function NewKey({ name: proposed, onSecret }: { name: string; onSecret(secret: string): void }) {
  const said = useWords(words);
  const queries = useQueryClient();
  const tokens = useQuery(reads.tokenList());
  const free = freeName(proposed, tokens.data?.tokens.map(({ name }) => name) ?? []);
  const [typed, setName] = useState<string | null>(null);
  const name = typed ?? free;
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const make = async () => {
    setWrong(!NAME.test(name));
    if (!NAME.test(name)) return;
    setBusy(true);
    setError(null);
    try {
      const { secret } = await acts.tokenNew({ name, rights: ["read", "run"] });
      void queries.invalidateQueries({ queryKey: ["tokens"] });
      onSecret(secret);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form
      noValidate
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void make();
      }}
    >
      <TextField
        label={said.keyName}
        help={said.keyNameHelp}
        problem={wrong ? said.keyNameWrong : null}
        value={name}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => {
          setName(event.target.value);
          setWrong(false);
        }}
      />
      {error !== null && <Failed error={error} />}
      <Button type="submit" busy={busy}>
        {said.make}
      </Button>
    </form>
  );
}
