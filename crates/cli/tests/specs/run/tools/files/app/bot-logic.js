import { words } from "./words.js";

let begun = "no";

export const begin = () => void (begun = "yes");

export const count = ({ text = "" }) => `${words(text).length} words, begun: ${begun}`;
