// @ts-check
// What would be moved where. Pure: a list of entries in, a list of moves out.

import { isLeftAlone, kindOf } from "./kinds.js";

/** @typedef {import("oikos").FileEntry} Entry */
/** @typedef {{ name: string, folder: string, to: string }} Move */
/** @typedef {{ moves: Move[], stays: { name: string, why: string }[], more: number }} Plan */

// So many moves a person still reads through; the rest is for the next time.
export const MOVES_MAX = 500;

/**
 * @param {readonly Entry[]} entries what is in the folder
 * @param {"kind" | "month"} by
 * @param {(folder: string) => ReadonlySet<string>} taken names that are in a folder of it already
 * @returns {Plan}
 */
export function planMake(entries, by, taken) {
  /** @type {Plan} */
  const plan = { moves: [], stays: [], more: 0 };
  /** @type {Map<string, Set<string>>} */
  const given = new Map();
  // What is there and no folder is in the way of a folder of its name.
  const blocked = new Set(entries.filter((entry) => entry.kind !== "folder").map((entry) => entry.name));
  for (const entry of entries) {
    if (entry.kind === "folder") continue;
    const place = placeOf(entry, by);
    if ("stays" in place) {
      plan.stays.push({ name: entry.name, why: place.stays });
    } else if (blocked.has(place.folder)) {
      plan.stays.push({ name: entry.name, why: `a file has the name of the folder ${place.folder}` });
    } else if (plan.moves.length === MOVES_MAX) {
      plan.more += 1;
    } else {
      const names = given.get(place.folder) ?? new Set(taken(place.folder));
      given.set(place.folder, names);
      const to = freeName(entry.name, names);
      names.add(to.toLowerCase());
      plan.moves.push({ name: entry.name, folder: place.folder, to });
    }
  }
  return plan;
}

/**
 * @param {Entry} entry
 * @param {"kind" | "month"} by
 * @returns {{ folder: string } | { stays: string }}
 */
function placeOf(entry, by) {
  if (entry.kind !== "file") return { stays: entry.kind === "link" ? "a link" : "no file" };
  if (entry.unreachable) return { stays: "its name is no valid text" };
  const alone = isLeftAlone(entry.name);
  if (alone !== undefined) return { stays: alone };
  if (by === "month") {
    return entry.modifiedMs > 0
      ? { folder: new Date(entry.modifiedMs).toISOString().slice(0, 7) }
      : { stays: "nobody knows when it changed" };
  }
  const kind = kindOf(entry.name);
  return "kind" in kind ? { folder: kind.kind } : kind;
}

/**
 * The name, or the first of "name (2).ext", "name (3).ext" … that is free. Compared without case: not every disk knows any.
 *
 * @param {string} name
 * @param {ReadonlySet<string>} taken in lower case
 */
export function freeName(name, taken) {
  if (!taken.has(name.toLowerCase())) return name;
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 2; ; number++) {
    const next = `${stem} (${number})${ending}`;
    if (!taken.has(next.toLowerCase())) return next;
  }
}

/**
 * The same plan has the same id: 64 bits of FNV-1a. Nobody gains by finding two that agree.
 *
 * @param {string} folder
 * @param {Plan} plan
 */
export function planId(folder, plan) {
  let hash = 0xcbf29ce484222325n;
  const text = JSON.stringify([folder, plan.moves.map((move) => [move.name, move.folder, move.to])]);
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
