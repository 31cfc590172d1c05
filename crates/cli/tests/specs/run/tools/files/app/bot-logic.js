import { words } from "./words.js";

let begun = "no";

export const begin = (ctx) => {
  begun = "yes";
  ctx.route("GET", "/words", () => `begun: ${begun}`);
};

export const count = ({ text = "" }) => `${words(text).length} words, begun: ${begun}`;
