// @ts-check
// The actions of Notes. Each is one run: it reads what is stored, changes one thing, and ends.

import { matchesTag, notesSearch } from "./search.js";
import { headsLoad, newNoteId, noteFind, noteRemove, noteWrite, notesLoad, tidyTitle, titleOf, versionsList } from "./store.js";
import { notesFromText, notesToJson, notesToMarkdown } from "./transfer.js";

/** @import { Context, Result } from "oikos" */
/** @import { Head, Note } from "./store.js" */

// One call to the host carries at most 4 MiB, so one export does as well.
const EXPORT_BYTES_MAX = 4 << 20;
// Enough to tell notes apart, short enough that a list stays a list.
const TITLE_CHARACTERS_SHOWN = 60;

/**
 * @param {{ text: string, title?: string, tags?: string[] }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function add(payload, ctx) {
  const now = Date.now();
  const id = await newNoteId(ctx);
  const note = { text: payload.text, title: tidyTitle(payload.title), tags: tidyTags(payload.tags), created: now };
  await noteWrite(ctx, id, now, note);
  return shown(id, now, note, `Added ${id}: ${short(titleOf(note))}`);
}

/**
 * @param {{ tag?: string, sort?: "updated" | "created" | "title", limit?: number }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function list(payload, ctx) {
  const { tag, sort = "updated", limit = 20 } = payload;
  const all = await headsLoad(ctx);
  const heads = tag === undefined ? all : all.filter((head) => matchesTag(head.tags, tag));
  heads.sort(
    sort === "title"
      ? (a, b) => compare(a.title.toLowerCase(), b.title.toLowerCase()) || b.updated - a.updated
      : (a, b) => b[sort] - a[sort],
  );
  const first = heads.slice(0, limit);
  const place = tag === undefined ? "" : ` tagged #${tag.replace(/^#/, "")}`;
  if (first.length === 0) {
    const summary = tag === undefined ? "There are no notes yet." : `There are no notes${place}.`;
    return { data: { ...table([]), total: 0 }, summary, renderer: "table" };
  }
  const more = heads.length > first.length ? `\n… and ${heads.length - first.length} more` : "";
  return {
    data: { ...table(first), total: heads.length },
    summary: `${count(heads.length, "note")}${place}\n${lines(first)}${more}`,
    renderer: "table",
  };
}

/**
 * @param {{ query: string, limit?: number }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function search(payload, ctx) {
  const { hits, total, scanned } = await notesSearch(ctx, payload.query, payload.limit ?? 10);
  const rows = hits.map((hit) => [hit.id, hit.title, day(hit.updated), tagLine(hit.tags), hit.context]);
  const data = { columns: ["id", "title", "changed", "tags", "context"], rows, total, scanned };
  if (hits.length === 0) {
    return { data, summary: `Nothing found in ${count(scanned, "note")}.`, renderer: "table" };
  }
  const found = hits.map((hit) => `${line(hit)}\n         ${hit.context}`).join("\n");
  const more = total > hits.length ? `\n… and ${total - hits.length} more` : "";
  return { data, summary: `${count(total, "note")} of ${scanned}\n${found}${more}`, renderer: "table" };
}

/**
 * @param {{ id: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function show(payload, ctx) {
  const found = await noteFind(ctx, payload.id);
  const result = shown(found.id, found.updated, found.note, "");
  const others = found.others.map((other) => ({ text: other.note.text, title: titleOf(other.note), changed: iso(other.updated) }));
  if (others.length === 0) return result;
  // Two runs changed the note at the same time. Neither text is lost.
  return {
    ...result,
    data: { .../** @type {object} */ (result.data), others },
    summary: `${result.summary}\n\n${others.map((other) => `-- changed at the same time, ${other.changed}:\n${other.text}`).join("\n\n")}\n\n`
      + `The next edit makes ${others.length === 1 ? "the other text a note of its own" : "the other texts notes of their own"}.`,
  };
}

/**
 * @param {{ id: string, text?: string, append?: string, title?: string, tags?: string[] }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function edit(payload, ctx) {
  const found = await noteFind(ctx, payload.id);
  const text = [payload.text ?? found.note.text, payload.append].filter((part) => part !== undefined).join("\n");
  const note = {
    text,
    title: payload.title === undefined ? found.note.title : tidyTitle(payload.title),
    tags: payload.tags === undefined ? found.note.tags : tidyTags(payload.tags),
    created: found.note.created,
  };
  const now = Date.now();
  await noteWrite(ctx, found.id, now, note);
  await noteRemove(ctx, found.id, [found.stamp]);
  // A text that was written at the same time becomes a note of its own: an edit must not lose it.
  /** @type {string[]} */
  const kept = [];
  for (const other of found.others) {
    const id = await newNoteId(ctx);
    await noteWrite(ctx, id, other.updated, other.note);
    await noteRemove(ctx, found.id, [other.stamp]);
    kept.push(id);
  }
  const also = kept.length === 0 ? "" : `; the text changed at the same time is now ${kept.join(", ")}`;
  return shown(found.id, now, note, `Changed ${found.id}: ${short(titleOf(note))}${also}`);
}

