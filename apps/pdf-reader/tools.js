// @ts-check
// What a model does with the documents of a granted folder.

import { about as aboutOf, pagesRead, placesFind } from "./document.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ path: string, from?: number, to?: number }} Pages */

/**
 * @param {Pages} args
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const read = (args, ctx) => pagesRead(args.path, args, ctx);

/**
 * @param {Pages & { query: string }} args
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const find = (args, ctx) => placesFind(args.path, args.query, args, ctx);

/**
 * @param {{ path: string }} args
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const about = (args, ctx) => aboutOf(args.path, ctx);
