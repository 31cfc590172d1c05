import schema from "../../../renderers/key-value/schema.json";
import { cellText } from "../../../renderers/shared/cells";
import type { KeyValueData } from "../../../renderers/shared/data";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { useViewWords } from "./host";
import type { View } from "./view";

function KeyValue({ data }: { data: KeyValueData }) {
  const words = useViewWords();
  if (data.entries.length === 0) return <p className="view-quiet">{words.nothing}</p>;
  return (
    <section>
      {data.title !== undefined && <h3>{escapeText(data.title)}</h3>}
      <dl className="view-facts">
        {each(data.entries, ({ key, value, note }) => (
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
    </section>
  );
}

export const view: View<KeyValueData> = { schema, text: texts["key-value"], Drawing: KeyValue };
