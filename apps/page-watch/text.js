// @ts-check
// What a reader sees of a page's HTML, line by line. It goes through the text once, with `indexOf` and no patterns: a page
// is a stranger's, and could be made to keep a pattern busy.

// Elements that nobody reads.
const UNSEEN = ["script", "style", "template", "noscript", "svg", "head"];
// Elements that begin and end a line.
const BLOCKS = new Set(
  "address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option p pre section table td th tr ul".split(" "),
);
/** @type {Record<string, string>} */
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " ", copy: "©", ndash: "–", mdash: "—", hellip: "…" };

/**
 * @param {string} html
 * @returns {string[]}
 */
export function textLines(html) {
  const lower = html.toLowerCase();
  const lines = [];
  let line = "";
  let at = 0;
  const lineEnd = () => {
    const text = line.replaceAll(/\s+/g, " ").trim();
    if (text !== "") lines.push(text);
    line = "";
  };
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      line += decode(html.slice(at));
      break;
    }
    line += decode(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) break;
    const name = tagName(lower, open + 1);
    at = close + 1;
    if (UNSEEN.includes(name)) {
      const end = lower.indexOf(`</${name}`, at);
      at = end < 0 ? html.length : end;
    }
    if (BLOCKS.has(name.startsWith("/") ? name.slice(1) : name)) lineEnd();
  }
  lineEnd();
  return lines;
}

/**
 * @param {string} lower
 * @param {number} from
 */
function tagName(lower, from) {
  let end = from;
  while (end < lower.length && end - from < 20) {
    const c = lower.charCodeAt(end);
    const isName = (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || (c === 47 && end === from);
    if (!isName) break;
    end++;
  }
  return lower.slice(from, end);
}

/** @param {string} text */
function decode(text) {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(#x?)?([a-z0-9]{1,8});/gi, (whole, number, name) => {
    if (number === undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = parseInt(name, number === "#" ? 10 : 16);
    return code > 31 && code < 0x110000 ? String.fromCodePoint(code) : whole;
  });
}
