// @ts-check
// Lines wait in storage until the evening, when the schedule calls `write`.

import { clockText, dayOf, dayText, zoneFrom } from "./day.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ at: number, text: string }} Line */

// The schedule of manifest.json, in minutes after midnight.
const EVENING_MINUTES = 21 * 60;
// What one note holds; the rest waits for the next.
const LINES_MAX = 500;

/**
 * @param {{ text: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function add(payload, ctx) {
  const at = Date.now();
  // Its own key for each line: two runs at once do not overwrite each other's.
  const key = `line/${String(at).padStart(15, "0")}/${crypto.randomUUID().slice(0, 8)}`;
  await ctx.storage.set(key, { at, text: payload.text });
  const { length } = await ctx.storage.list("line/");
  return { data: { waiting: length }, summary: `Kept. ${count(length)} for the next note.` };
}

/**
 * @param {object} _
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function waiting(_, ctx) {
  const lines = await linesLoad(ctx);
  const zone = (await ctx.storage.get("zone")) ?? 0;
  const shown = lines.map(({ line }) => `  ${clockText(line.at + zone)}  ${line.text.replaceAll("\n", " ")}`);
  const summary = lines.length === 0 ? "No lines wait." : `${count(lines.length)}\n${shown.join("\n")}`;
  return { data: { lines: lines.map(({ line }) => line) }, summary };
}

/**
 * @param {{ day?: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function write(payload, ctx) {
  const { trigger } = ctx.env;
  let zone = (await ctx.storage.get("zone")) ?? 0;
  let now = Date.now();
  if (trigger?.kind === "schedule") {
    // A run is not told the owner's time zone; but the schedule is read in it, so it says where it is evening.
    zone = zoneFrom(trigger.scheduledAt, EVENING_MINUTES);
    now = trigger.scheduledAt;
    await ctx.storage.set("zone", zone);
  }
  const day = payload.day ?? dayOf(now + zone);
  const folder = await onlyFolder(ctx);
  const name = `${day}.md`;
  const { entries } = await ctx.tools.file.list(folder);
  if (entries.some((entry) => entry.name === name)) {
    return { data: { day, written: false }, summary: `${folder}/${name} is there already, and stays as it is.` };
  }
  const lines = await linesLoad(ctx);
  const text = noteText(day, lines.map(({ line }) => line), zone);
  await ctx.tools.file.write(`${folder}/${name}`, text);
  // The file is on the disk now. If oikos ended here, the lines would come once more, with the next note: none is lost.
  for (const { key } of lines) await ctx.storage.delete(key);
  return { data: { day, written: true, lines: lines.length }, summary: `Wrote ${folder}/${name} with ${count(lines.length)}.` };
}

/** @param {Context} ctx */
async function linesLoad(ctx) {
  const keys = await ctx.storage.list({ prefix: "line/", limit: LINES_MAX });
  /** @type {{ key: string, line: Line }[]} */
  const lines = [];
  for (const key of keys) {
    const line = await ctx.storage.get(key);
    if (line !== undefined) lines.push({ key, line });
  }
  return lines;
}

/** @param {Context} ctx */
async function onlyFolder(ctx) {
  const { entries } = await ctx.tools.file.list("");
  const [first, ...others] = entries.map((entry) => entry.name);
  if (first === undefined || others.length > 0) {
    throw new Error("grant one folder for the notes: oikos grant daily-note file=allow:FOLDER");
  }
  return first;
}

/**
 * @param {string} day
 * @param {Line[]} lines
 * @param {number} zone
 */
function noteText(day, lines, zone) {
  // A line that begins like a heading or a list would change the note around it: it is set in after its time.
  const shown = lines.map(({ at, text }) => `- ${clockText(at + zone)} ${text.trim().replaceAll(/\s*\n\s*/g, "\n  ")}\n`);
  return `# ${dayText(day)}\n\n${shown.length > 0 ? shown.join("") : "Nothing was noted today.\n"}`;
}

/** @param {number} lines */
function count(lines) {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
