// @ts-check
// What oikos calls. The work is done in handler.js.

import { greet } from "./handler.js";

/**
 * @param {string} name
 * @param {import("./handler.js").Greeted} args
 * @returns {import("oikos").Result}
 */
export function invoke(name, args) {
  switch (name) {
    case "greet":
      return greet(args);
    default:
      throw new Error(`greeter has no tool '${name}'`);
  }
}
