import { Confirm } from "@/components/Confirm";
import { escapeText } from "@/text/escape";
import { addressOf } from "../../../renderers/shared/address";
import { useViewWords } from "./host";

/** Shows the real address and opens it when a person says so, in a tab that knows nothing of this one. */
export default function LinkDialog({ url, onClose }: { url: string; onClose(): void }) {
  const words = useViewWords();
  const address = addressOf(url);
  if (address === undefined) return null;
  const open = async () => void window.open(address.href, "_blank", "noopener,noreferrer");
  return (
    <Confirm open title={words.openLink} deed={words.open} act={open} onClose={onClose}>
      <p className="view-address">
        <strong>{escapeText(address.host)}</strong>
        <span dir="ltr">{escapeText(address.href)}</span>
      </p>
      <p>{words.openLinkWhy}</p>
    </Confirm>
  );
}
