// @ts-check
// The links of a page, as addresses. It goes through the HTML once, without patterns that a stranger could keep busy.

/**
 * @param {string} html
 * @param {string} base The page's own address.
 * @param {number} most
 * @returns {string[]}
 */
export function linksOf(html, base, most) {
  const found = new Set();
  let at = 0;
  while (found.size < most) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    const close = html.indexOf(">", open);
    if (close < 0) break;
    at = close + 1;
    const first = html[open + 1]?.toLowerCase();
    const second = html[open + 2] ?? "";
    if (first !== "a" || !" \t\r\n/".includes(second)) continue;
    const href = attribute(html.slice(open + 2, close), "href");
    const link = href === undefined ? undefined : resolve(href, base);
    if (link !== undefined) found.add(link);
  }
  return [...found];
}

/**
 * @param {string} tag
 * @param {string} name
 */
function attribute(tag, name) {
  const lower = tag.toLowerCase();
  let at = 0;
  for (;;) {
    const place = lower.indexOf(name, at);
    if (place < 0) return undefined;
    at = place + name.length;
    if (place === 0 || !" \t\r\n\"'/".includes(lower[place - 1] ?? " ")) continue;
    let value = at;
    while (" \t\r\n".includes(tag[value] ?? "x")) value++;
    if (tag[value] !== "=") continue;
    value++;
    while (" \t\r\n".includes(tag[value] ?? "x")) value++;
    const quote = tag[value];
    if (quote === '"' || quote === "'") {
      const end = tag.indexOf(quote, value + 1);
      return end < 0 ? undefined : tag.slice(value + 1, end).replaceAll("&amp;", "&");
    }
    let end = value;
    while (end < tag.length && !" \t\r\n".includes(tag[end] ?? " ")) end++;
    return tag.slice(value, end).replaceAll("&amp;", "&");
  }
}

/**
 * What a link of a page leads to; `undefined` if that is no web address, or this page itself.
 *
 * @param {string} href
 * @param {string} base
 */
export function resolve(href, base) {
  const link = (href.trim().split("#", 1)[0] ?? "").trim();
  if (link === "") return undefined;
  if (/^https?:\/\//i.test(link)) return link;
  // mailto:, javascript:, data: and their like.
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const scheme = base.indexOf("://") + 3;
  const slash = base.indexOf("/", scheme);
  const origin = slash < 0 ? base : base.slice(0, slash);
  if (link.startsWith("//")) return base.slice(0, scheme - 2) + link;
  if (link.startsWith("/")) return origin + link;
  const path = (slash < 0 ? "/" : base.slice(slash)).split("?", 1)[0] ?? "/";
  if (link.startsWith("?")) return origin + path + link;
  return origin + path.slice(0, path.lastIndexOf("/") + 1) + link;
}
