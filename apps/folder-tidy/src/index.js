// @ts-check
// What oikos calls. The work is done in handler.js.

import { propose, tidy } from "./handler.js";

/**
 * @param {string} name
 * @param {import("./handler.js").Asked & { plan?: string }} args
 * @param {import("oikos").Context} ctx
 */
export function invoke(name, args, ctx) {
  switch (name) {
    case "propose":
      return propose(args, ctx);
    case "tidy":
      return tidy(args, ctx);
    default:
      throw new Error(`folder-tidy has no tool '${name}'`);
  }
}
