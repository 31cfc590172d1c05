import { addressOf } from "../../../renderers/shared/address";
import { escapeText } from "../../../renderers/shared/escape";
import { useHost } from "./host";

/** A link that an app wrote: it says where it leads, and opens nothing before a person has agreed. */
export function ForeignLink({ label, url }: { label: string; url: string }) {
  const { openLink } = useHost();
  const address = addressOf(url);
  if (address === undefined) {
    return (
      <span>
        <bdi>{escapeText(label)}</bdi> <bdi className="view-quiet">{escapeText(url)}</bdi>
      </span>
    );
  }
  return (
    <button type="button" role="link" className="view-link" title={address.href} onClick={() => openLink(address.href)}>
      <bdi>{escapeText(label)}</bdi>
    </button>
  );
}
