// @ts-check
// What oikos calls. The work is done in handler.js; what `ctx` has stands in oikos.d.ts.

import { greet } from "./handler.js";

/**
 * @param {string} name the tool of llm-tool.yaml
 * @param {any} args
 * @param {import("oikos").Context} ctx
 */
export function invoke(name, args, ctx) {
  switch (name) {
    case "greet":
      return greet(args, ctx);
    default:
      throw new Error(`there is no tool '${name}'`);
  }
}
