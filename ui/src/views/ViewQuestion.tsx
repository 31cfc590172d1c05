import { Confirm } from "@/components/Confirm";
import { useLanguage } from "@/i18n";
import { bytesText } from "@/text/amounts";
import { escapeText } from "@/text/escape";
import { words } from "../../../renderers/shared/words";
import type { SavedFile } from "./bridge";
import LinkDialog from "./LinkDialog";
import type { Wish } from "./ViewFrame";

/** What a view wants that only a person can give. */
export default function ViewQuestion({ wish, onAnswer }: { wish: Wish; onAnswer(agreed: boolean): void }) {
  const language = useLanguage();
  const said = words[language];
  if (wish.kind === "link") {
    return <LinkDialog url={wish.url} onOpen={() => onAnswer(true)} onClose={() => onAnswer(false)} />;
  }
  const { file } = wish;
  const act = async () => {
    fileSave(file);
    onAnswer(true);
  };
  const size = bytesText(new Blob([file.text]).size, language);
  return (
    <Confirm open title={said.saveFile} deed={said.save} act={act} onClose={() => onAnswer(false)}>
      <p>{said.saveFileWhy(escapeText(file.name), size)}</p>
    </Confirm>
  );
}

function fileSave({ name, type, text }: SavedFile): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of the content by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
