// Times that apps write, in the reader's way where they are times.

import { escapeText } from "./escape";

// RFC 3339, a day alone too. Anything else that a browser would accept as a date is left as it was written.
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/;

export function timeText(text: string, language: string): string {
  const is_day = DAY.test(text);
  if (!is_day && !MOMENT.test(text)) return escapeText(text);
  const at = Date.parse(text.replace(" ", "T"));
  if (Number.isNaN(at)) return escapeText(text);
  // A day has no zone: it is the same day for everybody.
  const options: Intl.DateTimeFormatOptions = is_day
    ? { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }
    : { dateStyle: "medium", timeStyle: "medium" };
  return new Intl.DateTimeFormat(language, options).format(at);
}
