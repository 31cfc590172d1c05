import { useState } from "react";
import { cellText, numberText } from "../../../renderers/shared/cells";
import { escapeLines, escapeText } from "../../../renderers/shared/escape";
import { useViewWords } from "./host";

// What is drawn at once: more comes when somebody asks for it.
const VALUES_SHOWN = 100;
const CHARACTERS_SHOWN = 20_000;

/** Any JSON value, to be opened level by level. */
export function JsonTree({ data }: { data: unknown }) {
  return (
    <div className="view-tree">
      <Value value={data} isOpen />
    </div>
  );
}

function Value({ name, value, isOpen = false }: { name?: string; value: unknown; isOpen?: boolean }) {
  const words = useViewWords();
  const [wasOpened, setWasOpened] = useState(isOpen);
  if (typeof value !== "object" || value === null) {
    return (
      <div>
        {name !== undefined && <Name name={name} />}
        <Leaf value={value} />
      </div>
    );
  }
  const count = numberText(Object.keys(value).length, words.language);
  return (
    <details open={isOpen} onToggle={(event) => event.currentTarget.open && setWasOpened(true)}>
      <summary>
        {name !== undefined && <Name name={name} />}
        <span className="view-quiet">{Array.isArray(value) ? words.items(count) : words.entries(count)}</span>
      </summary>
      {wasOpened && <Inner value={value} />}
    </details>
  );
}

function Inner({ value }: { value: object }) {
  const words = useViewWords();
  const [shown, setShown] = useState(VALUES_SHOWN);
  const entries = Object.entries(value);
  const hidden = entries.length - shown;
  return (
    <ul>
      {entries.slice(0, shown).map(([name, inner]) => (
        <li key={name}>
          <Value name={name} value={inner} />
        </li>
      ))}
      {hidden > 0 && (
        <li>
          <button type="button" className="view-link" onClick={() => setShown(shown + 10 * VALUES_SHOWN)}>
            {words.more(numberText(Math.min(hidden, 10 * VALUES_SHOWN), words.language))}
          </button>
        </li>
      )}
    </ul>
  );
}

function Name({ name }: { name: string }) {
  return (
    <bdi className="view-name">
      {escapeText(name)}
      {": "}
    </bdi>
  );
}

function Leaf({ value }: { value: unknown }) {
  const words = useViewWords();
  if (typeof value === "string")
    return <bdi className="view-string">{escapeLines(value.slice(0, CHARACTERS_SHOWN))}</bdi>;
  if (typeof value === "number" || typeof value === "boolean")
    return <code>{cellText(value, { ...words, yes: "true", no: "false" })}</code>;
  return <code className="view-quiet">null</code>;
}
