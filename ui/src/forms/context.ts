/** What every field of one form shares. */
import { createContext, useContext, type ReactNode } from "react";
import type { SchemaDocument } from "./reference";
import type { Words } from "./words";

export interface FieldHint {
  widget?: string;
  label?: string;
  help?: string;
  placeholder?: string;
}

/** One action's part of `ui-schema.json`. */
export interface FormHints {
  order?: readonly string[];
  fields?: Readonly<Record<string, FieldHint>>;
  submit?: string;
  renderer?: string;
}

/** What stands in a field and is no value yet. */
export interface Draft {
  code: "notNumber" | "notKept" | "notJson" | "tooDeep" | "lostNumber";
  detail?: string;
}

/** What the page needs for drawing the choice of a file or folder. */
export interface FileSlot {
  /** For the control; the label points to it. */
  id: string;
  /** The property of the input. */
  name: string;
  pointer: string;
  label: string;
  access: "read" | "write";
  isFolder: boolean;
  isRequired: boolean;
  isInvalid: boolean;
  isDisabled: boolean;
  describedBy: string;
  value: unknown;
  /** A string stands for the file; `undefined` takes it away. */
  onChange: (value: string | undefined) => void;
}

export interface Form {
  id: string;
  document: SchemaDocument;
  words: Words;
  hints: FormHints | undefined;
  isDisabled: boolean;
  renderFile: ((slot: FileSlot) => ReactNode) | undefined;
  change: (pointer: string, value: unknown) => void;
  /** Keeps the form from being sent while a field holds something that is no value. */
  reportDraft: (field: string, pointer: string, draft: Draft | undefined) => void;
  reportLabel: (pointer: string, label: string | undefined) => void;
  /** With what is wrong inside of a place that is edited as a whole. */
  messagesAt: (pointer: string, withInner?: boolean) => string[];
  isUnchecked: (pointer: string, withInner: boolean) => boolean;
}

export const FormContext = createContext<Form | undefined>(undefined);

export const useForm = (): Form => {
  const form = useContext(FormContext);
  if (form === undefined) throw new Error("a field outside of a form");
  return form;
};
