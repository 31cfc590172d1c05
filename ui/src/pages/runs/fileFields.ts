// File fields of an input, and what a person chose for them.
import { FILE_BYTES_MAX } from "@/api/files";

export interface FileFieldInfo {
  name: string;
  label: string;
  access: "read" | "write";
  isFolder: boolean;
  isRequired: boolean;
}

export type FileChoice =
  | { way: "device"; file: File | null }
  /** A new file, for the run to write. */
  | { way: "new"; called: string }
  /** Handed over before, and still there. */
  | { way: "handed"; id: string; called: string }
  | { way: "path"; path: string };

const FORMATS: Record<string, Pick<FileFieldInfo, "access" | "isFolder">> = {
  "input-file": { access: "read", isFolder: false },
  "output-file": { access: "write", isFolder: false },
  "input-folder": { access: "read", isFolder: true },
  "output-folder": { access: "write", isFolder: true },
};
/** With a drive letter or as a share, where oikos runs on Windows. */
const ABSOLUTE = /^(\/|[A-Za-z]:[\\/]|\\\\)/;

type Members = Record<string, unknown>;
const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Only a property of the input itself is ever a file that a person hands over. */
export function fileFieldsOf(schema: unknown): FileFieldInfo[] {
  if (!isMembers(schema) || !isMembers(schema["properties"])) return [];
  const required = Array.isArray(schema["required"]) ? (schema["required"] as unknown[]) : [];
  return Object.entries(schema["properties"]).flatMap(([name, property]) => {
    if (!isMembers(property) || typeof property["format"] !== "string") return [];
    const kind = Object.hasOwn(FORMATS, property["format"]) ? FORMATS[property["format"]] : undefined;
    const title = typeof property["title"] === "string" ? property["title"] : name;
    return kind ? [{ name, label: title, ...kind, isRequired: required.includes(name) }] : [];
  });
}

/** This device for a file, a path for a folder: a browser hands over no folders. */
export function firstChoice({ access, isFolder }: Pick<FileFieldInfo, "access" | "isFolder">): FileChoice {
  if (isFolder) return { way: "path", path: "" };
  return access === "write" ? { way: "new", called: "" } : { way: "device", file: null };
}

/** What stands for it in the input until it is handed over; nothing where nothing is chosen. */
export function textOf(choice: FileChoice): string | undefined {
  switch (choice.way) {
    case "device":
      return choice.file?.name;
    case "path":
      return choice.path.trim() || undefined;
    default:
      return choice.called.trim() || undefined;
  }
}

/** Why a choice cannot be handed over. */
export function wrongWith(choice: FileChoice): "notAbsolute" | "tooLarge" | null {
  if (choice.way === "path") return choice.path.trim() && !ABSOLUTE.test(choice.path.trim()) ? "notAbsolute" : null;
  return choice.way === "device" && choice.file && choice.file.size > FILE_BYTES_MAX ? "tooLarge" : null;
}

/** The input without its file fields: those go beside it. */
export function withoutFiles(input: unknown, fields: readonly FileFieldInfo[]): unknown {
  if (!isMembers(input)) return input;
  const names = new Set(fields.map(({ name }) => name));
  return Object.fromEntries(Object.entries(input).filter(([name]) => !names.has(name)));
}
