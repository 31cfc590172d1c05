import schema from "../../../renderers/key-value/schema.json";
import type { KeyValueData } from "../../../renderers/shared/data";
import { escapeText } from "../../../renderers/shared/escape";
import { texts } from "../../../renderers/shared/text";
import { Facts } from "./facts";
import { useViewWords } from "./host";
import type { View } from "./view";

function KeyValue({ data }: { data: KeyValueData }) {
  const words = useViewWords();
  if (data.entries.length === 0) return <p className="view-quiet">{words.nothing}</p>;
  return (
    <section>
      {data.title !== undefined && <h3>{escapeText(data.title)}</h3>}
      <Facts entries={data.entries} />
    </section>
  );
}

export const view: View<KeyValueData> = { schema, text: texts["key-value"], Drawing: KeyValue };
