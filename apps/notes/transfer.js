// @ts-check
// Notes as a file and back. What export writes, import reads again without loss (in Markdown, line ends become \n).

import { isNoteId, tidyTitle } from "./store.js";

/** @import { Entry, Note } from "./store.js" */

/** @typedef {{ id: string | undefined, updated: number, note: Note }} Imported */

const FORMAT = "oikos-notes";
const TEXT_CHARACTERS_MAX = 200000;
const TITLE_CHARACTERS_MAX = 120;
const TAGS_MAX = 20;
const TAG = /^[^\s#,<>]{1,40}$/;
// Stands before each note in Markdown; readers of Markdown do not show it.
const MARKER = /^<!-- oikos-note (\{.*\}) -->$/;

/**
 * @param {Entry[]} notes
 * @param {number} now
 */
export function notesToJson(notes, now) {
  const rows = notes.map(({ id, updated, note }) => ({
    id,
    title: note.title,
    tags: note.tags,
    created: new Date(note.created).toISOString(),
    changed: new Date(updated).toISOString(),
    text: note.text,
  }));
  return `${JSON.stringify({ format: FORMAT, version: 1, exported: new Date(now).toISOString(), notes: rows }, null, 2)}\n`;
}

/** @param {Entry[]} notes */
export function notesToMarkdown(notes) {
  return notes
    .map(({ id, updated, note }) => {
      const about = {
        id,
        title: note.title,
        tags: note.tags,
        created: new Date(note.created).toISOString(),
        changed: new Date(updated).toISOString(),
      };
      // "--" would end the comment early; JSON has another way to write it.
      const marker = `<!-- oikos-note ${JSON.stringify(about).replaceAll("--", "-\\u002d")} -->`;
      const heading = note.title === null ? "" : `# ${note.title}\n\n`;
      return `${marker}\n\n${heading}${note.text.split("\n").map(escapeLine).join("\n")}\n`;
    })
    .join("\n");
}

// A line of a note that looks like a marker, or like one that was escaped before, gets a backslash.
/** @param {string} line */
function escapeLine(line) {
  return /^\\*<!-- oikos-note /.test(line) ? `\\${line}` : line;
}

/** @param {string} line */
function unescapeLine(line) {
  return /^\\+<!-- oikos-note /.test(line) ? line.slice(1) : line;
}

/**
 * @param {string} text
 * @param {number} now
 * @returns {{ notes: Imported[], refused: number }}
 */
export function notesFromText(text, now) {
  const clean = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  if (/^\s*[{[]/.test(clean)) {
    /** @type {any} */
    let parsed;
    try {
      parsed = JSON.parse(clean);
    } catch {
      // Markdown may begin with a bracket as well.
      parsed = undefined;
    }
    if (parsed !== undefined) return fromJson(parsed, now);
  }
  const lines = clean.split("\n");
  return lines.some((line) => MARKER.test(line)) ? fromMarked(lines, now) : fromHeadings(lines, now);
}

/**
 * @param {any} parsed
 * @param {number} now
 */
function fromJson(parsed, now) {
  const rows = Array.isArray(parsed) ? parsed : parsed?.format === FORMAT ? parsed.notes : undefined;
  if (!Array.isArray(rows)) throw new Error(`this JSON holds no notes: expected what export writes ("format": "${FORMAT}")`);
  return collect(rows.map((row) => noteMake(row, row?.text, now)));
}

/**
 * @param {string[]} lines
 * @param {number} now
 */
function fromMarked(lines, now) {
  /** @type {{ about: any, lines: string[] }[]} */
  const parts = [];
  for (const line of lines) {
    const marker = MARKER.exec(line);
    if (marker) {
      let about;
      try {
        about = JSON.parse(/** @type {string} */ (marker[1]));
      } catch {
        about = undefined;
      }
      parts.push({ about, lines: [] });
    } else {
      parts.at(-1)?.lines.push(unescapeLine(line));
    }
  }
  return collect(
    parts.map(({ about, lines: body }) => {
      // The marker's empty line, the heading that only repeats the title, and the line break at the end.
      let from = body[0] === "" ? 1 : 0;
      if (typeof about?.title === "string" && body[from] === `# ${about.title}`) from += body[from + 1] === "" ? 2 : 1;
      const to = body.at(-1) === "" ? -1 : undefined;
      return noteMake(about, body.slice(from, to).join("\n"), now);
    }),
  );
}

/**
 * Any Markdown: a note for each heading of the first level, or one note.
 * @param {string[]} lines
 * @param {number} now
 */
function fromHeadings(lines, now) {
  /** @type {{ title: string | null, lines: string[] }[]} */
  const parts = [{ title: null, lines: [] }];
  let fenced = false;
  for (const line of lines) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^# +(.*\S)\s*$/.exec(line);
    if (heading) parts.push({ title: /** @type {string} */ (heading[1]).slice(0, TITLE_CHARACTERS_MAX), lines: [] });
    else /** @type {{ lines: string[] }} */ (parts.at(-1)).lines.push(line);
  }
  const filled = parts
    .map(({ title, lines: body }) => ({ title, text: body.join("\n").trim() }))
    .filter(({ title, text }) => title !== null || text !== "");
  return collect(filled.map(({ title, text }) => noteMake({ title }, text || title, now)));
}

/**
 * @param {any} about
 * @param {unknown} text
 * @param {number} now
 * @returns {Imported | undefined} `undefined` if it cannot be a note
 */
function noteMake(about, text, now) {
  if (typeof about !== "object" || about === null) return undefined;
  if (typeof text !== "string" || text.trim() === "" || text.length > TEXT_CHARACTERS_MAX) return undefined;
  const title = tidyTitle(about.title)?.slice(0, TITLE_CHARACTERS_MAX) ?? null;
  const tags = Array.isArray(about.tags) ? about.tags.filter((/** @type {unknown} */ tag) => typeof tag === "string" && TAG.test(tag)) : [];
  const created = timeOf(about.created, now);
  return {
    id: isNoteId(about.id) ? about.id : undefined,
    updated: Math.max(created, timeOf(about.changed, created)),
    note: { text, title, tags: tags.slice(0, TAGS_MAX), created },
  };
}

/**
 * @param {unknown} text
 * @param {number} otherwise
 */
function timeOf(text, otherwise) {
  const ms = typeof text === "string" ? Date.parse(text) : NaN;
  // A time in the future would stay the newest for ever.
  return Number.isFinite(ms) && ms >= 0 && ms <= Date.now() ? ms : otherwise;
}

/** @param {(Imported | undefined)[]} made */
function collect(made) {
  const notes = made.filter((note) => note !== undefined);
  return { notes, refused: made.length - notes.length };
}
