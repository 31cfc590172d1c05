// Addresses that apps and models write. Only those of the web and of mail can be opened at all, and only by a person.

const OPENED = new Set(["http:", "https:", "mailto:"]);
const CHARACTERS_MAX = 4_000;

export interface Address {
  /** In the form that the browser will use: names of other scripts as `xn--…`, no user before an `@`. */
  href: string;
  /** Whom it leads to. */
  host: string;
}

export function addressOf(text: string): Address | undefined {
  if (text.length > CHARACTERS_MAX || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!OPENED.has(url.protocol)) return undefined;
  if (url.protocol === "mailto:") return { href: url.href, host: url.pathname };
  // A name before the host is there to be taken for it.
  url.username = "";
  url.password = "";
  return { href: url.href, host: url.host };
}
