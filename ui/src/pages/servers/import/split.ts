// A command line, as words: what a shell would make of its quotes, and nothing else of what a shell does.

export interface Split {
  words: string[];
  /** A quote that does not end. */
  isOpen: boolean;
  /** It has signs that only a shell understands, outside of quotes. Here they are text. */
  hasShell: boolean;
}

const SHELL = /[|&;<>`]|\$[({A-Za-z_]/;

export function split(line: string): Split {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  let bare = "";
  for (let place = 0; place < line.length; place += 1) {
    const sign = line.charAt(place);
    const next = line.charAt(place + 1);
    // Only before what it is needed for: elsewhere it is a part of a path.
    if (
      sign === "\\" &&
      quote !== "'" &&
      next !== "" &&
      /["'\\\s]/.test(next) &&
      (quote === null || /["\\]/.test(next))
    ) {
      word = (word ?? "") + next;
      place += 1;
    } else if (quote !== null) {
      if (sign === quote) quote = null;
      else word = (word ?? "") + sign;
    } else if (sign === '"' || sign === "'") {
      quote = sign;
      word ??= "";
    } else if (/\s/.test(sign)) {
      if (word !== null) words.push(word);
      word = null;
      bare += " ";
    } else {
      word = (word ?? "") + sign;
      bare += sign;
    }
  }
  if (word !== null) words.push(word);
  return { words, isOpen: quote !== null, hasShell: SHELL.test(bare) };
}
