import { words } from "./words.js";

export const longest = ({ text }) => words(text).reduce((one, other) => (other.length > one.length ? other : one), "");

// Not described in llm-tool.yaml, so it is no tool.
export const shortest = () => "";
