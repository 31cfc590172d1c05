// @ts-check
// Finding notes: every word must be there; title and tags count more than text, whole words more than parts.

import { notesLoad, titleOf, versionsList } from "./store.js";

/** @import { Context } from "oikos" */
/** @import { Entry } from "./store.js" */

/** @typedef {{ id: string, updated: number, title: string, tags: string[], context: string, score: number }} Hit */
/** @typedef {{ words: string[], tags: string[] }} Query */

// What is shown around the place that was found.
const CONTEXT_CHARACTERS = 100;
// Long texts are looked through in pieces of this length.
const PIECE_CHARACTERS = 2000;
const PLAIN = /^[\x00-\x7f]*$/;

/**
 * Lower case, without accents: so that "Cafe" finds "café".
 * @param {string} text
 */
export function fold(text) {
  if (PLAIN.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/**
 * @param {string[]} tags
 * @param {string} wanted
 */
export function matchesTag(tags, wanted) {
  const name = fold(wanted.replace(/^#/, ""));
  return tags.some((tag) => fold(tag) === name);
}

/**
 * @param {string} text
 * @returns {Query}
 */
export function queryParse(text) {
  /** @type {Query} */
  const query = { words: [], tags: [] };
  for (const [, phrase, word = ""] of text.matchAll(/"([^"]*)"?|(\S+)/g)) {
    if (phrase !== undefined) {
      const words = fold(phrase.trim());
      if (words !== "") query.words.push(words);
    } else if (word.startsWith("#") && word.length > 1) {
      query.tags.push(word.slice(1));
    } else {
      query.words.push(fold(word));
    }
  }
  return query;
}

/**
 * Places of a word in a folded text.
 * @param {string} text
 * @param {string} word
 */
function occurrences(text, word) {
  let times = 0;
  let first = -1;
  let whole = false;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
    if (times === 0) first = at;
    times += 1;
    whole ||= !isWordPart(text[at - 1]) && !isWordPart(text[at + word.length]);
    // Past this, more of the same says nothing new.
    if (times === 32) break;
  }
  return { times, first, whole };
}

/** @param {string | undefined} letter */
function isWordPart(letter) {
  return letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);
}

/**
 * How well a note fits, or `undefined` if it does not.
 * @param {Entry} entry
 * @param {Query} query
 * @returns {number | undefined}
 */
export function noteScore({ note }, query) {
  for (const tag of query.tags) if (!matchesTag(note.tags, tag)) return undefined;
  const title = fold(titleOf(note));
  const text = fold(note.text);
  const tags = note.tags.map(fold);
  let score = query.tags.length;
  for (const word of query.words) {
    const inTitle = occurrences(title, word);
    const inText = occurrences(text, word);
    const tagged = tags.includes(word);
    if (inTitle.times === 0 && inText.times === 0 && !tagged) return undefined;
    if (inTitle.times > 0) score += inTitle.whole ? 8 : 5;
    if (tagged) score += 6;
    // The tenth time says less than the second.
    if (inText.times > 0) score += (4 * inText.times) / (inText.times + 2) + (inText.whole ? 2 : 0);
  }
  return score;
}

/**
 * Where in a text a folded word stands first; 0 if it is not found.
 * @param {string} text
 * @param {string} word
 */
function firstPlace(text, word) {
  for (let start = 0; start < text.length; start += PIECE_CHARACTERS) {
    const piece = text.slice(start, start + PIECE_CHARACTERS);
    if (!fold(piece).includes(word)) continue;
    // Folding changes lengths, so each folded character of this piece remembers where it came from.
    const origin = [];
    let folded = "";
    let at = start;
    for (const letter of piece) {
      const letters = fold(letter);
      for (let i = 0; i < letters.length; i++) origin.push(at);
      folded += letters;
      at += letter.length;
    }
    return origin[folded.indexOf(word)] ?? start;
  }
  return 0;
}

/**
 * One line around the first place of the word that the text holds least often: the telling one.
 * @param {string} text
 * @param {Query} query
 */
export function contextOf(text, query) {
  const folded = fold(text);
  const found = query.words
    .map((word) => ({ word, times: occurrences(folded, word).times }))
    .filter(({ times }) => times > 0)
    .sort((a, b) => a.times - b.times);
  const first = found[0] === undefined ? 0 : firstPlace(text, found[0].word);
  let from = Math.max(0, first - Math.floor(CONTEXT_CHARACTERS / 3));
  // Begin at a word, and never in the middle of a character.
  if (from > 0) from += Math.max(0, text.slice(from, first).search(/\s/) + 1);
  const piece = [...text.slice(from)].slice(0, CONTEXT_CHARACTERS).join("");
  const line = piece.replace(/\s+/g, " ").trim();
  return `${from > 0 ? "…" : ""}${line}${from + piece.length < text.length ? "…" : ""}`;
}

/**
 * @param {Context} ctx
 * @param {string} text
 * @param {number} limit
 */
export async function notesSearch(ctx, text, limit) {
  const query = queryParse(text);
  if (query.words.length === 0 && query.tags.length === 0) throw new Error("the query has no word to look for");
  const versions = await versionsList(ctx);
  /** @type {{ score: number, entry: Entry }[]} */
  let best = [];
  let total = 0;
  let scanned = 0;
  for await (const batch of notesLoad(ctx, versions)) {
    scanned += batch.length;
    for (const entry of batch) {
      const score = noteScore(entry, query);
      if (score === undefined) continue;
      total += 1;
      best.push({ score, entry });
    }
    // Only the best stay in memory.
    best.sort((a, b) => b.score - a.score || b.entry.updated - a.entry.updated);
    best = best.slice(0, limit);
  }
  /** @type {Hit[]} */
  const hits = best.map(({ score, entry }) => ({
    id: entry.id,
    updated: entry.updated,
    title: titleOf(entry.note),
    tags: entry.note.tags,
    context: contextOf(entry.note.text, query),
    score,
  }));
  return { hits, total, scanned };
}
