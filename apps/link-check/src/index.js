// @ts-check
// What oikos calls. The work is done in check.js.

import { links, page } from "./check.js";

/**
 * @param {string} name
 * @param {any} args
 * @param {import("oikos").Context} ctx
 */
export function invoke(name, args, ctx) {
  switch (name) {
    case "page":
      return page(args, ctx);
    case "links":
      return links(args.links, ctx);
    default:
      throw new Error(`link-check has no tool '${name}'`);
  }
}
