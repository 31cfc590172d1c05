import { useState } from "react";
import { takeFile } from "@/api/files";
import { announce } from "@/components/Announce";
import { Button } from "@/components/Button";
import { Failed } from "@/components/Failed";
import { Icon } from "@/components/Icon";
import { Section } from "@/components/Page";
import { useWords } from "@/i18n";
import { shortenText } from "@/text/escape";
import { rememberedRun, type GivenFile } from "./remembered";
import { words } from "./words";

const NAME_CHARACTERS = 120;
/** A browser has begun to read it by then. */
const RELEASE_MS = 60_000;

/** Files that the run wrote to where this device asked it to. */
export function SaveFiles({ run }: { run: string }) {
  const said = useWords(words);
  const files = rememberedRun(run)?.files.filter((file) => file.access === "write" && file.handed) ?? [];
  if (files.length === 0) return null;
  return (
    <Section title={said.files}>
      <ul className="space-y-2">
        {files.map((file) => (
          <SaveFile key={file.name} file={file} />
        ))}
      </ul>
    </Section>
  );
}

function SaveFile({ file }: { file: GivenFile }) {
  const said = useWords(words);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const name = shortenText(file.called, NAME_CHARACTERS);
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      download(await takeFile(file.handed ?? ""), file.called);
      announce(said.saved);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="space-y-2">
      <p className="flex flex-wrap items-center gap-3">
        <Icon name="file" className="size-4" />
        <bdi className="font-medium">{name}</bdi>
        <Button busy={busy} aria-label={said.saveFile(name)} onClick={() => void save()}>
          <Icon name="download" className="size-4" /> {said.save}
        </Button>
      </p>
      {error !== null && <Failed error={error} />}
    </li>
  );
}

function download(bytes: Blob, name: string): void {
  const address = URL.createObjectURL(bytes);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), RELEASE_MS);
}
