// A sentence of oikos is a code and arguments. What stands in an argument is foreign text and is shown escaped.
import type { Schemas } from "@/api/client";
import { bytesText, millisText, numberText } from "@/text/amounts";
import { escapeText } from "@/text/escape";

type Sentence = Schemas["Sentence"];
type Arg = Schemas["Arg"];
/** Templates by code: the text, with `{name}` for each argument (`{name:one|many}`: a word in its number), and the names in the order of the arguments. */
export type Templates = Readonly<Record<string, { text: string; args: readonly string[] }>>;

const PLACE = /\{([a-z_]+)(?::([^|}]*)\|([^}]*))?\}/g;

export function sayIn(templates: Templates, language: string, sentence: Sentence): string {
  const template = Object.hasOwn(templates, sentence.code) ? templates[sentence.code] : undefined;
  const args = sentence.args ?? [];
  if (!template) {
    // A sentence of a newer oikos than this page.
    const said = args.map((arg) => argText(templates, language, arg)).join(", ");
    return [escapeText(sentence.code).replaceAll("_", " "), said].filter(Boolean).join(": ");
  }
  return template.text.replace(PLACE, (_place, name: string, one?: string, many?: string) => {
    const arg = args[template.args.indexOf(name)];
    if (!arg) return "?";
    if (one !== undefined && many !== undefined) return "number" in arg && arg.number === 1 ? one : many;
    return argText(templates, language, arg);
  });
}

function argText(templates: Templates, language: string, arg: Arg): string {
  if ("text" in arg) return escapeText(arg.text);
  if ("number" in arg) return numberText(arg.number, language);
  if ("bytes" in arg) return bytesText(arg.bytes, language);
  if ("millis" in arg) return millisText(arg.millis, language);
  if ("sentence" in arg) return sayIn(templates, language, arg.sentence);
  return arg.list.map(escapeText).join(", ");
}
