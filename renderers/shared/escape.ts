// Foreign text made safe to show, character for character as `crates/protocol/src/text.rs` does it: nothing that an
// author or a file writes can hide a word or turn a line around.

// C0 and C1 controls, bidirectional controls, zero-width and other default-ignorable characters, private use, tags,
// line and paragraph separators; and halves of surrogate pairs, which only this side can meet.
const DECEPTIVE =
  "\\u{0}-\\u{1F}\\u{7F}-\\u{9F}\\u{AD}\\u{34F}\\u{61C}\\u{115F}-\\u{1160}\\u{17B4}-\\u{17B5}\\u{180B}-\\u{180F}" +
  "\\u{200B}-\\u{200F}\\u{2028}-\\u{202E}\\u{2060}-\\u{206F}\\u{3164}\\u{D800}-\\u{DFFF}\\u{E000}-\\u{F8FF}" +
  "\\u{FE00}-\\u{FE0F}\\u{FEFF}\\u{FFA0}\\u{FFF0}-\\u{FFFB}\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}" +
  "\\u{E0000}-\\u{E0FFF}\\u{F0000}-\\u{10FFFF}";
const ANY_DECEPTIVE = new RegExp(`[${DECEPTIVE}]`, "u");
const EACH_DECEPTIVE = new RegExp(`[${DECEPTIVE}]`, "gu");

const WRITTEN: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** For text that stays on one line: line breaks and tabs become `\n` and `\t`. */
export function escapeText(text: string): string {
  if (!ANY_DECEPTIVE.test(text)) return text;
  return text.replace(EACH_DECEPTIVE, (character) => WRITTEN[character] ?? visible(character));
}

/** For text over several lines: line breaks and tabs stay. */
export function escapeLines(text: string): string {
  if (!ANY_DECEPTIVE.test(text)) return text;
  return text.replace(EACH_DECEPTIVE, (character) =>
    character === "\n" || character === "\t" ? character : visible(character),
  );
}

/** As `escapeText`, then at most so many characters, with `…` where something was cut. */
export function shortenText(text: string, charactersMax: number): string {
  // Twice as many code units hold as many characters at least, and cutting first keeps a huge text cheap.
  const head = Array.from(text.slice(0, 2 * (charactersMax + 1))).slice(0, charactersMax + 1);
  const escaped = Array.from(escapeText(head.join("")));
  if (escaped.length <= charactersMax) return escaped.join("");
  return `${escaped.slice(0, charactersMax - 1).join("")}…`;
}
