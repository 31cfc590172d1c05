// Which actions fit what was typed, best first. Each word has to fit: the beginning of a word of the label is best, then
// a place within it, then other words for the deed, then letters that stand in the label in this order.

const plain = (text: string) =>
  text
    .normalize("NFD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase();

const START = 8;
const WITHIN = 5;
const KEYWORD = 3;
const LETTERS = 1;

/** How well one text fits; 0: not at all. */
export function fit(typed: string, label: string, keywords = ""): number {
  const [where, also] = [plain(label), plain(keywords)];
  let sum = 0;
  for (const word of plain(typed).split(/\s+/).filter(Boolean)) {
    const found = wordFit(word, where, also);
    if (found === 0) return 0;
    sum += found;
  }
  return sum;
}

function wordFit(word: string, label: string, keywords: string): number {
  if (new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}`, "u").test(label)) return START;
  if (label.includes(word)) return WITHIN;
  if (keywords.includes(word)) return KEYWORD;
  return word.length > 1 && hasInOrder(word, label) ? LETTERS : 0;
}

const escaped = (word: string) => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

function hasInOrder(letters: string, text: string): boolean {
  let from = 0;
  for (const letter of letters) {
    const at = text.indexOf(letter, from);
    if (at < 0) return false;
    from = at + letter.length;
  }
  return true;
}

/** What fits, best first; as it was where nothing was typed. */
export function ranked<T>(
  typed: string,
  items: readonly T[],
  texts: (item: T) => { label: string; keywords?: string },
) {
  if (typed.trim() === "") return [...items];
  return items
    .map((item) => {
      const { label, keywords } = texts(item);
      return { item, score: fit(typed, label, keywords) };
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ item }) => item);
}
