import { useWords } from "@/i18n";
import { announce } from "./Announce";
import { Button } from "./Button";
import { Icon } from "./Icon";

const words = { en: { copy: "Copy", copied: "Copied" }, de: { copy: "Kopieren", copied: "Kopiert" } };

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const said = useWords(words);
  return (
    <Button look="quiet" onClick={() => void navigator.clipboard.writeText(text).then(() => announce(said.copied))}>
      <Icon name="copy" className="size-4" /> {label ?? said.copy}
    </Button>
  );
}
