const WHOLE = /oikoslink_[0-9a-f]{72}/;
const PART = /oikoslink_[A-Za-z0-9_-]+/;

/** What stands behind the # of a link, from the whole link or from that part alone. */
export function linkIn(text: string): string | null {
  // Mail programs and terminals break long lines.
  const found = WHOLE.exec(text) ?? WHOLE.exec(text.replaceAll(/\s/g, "")) ?? PART.exec(text);
  return found?.[0] ?? null;
}
