// A circle of imports.
import { double } from "../src/math.js";
export const plural = (word) => `${word}s`;
export const twice = () => double(1);
