// @ts-check
// Looking at a folder, and moving its files as planned.

import { MOVES_MAX, planId, planMake } from "./plan.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ folder?: string, by?: "kind" | "month" }} Asked */

// Lines of a plan that a summary shows: a screenful.
const LINES_MAX = 30;

/**
 * @param {Asked} args
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function propose(args, ctx) {
  const { folder, plan, id } = await planned(args, ctx);
  const data = { folder, plan: id, ...plan };
  if (plan.moves.length === 0) return { data, summary: `${folder} is tidy: there is nothing to move.` };
  return { data, summary: `${count(plan.moves.length)} of ${folder} would be moved.\n${told(plan)}\nplan ${id}` };
}

/**
 * @param {Asked & { plan?: string }} args
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function tidy(args, ctx) {
  const { folder, plan, id } = await planned(args, ctx);
  if (args.plan !== undefined && args.plan !== id) {
    throw new Error(`${folder} has changed since that plan was made, so nothing was moved; propose a new one`);
  }
  const moved = [];
  const stays = [...plan.stays];
  let denied;
  for (const { name, folder: into, to } of plan.moves) {
    try {
      await ctx.tools.file.move(`${folder}/${name}`, `${folder}/${into}/${to}`);
      moved.push({ name, folder: into, to });
    } catch (error) {
      const { code, message } = /** @type {import("oikos").OikosError} */ (error);
      // One file that is in use, has gone or may not be touched keeps no other from being tidied.
      if (!["conflict", "file_unusable", "not_found", "permission_denied"].includes(code)) throw error;
      if (code === "permission_denied") denied ??= error;
      stays.push({ name, why: message });
    }
  }
  // Where nothing at all may be moved, that is what the person should see.
  if (moved.length === 0 && denied !== undefined) throw denied;
  const data = { folder, plan: id, moves: moved, stays, more: plan.more };
  if (plan.moves.length === 0) return { data, summary: `${folder} is tidy: there was nothing to move.` };
  return { data, summary: `Moved ${count(moved.length)} of ${folder}.\n${told(data)}` };
}

/**
 * @param {Asked} args
 * @param {Context} ctx
 */
async function planned(args, ctx) {
  const folder = args.folder === undefined ? await onlyFolder(ctx) : args.folder.replace(/\/+$/, "");
  const { entries } = await ctx.tools.file.list(folder);
  /** @type {Map<string, Set<string>>} */
  const names = new Map();
  for (const entry of entries.filter((entry) => entry.kind === "folder" && !entry.unreachable)) {
    // Only folders that files can go into; what is in all others does not matter.
    if (!/^([A-Z][a-z]+|\d{4}-\d\d)$/.test(entry.name)) continue;
    const { entries: inside } = await ctx.tools.file.list(`${folder}/${entry.name}`);
    names.set(entry.name, new Set(inside.map((entry) => entry.name.toLowerCase())));
  }
  const plan = planMake(entries, args.by ?? "kind", (into) => names.get(into) ?? new Set());
  return { folder, plan, id: planId(folder, plan) };
}

/** @param {Context} ctx */
async function onlyFolder(ctx) {
  const { entries } = await ctx.tools.file.list("");
  const [first, ...others] = entries.map((entry) => entry.name);
  if (first === undefined || others.length > 0) {
    throw new Error(`say which folder: ${entries.map((entry) => entry.name).join(", ")}`);
  }
  return first;
}

/** @param {{ moves: import("./plan.js").Move[], stays: { name: string, why: string }[], more: number }} plan */
function told(plan) {
  const lines = plan.moves.slice(0, LINES_MAX).map(({ name, folder, to }) => `  ${shown(name)} → ${folder}/${to === name ? "" : shown(to)}`);
  if (plan.moves.length > LINES_MAX) lines.push(`  … and ${plan.moves.length - LINES_MAX} more`);
  if (plan.stays.length > 0) lines.push(`${count(plan.stays.length)} ${plan.stays.length === 1 ? "stays" : "stay"}:`);
  lines.push(...plan.stays.slice(0, LINES_MAX).map(({ name, why }) => `  ${shown(name)}: ${why}`));
  if (plan.stays.length > LINES_MAX) lines.push(`  … and ${plan.stays.length - LINES_MAX} more`);
  if (plan.more > 0) lines.push(`${count(plan.more)} more than ${MOVES_MAX} at a time: tidy once more for the rest`);
  return lines.join("\n");
}

/**
 * A name on one line, so that a file cannot be called like a line of this summary.
 * @param {string} name
 */
function shown(name) {
  return name.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => (sign === "\n" ? "\\n" : `\\u{${sign.codePointAt(0)?.toString(16)}}`));
}

/** @param {number} files */
function count(files) {
  return files === 1 ? "1 file" : `${files} files`;
}
