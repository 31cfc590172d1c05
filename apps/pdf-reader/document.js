// @ts-check
// One document, some pages at a time: how long a page is nobody knows before it is read.

/** @import { Context, PdfText, Result } from "oikos" */
/** @typedef {{ from?: number, to?: number }} Range */
/** @typedef {{ page: number, text: string }} Page */

// Pages that are asked for at once; fewer, where their text is more than one answer carries.
const STEP_PAGES = 64;
// Text that one run gives: more than anybody reads at once.
const TEXT_CHARACTERS_MAX = 2_000_000;
// What a value may have where it is drawn.
const SHOWN_CHARACTERS_MAX = 32_000;
// Places that are shown; the rest is counted.
const PLACES_SHOWN = 200;
// Letters on either side of a place.
const AROUND_CHARACTERS = 90;

/**
 * @param {string} path
 * @param {Range} range
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function pagesRead(path, range, ctx) {
  /** @type {Page[]} */
  const pages = [];
  let characters = 0;
  let document;
  for await (const part of parts(path, range, ctx)) {
    document = part;
    for (const page of part.pages) {
      if (characters + page.text.length > TEXT_CHARACTERS_MAX) break;
      characters += page.text.length;
      pages.push(page);
    }
    if (pages.at(-1)?.page !== part.pages.at(-1)?.page) break;
  }
  const pageCount = document?.pageCount ?? 0;
  const last = pages.at(-1)?.page ?? 0;
  const wanted = Math.min(range.to ?? pageCount, pageCount);
  const shown = pages.map(({ page, text }) => `— page ${page} of ${pageCount} —\n${text === "" ? "(no text on this page)" : text}`);
  if (last < wanted) shown.push(`More than is given at once: go on from page ${last + 1}.`);
  const entries = pages.map(({ page, text }) => ({ key: `Page ${page}`, value: text.slice(0, SHOWN_CHARACTERS_MAX) }));
  return {
    data: { title: document?.metadata.title ?? "", entries: entries.slice(0, 2000), pages, pageCount },
    summary: shown.join("\n\n"),
    renderer: "key-value",
  };
}

/**
 * @param {string} path
 * @param {string} query
 * @param {Range} range
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function placesFind(path, query, range, ctx) {
  const wanted = folded(query).trim();
  if (wanted === "") throw new Error("there is no word in the query");
  /** @type {{ title: string, text: string, page: number }[]} */
  const results = [];
  let total = 0;
  let pageCount = 0;
  let looked = 0;
  for await (const part of parts(path, range, ctx)) {
    pageCount = part.pageCount;
    for (const { page, text } of part.pages) {
      looked += 1;
      const line = spaced(text);
      const searched = folded(line);
      const placeOf = searched.length === line.length ? undefined : places(line);
      for (let at = searched.indexOf(wanted); at >= 0; at = searched.indexOf(wanted, at + wanted.length)) {
        total += 1;
        if (results.length >= PLACES_SHOWN) continue;
        const from = placeOf?.[at] ?? at;
        const to = placeOf?.[at + wanted.length] ?? at + wanted.length;
        results.push({ title: `Page ${page}`, text: around(line, from, to), page });
      }
    }
  }
  const inPages = `${looked} of ${count(pageCount, "page")}`;
  if (total === 0) {
    return { data: { query, results, total }, summary: `“${query}” is nowhere in ${inPages}.`, renderer: "search-cards" };
  }
  const lines = results.map(({ page, text }) => `  page ${page}: ${text}`);
  if (results.length < total) lines.push(`  and ${total - results.length} more`);
  const summary = `${count(total, "place")} in ${inPages}:\n${lines.join("\n")}`;
  return { data: { query, results, total }, summary, renderer: "search-cards" };
}

/**
 * @param {string} path
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function about(path, ctx) {
  const { pageCount, metadata } = await ctx.tools.pdf.text(path, { from: 1, to: 1 });
  const names = /** @type {const} */ (["title", "author", "subject", "keywords", "created", "modified", "creator", "producer"]);
  const entries = names.flatMap((name) => {
    const value = metadata[name];
    return value === undefined ? [] : [{ key: capital(name), value }];
  });
  entries.unshift({ key: "Pages", value: String(pageCount) });
  return {
    data: { title: metadata.title ?? "", entries, pageCount, metadata },
    summary: entries.map(({ key, value }) => `${key}: ${value}`).join("\n"),
    renderer: "key-value",
  };
}

/**
 * @param {string} path
 * @param {Range} range
 * @param {Context} ctx
 * @returns {AsyncGenerator<PdfText>}
 */
async function* parts(path, range, ctx) {
  if (range.from !== undefined && range.to !== undefined && range.to < range.from) {
    throw new Error("the last page comes before the first");
  }
  let step = STEP_PAGES;
  let from = range.from ?? 1;
  for (;;) {
    const to = Math.min(from + step - 1, range.to ?? Infinity);
    let part;
    try {
      part = await ctx.tools.pdf.text(path, { from, to });
    } catch (error) {
      if (/** @type {any} */ (error)?.code !== "too_large" || step === 1) throw error;
      step = Math.ceil(step / 4);
      continue;
    }
    yield part;
    from = to + 1;
    if (from > Math.min(part.pageCount, range.to ?? part.pageCount)) return;
  }
}

/** @param {string} text */
const spaced = (text) => text.replace(/\s+/g, " ");
/** @param {string} text */
const folded = (text) => spaced(text).normalize("NFKC").toLowerCase();
/** @param {string} word */
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);
/** @param {number} number @param {string} word */
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/**
 * Where each letter of the folded text stands in the text itself: folding can make several of one.
 *
 * @param {string} text
 */
function places(text) {
  /** @type {number[]} */
  const found = [];
  let at = 0;
  for (const letter of text) {
    for (let part = folded(letter).length; part > 0; part--) found.push(at);
    at += letter.length;
  }
  found.push(at);
  return found;
}

/** @param {string} text @param {number} start @param {number} end */
function around(text, start, end) {
  const from = Math.max(0, start - AROUND_CHARACTERS);
  const to = Math.min(text.length, end + AROUND_CHARACTERS);
  return (from > 0 ? "…" : "") + text.slice(from, to).trim() + (to < text.length ? "…" : "");
}
