import { plural } from "./words.js";
export const double = (n) => n * 2;
export const named = () => plural("number");
