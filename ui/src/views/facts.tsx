import { cellText } from "../../../renderers/shared/cells";
import type { KeyValueData } from "../../../renderers/shared/data";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { each } from "./each";
import { useViewWords } from "./host";

/** Names with a value each. */
export function Facts({ entries }: Pick<KeyValueData, "entries">) {
  const words = useViewWords();
  return (
    <dl className="view-facts">
      {each(entries, ({ key, value, note }) => (
        <div>
          <dt>{escapeText(key)}</dt>
          <dd>
            {value === null ? (
              <i className="view-quiet">{words.empty}</i>
            ) : (
              <bdi className="view-lines">
                {typeof value === "string" ? escapeLines(value) : cellText(value, words)}
              </bdi>
            )}
            {note !== undefined && <span className="view-quiet"> {escapeText(note)}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
