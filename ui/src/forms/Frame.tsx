import { useEffect, type ReactNode } from "react";
import { escapeLines, escapeText } from "@/text/escape";
import { useForm } from "./context";
import { elementId, segments } from "./pointer";
import { isText, said } from "./schema";
import type { Members } from "./value";

/** One place of a form, as its parent hands it to whatever draws it. */
export interface Place {
  pointer: string;
  schemas: Members[];
  value: unknown;
  isRequired: boolean;
  isReadOnly: boolean;
  label: string;
}

/** What ties a control to its label, help and problem. */
export interface ControlProps {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean | undefined;
  "aria-required": boolean | undefined;
  disabled: boolean;
}

export const useLabel = (pointer: string, schemas: Members[], fallback?: string): string => {
  const { hints, reportLabel } = useForm();
  const name = segments(pointer).at(-1) ?? "";
  const label =
    fallback ?? escapeText(hints?.fields?.[pointer]?.label ?? said(schemas, "title", isText) ?? labelFromName(name));
  useEffect(() => {
    reportLabel(pointer, label);
    return () => reportLabel(pointer, undefined);
  }, [reportLabel, pointer, label]);
  return label;
};

/** `group_by` as a person would write it, where the author gave no label. */
const labelFromName = (name: string): string => {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
};

export const useHelp = (place: Place): string | undefined => {
  const { hints } = useForm();
  const help = hints?.fields?.[place.pointer]?.help ?? said(place.schemas, "description", isText);
  return help === undefined ? undefined : escapeLines(help);
};

export const usePlaceholder = (place: Place): string | undefined => {
  const { hints } = useForm();
  const [example] = said(place.schemas, "examples", Array.isArray) ?? [];
  const hint = hints?.fields?.[place.pointer]?.placeholder ?? example;
  return typeof hint === "string" || typeof hint === "number" ? escapeText(String(hint)) : undefined;
};

export const useControl = (place: Place, withInner = false): ControlProps => {
  const form = useForm();
  const id = elementId(form.id, place.pointer);
  return {
    id,
    "aria-describedby": `${id}-help ${id}-problem`,
    "aria-invalid": form.messagesAt(place.pointer, withInner).length > 0 || undefined,
    "aria-required": place.isRequired || undefined,
    disabled: form.isDisabled || place.isReadOnly,
  };
};

/** The problem's line is always there, so that nothing moves when it gets words. */
export function Below({ place, ownHelp, withInner = false }: { place: Place; ownHelp?: string; withInner?: boolean }) {
  const form = useForm();
  const id = elementId(form.id, place.pointer);
  const lines = [
    useHelp(place),
    ownHelp,
    form.isUnchecked(place.pointer, withInner) ? form.words.notChecked : undefined,
  ];
  return (
    <>
      <div id={`${id}-help`} className="text-sm text-muted">
        {lines.map(
          (line) =>
            line && (
              <p key={line} dir="auto">
                {line}
              </p>
            ),
        )}
      </div>
      <p id={`${id}-problem`} className="min-h-5 text-sm text-danger">
        {form.messagesAt(place.pointer, withInner).join(" ")}
      </p>
    </>
  );
}

export function RequiredMark({ isRequired }: { isRequired: boolean }) {
  const { words } = useForm();
  return isRequired && <span className="font-normal text-muted"> ({words.required})</span>;
}

/** A control with its label above. */
export function Labelled(props: { place: Place; ownHelp?: string; withInner?: boolean; children: ReactNode }) {
  const { place, children, ...rest } = props;
  const form = useForm();
  return (
    <div className="min-w-0">
      <label htmlFor={elementId(form.id, place.pointer)} className="mb-1 block text-sm font-medium">
        <bdi>{place.label}</bdi>
        <RequiredMark isRequired={place.isRequired} />
      </label>
      {children}
      <Below place={place} {...rest} />
    </div>
  );
}

/** Several controls that belong together. */
export function Group(props: { place: Place; ownHelp?: string; isFramed?: boolean; children: ReactNode }) {
  const { place, isFramed = true, children, ...rest } = props;
  const { id, disabled, "aria-describedby": describedBy } = useControl(place);
  return (
    <fieldset
      id={id}
      tabIndex={-1}
      disabled={disabled}
      aria-describedby={describedBy}
      className={isFramed ? "min-w-0 rounded-lg border border-line px-4 pt-2 pb-1" : "min-w-0"}
    >
      <legend className={isFramed ? "px-1 text-sm font-medium" : "mb-1 text-sm font-medium"}>
        <bdi>{place.label}</bdi>
        <RequiredMark isRequired={place.isRequired} />
      </legend>
      {children}
      <Below place={place} {...rest} />
    </fieldset>
  );
}
