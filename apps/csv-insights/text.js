// @ts-check
// Numbers and tables as text.

const SEPARATOR = /\B(?=(\d{3})+$)/g;

/**
 * A whole number with its thousands apart.
 * @param {number} number
 */
export function grouped(number) {
  return String(number).replace(SEPARATOR, ",");
}

/**
 * @param {number} number
 * @param {string} word
 */
export function count(number, word) {
  return `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;
}

/**
 * A number that is no count: six digits say enough.
 * @param {number | null} number
 */
export function preciseEnough(number) {
  return number === null ? "" : String(Number(number.toPrecision(6)));
}

/**
 * On one line, and not longer than that.
 * @param {string} text
 * @param {number} characters
 */
export function shortText(text, characters) {
  const letters = [...text.slice(0, 4 * characters).replace(/\s+/g, " ")];
  return letters.length <= characters ? letters.join("") : `${letters.slice(0, characters - 1).join("")}…`;
}

/**
 * Rows as columns of the same width.
 * @param {readonly (readonly string[])[]} rows
 * @param {readonly number[]} [right] columns that are aligned to the right
 */
export function alignedRows(rows, right = []) {
  /** @type {number[]} */
  const widths = [];
  for (const row of rows) {
    row.forEach((field, place) => {
      widths[place] = Math.max(widths[place] ?? 0, width(field));
    });
  }
  return rows
    .map((row) =>
      row
        .map((field, place) => {
          const padding = " ".repeat(/** @type {number} */ (widths[place]) - width(field));
          return right.includes(place) ? padding + field : field + padding;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// Columns of a terminal that a text takes: East Asian characters and emoji take two, marks take none.
/** @param {string} text */
function width(text) {
  let columns = 0;
  for (const letter of text) {
    if (/\p{M}/u.test(letter)) continue;
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(letter) ? 2 : 1;
  }
  return columns;
}
