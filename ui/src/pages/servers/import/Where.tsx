import { useState, type ReactNode } from "react";
import { Button, Spinner } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Choice, TextField } from "@/components/Field";
import { Panel } from "@/components/Page";
import { useStillHere } from "@/components/still-here";
import { useWords } from "@/i18n";
import { Entry } from "./Entry";
import type { Source } from "./state";
import { Step } from "./Step";
import { words, type From } from "./words";

const FROM: readonly From[] = ["clients", "entry", "file"];
const WHOLE = /^(\/|[A-Za-z]:[\\/])/;

/** Where servers are read from. Nothing is done but reading. */
export function Where({ onLook }: { onLook(source: Source): Promise<unknown> }) {
  const said = useWords(words);
  const [from, setFrom] = useState<From>("clients");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isStillHere = useStillHere();
  const look = async (source: Source) => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      await onLook(source);
    } catch (failure) {
      if (isStillHere()) setError(failure);
    } finally {
      if (isStillHere()) setBusy(false);
    }
  };
  const deed = (
    <Button type="submit" look="main" busy={busy}>
      {said.look[from]}
    </Button>
  );
  return (
    <Step title={said.where}>
      <Panel className="space-y-4">
        <Choice
          legend={said.where}
          value={from}
          options={FROM.map((value) => ({ value, label: said.from[value] }))}
          disabled={busy}
          onChange={(next) => {
            setFrom(next);
            setError(null);
          }}
        />
        <p className="text-sm text-muted">{said.fromHelp[from]}</p>
        {from === "clients" && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void look({ from: "clients" });
            }}
          >
            {deed}
          </form>
        )}
        {from === "entry" && <Entry onEntry={(name, entry) => void look({ from: "entry", name, entry })}>{deed}</Entry>}
        {from === "file" && <File onFile={(path) => void look({ from: "file", path })}>{deed}</File>}
        <p className="text-sm font-medium">{said.nothingDone}</p>
        {busy && (
          <p role="status" className="flex items-center gap-2 text-sm text-muted">
            <Spinner /> {said.looking}
          </p>
        )}
        {error !== null && <Failed error={error} />}
      </Panel>
    </Step>
  );
}

function File({ onFile, children }: { onFile(path: string): void; children: ReactNode }) {
  const said = useWords(words);
  const [path, setPath] = useState("");
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      noValidate
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        const whole = path.trim();
        setWrong(!WHOLE.test(whole));
        if (WHOLE.test(whole)) onFile(whole);
      }}
    >
      <TextField
        label={said.file}
        help={said.fileHelp}
        problem={isWrong ? said.fileWhole : null}
        value={path}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => {
          setPath(event.target.value);
          setWrong(false);
        }}
      />
      {children}
    </form>
  );
}
