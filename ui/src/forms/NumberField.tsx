import { useEffect, useId, useState } from "react";
import { INPUT } from "@/components/Field";
import { useForm, type Draft } from "./context";
import { Labelled, useControl, usePlaceholder, type Place } from "./Frame";
import { readNumber } from "./numbers";
import { isNumeric, said } from "./schema";

/** Text, as a browser's own number field hides what it does not understand, and rounds. */
export function NumberField({ place, isWhole }: { place: Place; isWhole: boolean }) {
  const { hints, words } = useForm();
  const control = useControl(place);
  const placeholder = usePlaceholder(place);
  const [text, setText] = useDraft(place, (value) => (isNumeric(value) ? String(value) : ""));
  const smallest = said(place.schemas, "minimum", isNumeric);
  const largest = said(place.schemas, "maximum", isNumeric);
  const isSlider =
    hints?.fields?.[place.pointer]?.widget === "slider" && smallest !== undefined && largest !== undefined;

  const write = (next: string): void => {
    if (next.trim() === "") return setText(next, undefined);
    const read = readNumber(next);
    if ("value" in read) setText(next, read.value);
    else setText(next, undefined, { code: read.problem });
  };
  return (
    <Labelled place={place}>
      <span className="flex items-center gap-3">
        <input
          {...control}
          readOnly={place.isReadOnly}
          disabled={control.disabled && !place.isReadOnly}
          type="text"
          // Phones offer no minus on the keys for numbers.
          inputMode={smallest === undefined || smallest < 0 ? undefined : isWhole ? "numeric" : "decimal"}
          autoComplete="off"
          placeholder={placeholder}
          className={INPUT}
          value={text}
          onChange={(event) => write(event.target.value)}
        />
        {isSlider && (
          <input
            type="range"
            aria-label={words.slider(place.label)}
            disabled={control.disabled}
            min={smallest}
            max={largest}
            step={said(place.schemas, "multipleOf", isNumeric) ?? (isWhole ? 1 : "any")}
            value={isNumeric(place.value) ? place.value : smallest}
            onChange={(event) => write(event.target.value)}
            className="min-h-10 w-full accent-accent"
          />
        )}
      </span>
    </Labelled>
  );
}

/** What was typed, for as long as the value it stands for is still the one in the form. */
export const useDraft = (
  { pointer, value }: Place,
  shown: (value: unknown) => string,
): [text: string, write: (text: string, value: unknown, problem?: Draft) => void] => {
  const { change, reportDraft } = useForm();
  const field = useId();
  const [draft, setDraft] = useState<{ text: string; value: unknown; problem: Draft | undefined }>();
  const current = draft !== undefined && Object.is(draft.value, value) ? draft : undefined;
  const problem = current?.problem;
  useEffect(() => {
    reportDraft(field, pointer, problem);
    return () => reportDraft(field, pointer, undefined);
  }, [reportDraft, field, pointer, problem]);
  const write = (text: string, next: unknown, found?: Draft): void => {
    setDraft({ text, value: next, problem: found });
    change(pointer, next);
  };
  return [current?.text ?? shown(value), write];
};
