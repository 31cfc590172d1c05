import type { Schemas } from "@/api/client";
import { Button } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Notice } from "@/components/Pill";
import { useWords } from "@/i18n";
import { escapeText } from "@/text/escape";
import { words } from "./words";

/** A secret on its only way to a person. A slip beside the dialog does not lose it: only what says so closes it. */
export function ShownOnce({ made, onKept }: { made: Schemas["Token"]; onKept(): void }) {
  const said = useWords(words).keys;
  return (
    <Dialog
      open
      title={said.shown(escapeText(made.token.name))}
      onClose={() => {}}
      closable={false}
      footer={
        <Button look="main" onClick={onKept}>
          {said.kept}
        </Button>
      }
    >
      <div className="space-y-4">
        <Notice tone="caution">{said.once}</Notice>
        <TextField
          label={said.secret}
          value={made.secret}
          readOnly
          spellCheck={false}
          className="font-mono text-sm"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={made.secret} />
        <p className="text-sm text-muted">
          {said.how} <code className="font-mono">Authorization: Bearer …{escapeText(made.token.last_four)}</code>
        </p>
      </div>
    </Dialog>
  );
}
