/** Values of a form, never changed in place. Only own members count, so a key such as `__proto__` is a key like any other. */
import { segments } from "./pointer";

export type Members = Record<string, unknown>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const memberOf = (value: unknown, key: string): unknown => {
  if (Array.isArray(value)) return isIndex(key) ? (value as unknown[])[Number(key)] : undefined;
  return isMembers(value) && Object.hasOwn(value, key) ? value[key] : undefined;
};

export const valueAt = (value: unknown, pointer: string): unknown => segments(pointer).reduce(memberOf, value);

/** What a reference names. Unlike `valueAt` it tells a place that is not there. */
export const hasPlace = (value: unknown, pointer: string): boolean =>
  segments(pointer).every((key) => {
    const isThere = Array.isArray(value)
      ? isIndex(key) && Number(key) < value.length
      : isMembers(value) && Object.hasOwn(value, key);
    value = memberOf(value, key);
    return isThere;
  });

/** Objects on the way are made where they are missing; `undefined` takes a member away. */
export const withValueAt = (value: unknown, pointer: string, next: unknown): unknown =>
  withValue(value, segments(pointer), next);

export const withoutItem = <T>(items: readonly T[], index: number): T[] => items.filter((_, at) => at !== index);

export const withItemMoved = <T>(items: readonly T[], from: number, to: number): T[] => {
  const rest = items.filter((_, at) => at !== from);
  return [...rest.slice(0, to), ...items.slice(from, from + 1), ...rest.slice(to)];
};

/** The same text for values that JSON Schema calls equal, whatever the order of their members. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isMembers(value)) return JSON.stringify(value) ?? "null";
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
};

/** How many values there are in this one, and how deep it goes. Without recursion: it may be nested as its maker likes. */
export const measure = (value: unknown): { values: number; depth: number } => {
  const waiting: [unknown, number][] = [[value, 1]];
  const size = { values: 0, depth: 0 };
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [inner, depth] = next;
    size.values += 1;
    size.depth = Math.max(size.depth, depth);
    const members = Array.isArray(inner) ? inner : isMembers(inner) ? Object.values(inner) : [];
    for (const member of members) waiting.push([member, depth + 1]);
  }
  return size;
};

const INTEGER_BITS = 64;

/**
 * Whether there is a whole number in it of which JavaScript may have dropped digits, and oikos not: from 2^53 on, up to
 * where oikos calculates as JavaScript does.
 */
export const hasLostNumber = (value: unknown): boolean => {
  if (typeof value === "number")
    return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** INTEGER_BITS;
  if (Array.isArray(value)) return value.some(hasLostNumber);
  return isMembers(value) && Object.values(value).some(hasLostNumber);
};

const HALF_A_PAIR = /\p{Surrogate}/u;

/** Whether there is text in it that no other program reads: half of a pair of UTF-16, which is no character. */
export const hasBrokenText = (value: unknown): boolean => {
  if (typeof value === "string") return HALF_A_PAIR.test(value);
  if (Array.isArray(value)) return value.some(hasBrokenText);
  return (
    isMembers(value) && Object.entries(value).some(([key, inner]) => HALF_A_PAIR.test(key) || hasBrokenText(inner))
  );
};

const isIndex = (key: string): boolean => /^(0|[1-9][0-9]{0,8})$/.test(key);

const withValue = (value: unknown, [key, ...rest]: string[], next: unknown): unknown => {
  if (key === undefined) return next;
  const member = withValue(memberOf(value, key), rest, next);
  if (Array.isArray(value)) {
    if (!isIndex(key) || Number(key) > value.length) return value;
    return Object.assign([...(value as unknown[])], { [key]: member });
  }
  // A computed key makes an own member, also when it is `__proto__`.
  const { [key]: _, ...others } = isMembers(value) ? value : {};
  if (member === undefined) return others;
  return isMembers(value) && Object.hasOwn(value, key) ? { ...value, [key]: member } : { ...others, [key]: member };
};
