// @ts-check
// What a person does with a document that they hand over.

import { about, pagesRead, placesFind } from "./document.js";

/** @import { Context, Result } from "oikos" */
/** @typedef {{ document: string, from?: number, to?: number }} Pages */

/**
 * @param {Pages} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const text = (payload, ctx) => pagesRead(payload.document, payload, ctx);

/**
 * @param {Pages & { query: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const search = (payload, ctx) => placesFind(payload.document, payload.query, payload, ctx);

/**
 * @param {{ document: string }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export const facts = (payload, ctx) => about(payload.document, ctx);
