// Times as people say them. Timestamps are milliseconds since 1970.
import { localeOf } from "./locale";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();
function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(localeOf(language), options);
  formats.set(key, known);
  return known;
}

/** Date and time to the second, for whoever wants to know exactly. */
export const exactTime = (at: number, language: string): string =>
  format(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);

/** To the second, as a clock with 24 hours has it in every language of the page. */
export function clockTime(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

export const dayText = (at: number, language: string): string => format(language, { dateStyle: "full" }).format(at);

const distances = new Map<string, Intl.RelativeTimeFormat>();

/** "5 minutes ago", "in 3 hours"; a date where that says more. */
export function relativeTime(at: number, now: number, language: string): string {
  const distance = at - now;
  const size = Math.abs(distance);
  if (size >= 7 * DAY) return format(language, { dateStyle: "medium" }).format(at);
  const say = distances.get(language) ?? new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  distances.set(language, say);
  if (size < 45_000) return say.format(Math.round(distance / 1_000), "second");
  if (size < HOUR) return say.format(Math.round(distance / MINUTE), "minute");
  if (size < DAY) return say.format(Math.round(distance / HOUR), "hour");
  return say.format(Math.round(distance / DAY), "day");
}