/**
 * @param {{ id: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function remove(payload, ctx) {
  const found = await noteFind(ctx, payload.id);
  await noteRemove(ctx, found.id, [found.stamp, ...found.others.map((other) => other.stamp)]);
  const result = shown(found.id, found.updated, found.note, "");
  return { ...result, summary: `Removed ${found.id}. It said:\n\n${result.summary}` };
}

/**
 * @param {{ to: string, format?: "markdown" | "json", tag?: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
async function notesExport(payload, ctx) {
  // The handle hides the name of the file that was handed over; `env.files` has it.
  const name = ctx.env.files.to ?? "";
  const format = payload.format ?? (/\.json$/i.test(name) ? "json" : "markdown");
  const tag = payload.tag;
  const versions = await versionsList(ctx);
  const notes = [];
  for await (const batch of notesLoad(ctx, versions)) {
    for (const entry of batch) if (tag === undefined || matchesTag(entry.note.tags, tag)) notes.push(entry);
  }
  notes.sort((a, b) => a.note.created - b.note.created || compare(a.id, b.id));
  const text = format === "json" ? notesToJson(notes, Date.now()) : notesToMarkdown(notes);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > EXPORT_BYTES_MAX) {
    throw new Error(
      `${count(notes.length, "note")} make ${size(bytes.length)}, and one file can have ${size(EXPORT_BYTES_MAX)}: export tag by tag`,
    );
  }
  await ctx.tools.file.write(payload.to, bytes);
  return {
    data: { notes: notes.length, bytes: bytes.length, format },
    summary: `Exported ${count(notes.length, "note")} as ${format === "json" ? "JSON" : "Markdown"} (${size(bytes.length)}).`,
  };
}

/**
 * @param {{ from: string, tags?: string[] }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
async function notesImport(payload, ctx) {
  const now = Date.now();
  const text = await ctx.tools.file.readText(payload.from);
  const { notes, refused } = notesFromText(text, now);
  const versions = await versionsList(ctx);
  const known = new Map(versions.map((version) => [version.id, version]));
  const before = new Map();
  const wanted = notes.flatMap((entry) => (entry.id !== undefined && known.has(entry.id) ? [known.get(entry.id)] : []));
  for await (const batch of notesLoad(ctx, /** @type {any} */ (wanted))) {
    for (const entry of batch) before.set(entry.id, entry.note);
  }

  const taken = new Set(known.keys());
  const counts = { added: 0, unchanged: 0, copied: 0, refused };
  /** @type {Promise<void>[]} */
  let writes = [];
  for (const entry of notes) {
    const note = { ...entry.note, tags: tidyTags([...entry.note.tags, ...(payload.tags ?? [])]) };
    let id = entry.id;
    if (id !== undefined && taken.has(id)) {
      const old = before.get(id);
      if (old !== undefined && old.text === note.text && titleOf(old) === titleOf(note)) {
        counts.unchanged += 1;
        continue;
      }
      // The same id with another text: both stay.
      id = undefined;
      counts.copied += 1;
    } else {
      counts.added += 1;
    }
    id ??= await newNoteId(ctx, taken);
    taken.add(id);
    writes.push(noteWrite(ctx, id, entry.updated, note));
    if (writes.length === 64) {
      await Promise.all(writes);
      writes = [];
    }
  }
  await Promise.all(writes);

  const parts = [`Imported ${count(counts.added + counts.copied, "note")}`];
  if (counts.copied > 0) parts.push(`${counts.copied} of them beside a note of the same id with another text`);
  if (counts.unchanged > 0) parts.push(`${counts.unchanged} were here already`);
  if (counts.refused > 0) parts.push(`${counts.refused} could not be read`);
  return { data: counts, summary: `${parts.join("; ")}.` };
}

// `import` and `export` are words of the language, so the functions carry other names inside.
export { notesExport as export, notesImport as import };

// ---- how notes are shown ----

/**
 * @param {string} id
 * @param {number} updated
 * @param {Note} note
 * @param {string} said
 * @returns {Result}
 */
function shown(id, updated, note, said) {
  const title = titleOf(note);
  const data = { id, title, text: note.text, tags: note.tags, created: iso(note.created), changed: iso(updated) };
  const tags = note.tags.length === 0 ? "" : `  ${tagLine(note.tags)}`;
  const headed = note.title === null ? note.text : `${title}\n\n${note.text}`;
  return { data, summary: said || `${id}  ${day(updated)}${tags}\n\n${headed}`, renderer: "markdown" };
}

/** @param {Head[]} heads */
function table(heads) {
  return {
    columns: ["id", "title", "changed", "tags"],
    rows: heads.map((head) => [head.id, head.title, day(head.updated), tagLine(head.tags)]),
  };
}

/** @param {Head[]} heads */
function lines(heads) {
  return heads.map(line).join("\n");
}

/** @param {{ id: string, updated: number, title: string, tags: string[] }} head */
function line(head) {
  const tags = head.tags.length === 0 ? "" : `  ${tagLine(head.tags)}`;
  return `${head.id}  ${day(head.updated)}  ${short(head.title)}${tags}`;
}

/** @param {string[]} tags */
function tagLine(tags) {
  return tags.map((tag) => `#${tag}`).join(" ");
}

/** @param {string[] | undefined} tags */
function tidyTags(tags) {
  const seen = new Map();
  for (const tag of tags ?? []) {
    const name = tag.trim();
    const key = name.toLowerCase();
    if (name !== "" && !seen.has(key)) seen.set(key, name);
  }
  return [...seen.values()];
}

/** @param {string} title */
function short(title) {
  const characters = [...title];
  return characters.length <= TITLE_CHARACTERS_SHOWN ? title : `${characters.slice(0, TITLE_CHARACTERS_SHOWN - 1).join("")}…`;
}

/** @param {number} ms */
function iso(ms) {
  return new Date(ms).toISOString();
}

/** @param {number} ms */
function day(ms) {
  return iso(ms).slice(0, 10);
}

/**
 * @param {number} number
 * @param {string} word
 */
function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 1024) return count(bytes, "byte");
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
