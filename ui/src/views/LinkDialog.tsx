import { Confirm } from "@/components/Confirm";
import { useLanguage } from "@/i18n";
import { escapeText } from "@/text/escape";
import { addressOf } from "../../../renderers/shared/address";
import { words } from "../../../renderers/shared/words";

interface LinkDialogProps {
  url: string;
  onOpen?(): void;
  onClose(): void;
}

/** Shows the real address and opens it when a person says so, in a tab that knows nothing of this one. */
export default function LinkDialog({ url, onOpen, onClose }: LinkDialogProps) {
  const said = words[useLanguage()];
  const address = addressOf(url);
  if (address === undefined) return null;
  const open = async () => {
    window.open(address.href, "_blank", "noopener,noreferrer");
    onOpen?.();
  };
  return (
    <Confirm open title={said.openLink} deed={said.open} act={open} onClose={onClose}>
      <p className="view-address">
        <strong>{escapeText(address.host)}</strong>
        <span dir="ltr">{escapeText(address.href)}</span>
      </p>
      <p>{said.openLinkWhy}</p>
    </Confirm>
  );
}
