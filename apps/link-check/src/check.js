// @ts-check
// Asks for each link, several at a time. A head is enough; whoever refuses heads is asked for the whole.

import { linksOf } from "./links.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ link: string, state: "fine" | "broken" | "not_allowed", status?: number, why?: string }} Checked */

// Links of one run.
const LINKS_MAX = 200;
// Requests at once: what a browser does, and no more than a small server bears.
const AT_ONCE = 6;
// Links that the summary names; data has them all.
const SHOWN = 20;

/**
 * @param {{ url: string }} asked
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function page(asked, ctx) {
  const response = await ctx.tools.http.fetch(asked.url);
  if (!response.ok) throw new Error(`${asked.url} answered ${response.status}`);
  const found = linksOf(response.text(), response.url, LINKS_MAX + 1);
  const result = await links(found.slice(0, LINKS_MAX), ctx);
  if (found.length <= LINKS_MAX) return result;
  return { ...result, summary: `${result.summary}\nOnly the first ${LINKS_MAX} links were looked at.` };
}

/**
 * @param {string[]} list
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function links(list, ctx) {
  const all = [...new Set(list)];
  /** @type {Checked[]} */
  const checked = new Array(all.length);
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < all.length) {
      const place = next++;
      checked[place] = await check(/** @type {string} */ (all[place]), ctx);
      done++;
      await ctx.push_stream("progress", { done, total: all.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, worker));
  return { data: { links: checked }, summary: summary(checked) };
}

/**
 * @param {string} link
 * @param {Context} ctx
 * @returns {Promise<Checked>}
 */
async function check(link, ctx) {
  try {
    let { status } = await ctx.tools.http.fetch(link, { method: "HEAD" });
    if (status === 403 || status === 405 || status === 501) ({ status } = await ctx.tools.http.fetch(link));
    return { link, state: status < 400 ? "fine" : "broken", status };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const denied = /** @type {any} */ (error)?.code === "permission_denied";
    return { link, state: denied ? "not_allowed" : "broken", why };
  }
}

/** @param {Checked[]} checked */
function summary(checked) {
  if (checked.length === 0) return "There are no links.";
  const of = (/** @type {string} */ state) => checked.filter((one) => one.state === state);
  const lines = [`${of("fine").length} of ${count(checked.length)} lead somewhere.`];
  const tell = (/** @type {string} */ title, /** @type {Checked[]} */ some) => {
    if (some.length === 0) return;
    lines.push(title);
    for (const { link, status, why } of some.slice(0, SHOWN)) lines.push(`  ${link}: ${why ?? `answered ${status}`}`);
    if (some.length > SHOWN) lines.push(`  … and ${some.length - SHOWN} more`);
  };
  tell("Broken:", of("broken"));
  tell("Not looked at, because you have not allowed it:", of("not_allowed"));
  return lines.join("\n");
}

/** @param {number} links */
function count(links) {
  return links === 1 ? "1 link" : `${links} links`;
}
