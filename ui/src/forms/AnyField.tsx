import { BooleanField, ChecksField, ChoiceField } from "./ChoiceField";
import { useForm } from "./context";
import { FileField } from "./FileField";
import { useControl, useLabel, type Place } from "./Frame";
import { GroupField } from "./GroupField";
import { JsonField } from "./JsonField";
import { ListField, TagsField } from "./ListField";
import { NumberField } from "./NumberField";
import { segments } from "./pointer";
import { isTrue, said, shapeOf, type Kind } from "./schema";
import { TextField } from "./TextField";
import type { Members } from "./value";

interface AnyProps {
  pointer: string;
  schemas: Members[];
  value: unknown;
  isRequired: boolean;
  isReadOnly: boolean;
  /** Where the place has no name of its own, such as a row. */
  label?: string;
}

const DEPTH_MAX = 12;
const CHECKS_MAX = 20;

/** Draws what the schema asks for at one place. */
export function AnyField(props: AnyProps) {
  const { document, hints } = useForm();
  const depth = segments(props.pointer).length;
  const { kind, schemas, isNullable } = shapeOf(document, props.schemas, props.value, depth);
  const label = useLabel(props.pointer, schemas, props.label);
  const isReadOnly = props.isReadOnly || said(schemas, "readOnly", isTrue) === true;
  const place: Place = { ...props, schemas, label, isReadOnly };
  if (hints?.fields?.[props.pointer]?.widget === "hidden") return null;
  // What an earlier answer left here is shown, never hidden behind a field that cannot hold it.
  const isDrawn = depth <= DEPTH_MAX && (props.value === undefined || props.value === null || fits(kind, props.value));
  return (
    <>
      {isDrawn && (!isNullable || props.value !== null) ? (
        <Drawn place={place} kind={kind} />
      ) : !isNullable || !isDrawn ? (
        <JsonField place={place} />
      ) : null}
      {isNullable && isDrawn && <NullSwitch place={place} />}
    </>
  );
}

const fits = (kind: Kind, value: unknown): boolean => {
  switch (kind.kind) {
    case "text":
    case "file":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && !Array.isArray(value);
    default:
      return true;
  }
};

function Drawn({ place, kind }: { place: Place; kind: Kind }) {
  const { document, hints } = useForm();
  switch (kind.kind) {
    case "text":
      return <TextField place={place} format={kind.format} />;
    case "number":
      return <NumberField place={place} isWhole={kind.isWhole} />;
    case "boolean":
      return <BooleanField place={place} />;
    case "choice":
      return <ChoiceField place={place} options={kind.options} />;
    case "file":
      return <FileField place={place} access={kind.access} isFolder={kind.isFolder} />;
    case "object":
      return <GroupField place={place} members={kind.members} />;
    case "json":
      return <JsonField place={place} />;
    case "array": {
      const inner = shapeOf(document, kind.items, undefined, 2).kind;
      const isUnique = said(place.schemas, "uniqueItems", isTrue) === true;
      if (inner.kind === "choice" && isUnique && inner.options.length <= CHECKS_MAX)
        return <ChecksField place={place} options={inner.options} />;
      if (inner.kind === "text" && hints?.fields?.[place.pointer]?.widget === "tags")
        return <TagsField place={place} />;
      return <ListField place={place} items={kind.items} />;
    }
  }
}

function NullSwitch({ place }: { place: Place }) {
  const { change, words } = useForm();
  const { disabled } = useControl(place);
  const isNull = place.value === null;
  return (
    <label className="-mt-2 inline-flex min-h-9 items-center gap-2.5 text-sm">
      <input
        type="checkbox"
        aria-label={`${place.label}: ${words.noValue}`}
        checked={isNull}
        disabled={disabled}
        onChange={() => change(place.pointer, isNull ? undefined : null)}
        className="size-4 shrink-0 accent-accent"
      />
      {isNull ? `${place.label}: ${words.noValue}` : words.noValue}
    </label>
  );
}
