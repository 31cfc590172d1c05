import { useId, useState } from "react";
import type { Schemas } from "@/api/client";
import { acts } from "@/api/operations";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Failed } from "@/components/Failed";
import { SelectField, TextField } from "@/components/Field";
import { useWords } from "@/i18n";
import { words } from "./words";

type Right = Schemas["TokenBody"]["rights"][number];
const RIGHTS: readonly Right[] = ["read", "run", "manage"];
const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const DAYS = ["1", "7", "30", "90", "365", ""] as const;
const DAY_MS = 86_400_000;

interface NewKeyProps {
  open: boolean;
  onClose(): void;
  onMade(made: Schemas["Token"]): void;
}

export function NewKey({ open, onClose, onMade }: NewKeyProps) {
  const said = useWords(words).keys;
  return (
    <Dialog open={open} title={said.make} lead={said.lead} onClose={onClose}>
      <Form onClose={onClose} onMade={onMade} />
    </Dialog>
  );
}

function Form({ onClose, onMade }: Omit<NewKeyProps, "open">) {
  const said = useWords(words).keys;
  const { cancel } = useWords(words);
  const problemId = useId();
  const meaningId = useId();
  const [name, setName] = useState("");
  const [rights, setRights] = useState<ReadonlySet<Right>>(new Set<Right>(["read"]));
  const [days, setDays] = useState<(typeof DAYS)[number]>("90");
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const wrongName = wrong && !NAME.test(name);
  const wrongRights = wrong && rights.size === 0;

  const make = async () => {
    setWrong(true);
    if (!NAME.test(name) || rights.size === 0) return;
    setBusy(true);
    setError(null);
    try {
      const until = days ? { expires_in_ms: Number(days) * DAY_MS } : {};
      onMade(await acts.tokenNew({ name, rights: RIGHTS.filter((right) => rights.has(right)), ...until }));
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const toggle = (right: Right) => {
    const next = new Set(rights);
    if (!next.delete(right)) next.add(right);
    setRights(next);
  };

  return (
    <form
      noValidate
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void make();
      }}
    >
      <TextField
        label={said.name}
        help={said.nameHelp}
        problem={wrongName ? said.nameWrong : null}
        value={name}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset aria-describedby={wrongRights ? problemId : undefined}>
        <legend className="mb-1 text-sm font-medium">{said.rights}</legend>
        {RIGHTS.map((right) => (
          <div key={right} className="py-1.5 text-sm">
            <label className="flex min-h-6 cursor-pointer items-center gap-3 font-medium pointer-coarse:min-h-11">
              <input
                type="checkbox"
                checked={rights.has(right)}
                aria-describedby={`${meaningId}-${right}`}
                onChange={() => toggle(right)}
                className="size-5 shrink-0 accent-accent"
              />
              {said.right[right].label}
            </label>
            <p id={`${meaningId}-${right}`} className="ms-8 text-muted">
              {said.right[right].means}
            </p>
          </div>
        ))}
        <p className="text-sm text-muted">{said.never}</p>
        {wrongRights && (
          <p id={problemId} className="mt-1 text-sm text-danger">
            {said.rightNone}
          </p>
        )}
      </fieldset>
      <SelectField
        label={said.expiry}
        value={days}
        options={DAYS.map((value) => ({ value, label: said.expiries[value] }))}
        onChange={(event) => setDays(DAYS.find((value) => value === event.target.value) ?? "90")}
      />
      {error !== null && <Failed error={error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{cancel}</Button>
        <Button type="submit" look="main" busy={busy}>
          {said.deed}
        </Button>
      </div>
    </form>
  );
}
