// @ts-check
// How notes lie in storage.
//
//   note/<id>/<stamp>   one version of a note. The stamp is the time of the change, so the newest version sorts last.
//   index/<shard>       titles and tags of many notes at once, by "<id>/<stamp>". Only a cache: it can be wrong in no
//                       way but by missing something, and whoever reads it mends it.
//
// Two runs at the same time: each sees the store as it was when it read, and each adds keys of its own. Adding never
// collides. Two edits of one note leave two versions; the newer is shown, the other is shown beside it and becomes a
// note of its own with the next edit. An edit beside a remove leaves the edited version. So nothing that a person
// wrote is lost, and no run waits for another.

/** @import { Context } from "oikos" */

/** @typedef {{ text: string, title: string | null, tags: string[], created: number }} Note */
/** @typedef {{ id: string, stamp: string, updated: number }} Version */
/** @typedef {Version & { title: string, tags: string[], created: number }} Head */
/** @typedef {Version & { note: Note }} Entry */

const NOTES = "note/";
const INDEX = "index/";
// Letters and digits that are not taken for each other when read aloud or typed.
const ALPHABET = "23456789bcdfghjkmnpqrstvwxz";
// 27⁵ = 14 million ids: room for thousands of notes, and still quick to type.
const ID_CHARACTERS = 5;
// Base 36 milliseconds fit in nine characters until the year 5188.
const TIME_CHARACTERS = 9;
// Under two runs that change a note in the same millisecond.
const STAMP_RANDOM_CHARACTERS = 2;
// Keys that one call lists.
const PAGE_KEYS = 1000;
// Values that are read side by side: well below the 256 operations that a run may have under way.
const READS_AT_ONCE = 64;

/** @param {number} length */
function randomText(length) {
  let text = "";
  for (let i = 0; i < length; i++) text += ALPHABET[Math.floor(Math.random() * ALPHABET.length)];
  return text;
}

/** @param {number} ms */
function stampMake(ms) {
  return Math.max(0, Math.floor(ms)).toString(36).padStart(TIME_CHARACTERS, "0") + randomText(STAMP_RANDOM_CHARACTERS);
}

/** @param {string} stamp */
function stampTime(stamp) {
  return parseInt(stamp.slice(0, TIME_CHARACTERS), 36);
}

/** @param {unknown} text */
export function isNoteId(text) {
  return typeof text === "string" && text.length === ID_CHARACTERS && [...text].every((letter) => ALPHABET.includes(letter));
}

/**
 * A title on one line, or none.
 * @param {unknown} title
 */
export function tidyTitle(title) {
  return typeof title === "string" ? title.replace(/\s+/g, " ").trim() || null : null;
}

