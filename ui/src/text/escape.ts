// The page and the renderers show foreign text in the same way, so the rule is written once.
export { escapeLines, escapeText, shortenText } from "../../../renderers/shared/escape";
