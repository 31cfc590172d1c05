// @ts-check
// A page is kept as the lines of text that a reader sees. What is new among them, and what is gone, is what has changed.

import { textLines } from "./text.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ url: string, at: number, lines: string[] }} Page */
/** @typedef {{ url: string, state: "same" | "changed" | "failed", added: string[], removed: string[], why?: string }} Look */

// Pages that one run looks at, and what is kept of each: together they fit into the storage that the card shows.
const PAGES_MAX = 50;
const PAGE_CHARACTERS_MAX = 100_000;
// Lines of one page that a report shows; the rest is counted.
const LINES_SHOWN = 10;

/**
 * @param {{ url: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function watch(payload, ctx) {
  const { url } = payload;
  const known = await ctx.storage.list("page/");
  if (!known.includes(key(url)) && known.length >= PAGES_MAX) {
    throw new Error(`${PAGES_MAX} pages are watched already: forget one of them first`);
  }
  const page = await pageRead(url, ctx);
  await ctx.storage.set(key(url), page);
  return { data: { url, lines: page.lines.length }, summary: `Watching ${url} (${count(page.lines.length, "line")} of text).` };
}

/**
 * @param {object} _
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function check(_, ctx) {
  const keys = await ctx.storage.list({ prefix: "page/", limit: PAGES_MAX });
  /** @type {Look[]} */
  const looks = [];
  let denied;
  for (const name of keys) {
    const before = await ctx.storage.get(name);
    if (before === undefined) continue;
    try {
      const now = await pageRead(before.url, ctx);
      const look = difference(before, now);
      looks.push(look);
      if (look.state === "changed") await ctx.storage.set(name, now);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      looks.push({ url: before.url, state: "failed", added: [], removed: [], why });
      if (/** @type {any} */ (error)?.code === "permission_denied") denied ??= error;
    }
  }
  // Nothing could be seen for want of a yes: that is the answer, with the command that would be one.
  if (denied !== undefined && looks.every((look) => look.state === "failed")) throw denied;
  return { data: { pages: looks }, summary: report(looks) };
}

/**
 * @param {object} _
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function pages(_, ctx) {
  /** @type {string[]} */
  const urls = [];
  for (const name of await ctx.storage.list({ prefix: "page/", limit: PAGES_MAX })) {
    const page = await ctx.storage.get(name);
    if (page !== undefined) urls.push(page.url);
  }
  const summary = urls.length === 0 ? "No page is watched." : `${count(urls.length, "page")}\n${urls.map((url) => `  ${url}`).join("\n")}`;
  return { data: { pages: urls }, summary };
}

/**
 * @param {{ url: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function forget(payload, ctx) {
  const { url } = payload;
  const was = url.length <= 2000 && (await ctx.storage.delete(key(url)));
  if (!was) throw new Error(`${url} is not watched`);
  return { data: { url }, summary: `${url} is watched no more.` };
}

/**
 * @param {string} url
 * @param {Context} ctx
 * @returns {Promise<Page>}
 */
async function pageRead(url, ctx) {
  const response = await ctx.tools.http.fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const type = response.headers["content-type"] ?? "text/html";
  if (!/^(text\/|application\/(json|xml|xhtml))/.test(type)) throw new Error(`${url} is no text (${type.slice(0, 60)})`);
  const text = response.text();
  const lines = /html|xml/.test(type) ? textLines(text) : text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  let room = PAGE_CHARACTERS_MAX;
  const kept = lines.filter((line) => (room -= line.length) >= 0);
  return { url, at: Date.now(), lines: kept };
}

/**
 * What is new and what is gone, each line as often as it is.
 *
 * @param {Page} before
 * @param {Page} now
 * @returns {Look}
 */
function difference(before, now) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const line of before.lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  /** @type {string[]} */
  const added = [];
  for (const line of now.lines) {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    else added.push(line);
  }
  /** @type {string[]} */
  const removed = [];
  for (const line of before.lines) {
    const left = counts.get(line) ?? 0;
    if (left > 0) {
      counts.set(line, left - 1);
      removed.push(line);
    }
  }
  const state = added.length + removed.length === 0 ? "same" : "changed";
  return { url: now.url, state, added, removed };
}

/** @param {Look[]} looks */
function report(looks) {
  if (looks.length === 0) return "No page is watched.";
  return looks
    .map((look) => {
      if (look.state === "failed") return `${look.url}: could not be read: ${look.why}`;
      if (look.state === "same") return `${look.url}: as it was`;
      return [`${look.url}: changed`, ...shown("+", look.added), ...shown("-", look.removed)].join("\n");
    })
    .join("\n");
}

/**
 * @param {string} mark
 * @param {string[]} lines
 */
function shown(mark, lines) {
  const first = lines.slice(0, LINES_SHOWN).map((line) => `  ${mark} ${line.slice(0, 200)}`);
  return lines.length > LINES_SHOWN ? [...first, `  ${mark} … and ${count(lines.length - LINES_SHOWN, "more line")}`] : first;
}

/** @param {string} url */
function key(url) {
  // A storage key has at most 512 bytes; two addresses that are cut to one would be one page.
  let hash = 0;
  for (let i = 0; i < url.length; i++) hash = (Math.imul(hash, 31) + url.charCodeAt(i)) | 0;
  return `page/${encodeURIComponent(url).slice(0, 300)}/${(hash >>> 0).toString(16)}`;
}

/**
 * @param {number} number
 * @param {string} what
 */
function count(number, what) {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