/** @param {Pick<Note, "text" | "title">} note */
export function titleOf(note) {
  if (note.title !== null) return note.title;
  const first = note.text.split("\n").find((line) => line.trim() !== "") ?? "";
  return first.replace(/^\s*#+\s+/, "").trim().slice(0, 120) || "(no text)";
}

/**
 * An id that no note has.
 * @param {Context} ctx
 * @param {Set<string>} [taken] all ids, where the caller knows them
 */
export async function newNoteId(ctx, taken) {
  for (;;) {
    const id = randomText(ID_CHARACTERS);
    if (taken === undefined ? (await keysList(ctx, `${NOTES}${id}/`)).length === 0 : !taken.has(id)) return id;
  }
}

/**
 * All keys with a prefix, in order.
 * @param {Context} ctx
 * @param {string} prefix
 */
async function keysList(ctx, prefix) {
  /** @type {string[]} */
  const keys = [];
  for (;;) {
    const page = await ctx.storage.list({ prefix, after: keys.at(-1), limit: PAGE_KEYS });
    // A page may be shorter than asked for; only an empty one is the last.
    if (page.length === 0) return keys;
    keys.push(...page);
  }
}

/**
 * @param {string} key
 * @returns {Version}
 */
function versionOf(key) {
  const [id, stamp] = /** @type {[string, string]} */ (key.slice(NOTES.length).split("/"));
  return { id, stamp, updated: stampTime(stamp) };
}

/** @param {Version} version */
function keyOf(version) {
  return `${NOTES}${version.id}/${version.stamp}`;
}

/**
 * The newest version of each note, by id.
 * @param {Context} ctx
 * @returns {Promise<Version[]>}
 */
export async function versionsList(ctx) {
  /** @type {Map<string, Version>} */
  const newest = new Map();
  // Keys come in order, so a later version of a note replaces an earlier one.
  for (const key of await keysList(ctx, NOTES)) {
    const version = versionOf(key);
    newest.set(version.id, version);
  }
  return [...newest.values()];
}

/**
 * Notes in batches, so that no more than one batch is in memory.
 * @param {Context} ctx
 * @param {Version[]} versions
 * @returns {AsyncGenerator<Entry[]>}
 */
export async function* notesLoad(ctx, versions) {
  for (let from = 0; from < versions.length; from += READS_AT_ONCE) {
    const batch = versions.slice(from, from + READS_AT_ONCE);
    const notes = await Promise.all(batch.map((version) => ctx.storage.get(keyOf(version))));
    const entries = batch.map((version, i) => ({ ...version, note: /** @type {Note | undefined} */ (notes[i]) }));
    // Another run may have removed one since the keys were listed.
    yield /** @type {Entry[]} */ (entries.filter((entry) => entry.note !== undefined));
  }
}

/**
 * One note, by its id or as much of the id as is unique.
 * @param {Context} ctx
 * @param {string} given
 * @returns {Promise<Entry & { others: Entry[] }>}
 */
export async function noteFind(ctx, given) {
  const wanted = given.trim().toLowerCase();
  if (wanted === "") throw new Error("the id is empty");
  const versions = (await keysList(ctx, NOTES + wanted)).map(versionOf);
  const ids = [...new Set(versions.map((version) => version.id))];
  if (ids.length > 1) {
    const some = ids.slice(0, 5).join(", ");
    throw new Error(`'${given}' fits ${ids.length} notes: ${some}${ids.length > 5 ? " …" : ""}`);
  }
  const entries = [];
  for await (const batch of notesLoad(ctx, versions)) entries.push(...batch);
  const newest = entries.pop();
  if (newest === undefined) throw new Error(`there is no note '${given}'; 'list' shows all of them`);
  return { ...newest, others: entries };
}

/**
 * Adds a version. The note's earlier versions stay until somebody removes them.
 * @param {Context} ctx
 * @param {string} id
 * @param {number} updated
 * @param {Note} note
 */
export async function noteWrite(ctx, id, updated, note) {
  const { text, title, tags, created } = note;
  await ctx.storage.set(`${NOTES}${id}/${stampMake(updated)}`, { text, title, tags, created });
}

/**
 * @param {Context} ctx
 * @param {string} id
 * @param {string[]} stamps
 */
export async function noteRemove(ctx, id, stamps) {
  await Promise.all(stamps.map((stamp) => ctx.storage.delete(`${NOTES}${id}/${stamp}`)));
}

/**
 * Title, tags and times of all notes. Reads the index, and only those notes that it does not know yet.
 * @param {Context} ctx
 * @returns {Promise<Head[]>}
 */
export async function headsLoad(ctx) {
  const versions = await versionsList(ctx);
  const shards = [...ALPHABET];
  const stored = await Promise.all(shards.map((shard) => ctx.storage.get(INDEX + shard)));
  /** @type {Map<string, Record<string, [string, string[], number]>>} */
  const known = new Map(shards.map((shard, i) => [shard, /** @type {any} */ (stored[i]) ?? {}]));
  /** @type {Map<string, Record<string, [string, string[], number]>>} */
  const fresh = new Map(shards.map((shard) => [shard, {}]));

  /** @param {Version} version */
  const shardOf = (version) => version.id.slice(-1);
  /** @param {Version} version */
  const nameOf = (version) => `${version.id}/${version.stamp}`;
  const missing = [];
  for (const version of versions) {
    const head = known.get(shardOf(version))?.[nameOf(version)];
    const shard = fresh.get(shardOf(version));
    if (head === undefined || shard === undefined) missing.push(version);
    else shard[nameOf(version)] = head;
  }
  const changed = new Set(missing.map(shardOf));
  for (const [shard, entries] of known) {
    if (Object.keys(entries).length !== Object.keys(fresh.get(shard) ?? {}).length) changed.add(shard);
  }
  for await (const batch of notesLoad(ctx, missing)) {
    for (const { note, ...version } of batch) {
      const shard = fresh.get(shardOf(version));
      if (shard !== undefined) shard[nameOf(version)] = [titleOf(note), note.tags, note.created];
    }
  }
  try {
    await Promise.all([...changed].map((shard) => ctx.storage.set(INDEX + shard, fresh.get(shard))));
  } catch (error) {
    // A full store does without the index, only slower.
    if (/** @type {{ code?: string }} */ (error).code !== "quota_exceeded") throw error;
  }
  return versions.flatMap((version) => {
    const head = fresh.get(shardOf(version))?.[nameOf(version)];
    return head === undefined ? [] : [{ ...version, title: head[0], tags: head[1], created: head[2] }];
  });
}
