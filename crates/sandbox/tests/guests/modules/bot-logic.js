import { double } from "./src/math.js";
import * as words from "./src/words.js";
export { double as exported_again } from "./src/math.js";

const ready = await Promise.resolve("ready");
export const notAFunction = 1;
let activated = 0;

export function activate(ctx) {
  activated++;
  console.log("activating", typeof ctx.storage.get);
}

export default function main() {
  return "main";
}

export function all({ n }) {
  return { double: double(n), plural: words.plural("word"), ready, activated, meta: typeof import.meta };
}
