import { INPUT } from "@/components/Field";
import type { Draft } from "./context";
import { useForm } from "./context";
import { Labelled, useControl, type Place } from "./Frame";
import { useDraft } from "./NumberField";
import { firstLostNumber } from "./numbers";
import { measure } from "./value";

const CHARACTERS_MAX = 1 << 20;
const DEPTH_MAX = 64;

/** A place whose schema has no fields of its own here. */
export function JsonField({ place }: { place: Place }) {
  const { words } = useForm();
  const control = useControl(place, true);
  const [text, write] = useDraft(place, (value) => (value === undefined ? "" : JSON.stringify(value, null, 2)));
  const read = (next: string): void => {
    if (next.trim() === "") return write(next, undefined);
    const result = readJson(next);
    if ("value" in result) write(next, result.value);
    else write(next, undefined, result.problem);
  };
  return (
    <Labelled place={place} ownHelp={words.json} withInner>
      <textarea
        {...control}
        readOnly={place.isReadOnly}
        disabled={control.disabled && !place.isReadOnly}
        dir="ltr"
        rows={5}
        spellCheck={false}
        className={`${INPUT} font-mono text-sm`}
        value={text}
        onChange={(event) => read(event.target.value)}
      />
    </Labelled>
  );
}

export const readJson = (text: string): { value: unknown } | { problem: Draft } => {
  if (text.length > CHARACTERS_MAX) return { problem: { code: "tooDeep" } };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: { code: "notJson" } };
  }
  if (measure(value).depth > DEPTH_MAX) return { problem: { code: "tooDeep" } };
  const lost = firstLostNumber(text);
  return lost === undefined ? { value } : { problem: { code: "lostNumber", detail: lost } };
};
