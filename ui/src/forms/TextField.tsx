import { INPUT } from "@/components/Field";
import { useForm } from "./context";
import { Labelled, useControl, usePlaceholder, type Place } from "./Frame";
import { isDate, withOffset, withoutOffset } from "./moment";
import { isNumeric, said } from "./schema";

const TYPES: Record<string, string> = { email: "email", uri: "url" };
const PATTERNS: Record<string, RegExp> = { time: /^\d{2}:\d{2}(:\d{2})?$/ };

export function TextField({ place, format }: { place: Place; format: string | undefined }) {
  const { change, hints, words } = useForm();
  const control = { ...useControl(place), dir: "auto" };
  const placeholder = usePlaceholder(place);
  const text = typeof place.value === "string" ? place.value : "";
  const widget = hints?.fields?.[place.pointer]?.widget;
  // An empty field means "not given", but where the author says that empty text is an answer of its own.
  const isEmptyAnAnswer = said(place.schemas, "minLength", isNumeric) === 0;
  const set = (next: string): void => change(place.pointer, next === "" && !isEmptyAnAnswer ? undefined : next);
  const common = {
    ...control,
    placeholder,
    readOnly: place.isReadOnly,
    disabled: control.disabled && !place.isReadOnly,
  };

  // One line cannot show several, and would drop their breaks silently.
  const isLong = widget === "textarea" || widget === "code" || text.includes("\n");
  return (
    <Labelled place={place}>
      {isLong ? (
        <textarea
          {...common}
          rows={widget === "code" ? 10 : 5}
          spellCheck={widget !== "code"}
          className={`${INPUT} ${widget === "code" ? "font-mono" : ""}`}
          value={text}
          onChange={(event) => set(event.target.value)}
        />
      ) : (
        <span className="flex gap-2">
          <input
            {...common}
            {...pickerFor(widget, format, text)}
            className={INPUT}
            onChange={(event) =>
              set(
                format === "date-time" && event.target.type === "datetime-local"
                  ? withOffset(event.target.value)
                  : event.target.value,
              )
            }
          />
          {widget === "color" && (
            <input
              type="color"
              aria-label={`${place.label}: ${words.pickColor}`}
              disabled={control.disabled}
              value={/^#[0-9a-f]{6}$/i.test(text) ? text.toLowerCase() : "#000000"}
              onChange={(event) => set(event.target.value)}
              className="h-10 w-12 shrink-0 rounded-lg border border-control bg-surface p-1"
            />
          )}
        </span>
      )}
    </Labelled>
  );
}

/** A browser's own picker, only where it shows the value that is there: it would show any other as empty. */
const pickerFor = (widget: string | undefined, format: string | undefined, text: string) => {
  if (widget === "password") return { type: "password", autoComplete: "off", value: text };
  if ((widget ?? format) === "date" && (text === "" || isDate(text))) return { type: "date", value: text };
  if (widget === "time" && (text === "" || PATTERNS["time"]?.test(text))) return { type: "time", step: 1, value: text };
  const local = text === "" ? "" : withoutOffset(text);
  if (format === "date-time" && local !== undefined) return { type: "datetime-local", step: 1, value: local };
  const type = format !== undefined && Object.hasOwn(TYPES, format) ? TYPES[format] : "text";
  // These two trim what they show.
  return { type: text === text.trim() ? type : "text", value: text };
};
