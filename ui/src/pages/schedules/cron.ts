// Five fields of cron as people say them, where that is sure to be the same. What is not said here is shown as it is
// written: half a sentence about when something starts is worse than none.
import type { Language } from "@/i18n";

interface Times {
  everyMinute: string;
  everyMinutes(minutes: number): string;
  hourly(minute: string): string;
  everyHours(hours: number, minute: string): string;
  at(times: readonly string[]): string;
  daily: string;
  workdays: string;
  weekend: string;
  weekdays(days: readonly string[]): string;
  monthly(days: readonly number[]): string;
  yearly(days: readonly number[], months: readonly string[]): string;
  inMonths(months: readonly string[]): string;
}

const list = (items: readonly string[], language: Language) =>
  new Intl.ListFormat(language, { type: "conjunction" }).format(items);
const ordinal = (day: number) => {
  const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(day);
  return `${day}${{ one: "st", two: "nd", few: "rd", other: "th", zero: "th", many: "th" }[rule]}`;
};

const TIMES: Record<Language, Times> = {
  en: {
    everyMinute: "every minute",
    everyMinutes: (minutes) => `every ${minutes} minutes`,
    hourly: (minute) => (minute === "00" ? "every hour, on the hour" : `every hour, at minute ${Number(minute)}`),
    everyHours: (hours, minute) =>
      `every ${hours} hours${minute === "00" ? ", on the hour" : `, at minute ${Number(minute)}`}`,
    at: (times) => `at ${list(times, "en")}`,
    daily: "every day",
    workdays: "on Monday to Friday",
    weekend: "on Saturday and Sunday",
    weekdays: (days) => `every ${list(days, "en")}`,
    monthly: (days) =>
      `on the ${list(
        days.map((day) => ordinal(day)),
        "en",
      )} of each month`,
    yearly: (days, months) =>
      `on the ${list(
        days.map((day) => ordinal(day)),
        "en",
      )} of ${list(months, "en")}`,
    inMonths: (months) => `in ${list(months, "en")}`,
  },
  de: {
    everyMinute: "jede Minute",
    everyMinutes: (minutes) => `alle ${minutes} Minuten`,
    hourly: (minute) => (minute === "00" ? "jede volle Stunde" : `jede Stunde, zur Minute ${Number(minute)}`),
    everyHours: (hours, minute) =>
      `alle ${hours} Stunden, ${minute === "00" ? "zur vollen Stunde" : `zur Minute ${Number(minute)}`}`,
    at: (times) => `um ${list(times, "de")} Uhr`,
    daily: "jeden Tag",
    workdays: "montags bis freitags",
    weekend: "samstags und sonntags",
    weekdays: (days) => `jeden ${list(days, "de")}`,
    monthly: (days) =>
      `am ${list(
        days.map((day) => `${day}.`),
        "de",
      )} jedes Monats`,
    yearly: (days, months) =>
      `am ${list(
        days.map((day) => `${day}.`),
        "de",
      )} im ${list(months, "de")}`,
    inMonths: (months) => `im ${list(months, "de")}`,
  },
};

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const TIMES_MAX = 6;

/** The numbers of a field, `null` for `*`, `undefined` where it says something else than numbers. */
function field(text: string, min: number, max: number, names: readonly string[] = []): number[] | null | undefined {
  if (text === "*") return null;
  const number = (word: string) => {
    const index = names.indexOf(word.toUpperCase());
    if (index >= 0) return index + min;
    return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  };
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [from, to, ...rest] = part.split("-");
    const first = number(from ?? "");
    const last = to === undefined ? first : number(to);
    if (rest.length > 0 || !(first >= min && last <= max && first <= last)) return undefined;
    for (let value = first; value <= last; value += 1) found.add(value);
  }
  return [...found].toSorted((a, b) => a - b);
}

const step = (text: string): number | null => {
  const found = /^\*\/(\d{1,2})$/.exec(text)?.[1];
  return found && Number(found) > 0 ? Number(found) : null;
};

/** When that is, in words; `null` where it is better read as it is written. */
export function cronText(cron: string, language: Language): string | null {
  const [minuteText, hourText, dayText, monthText, weekdayText, ...more] = cron.trim().split(/\s+/);
  if (!minuteText || !hourText || !dayText || !monthText || !weekdayText || more.length > 0) return null;
  const said = TIMES[language];
  const days = field(dayText, 1, 31);
  const months = field(monthText, 1, 12, MONTHS);
  const week = field(weekdayText, 0, 7, WEEKDAYS);
  if (days === undefined || months === undefined || week === undefined) return null;
  // Cron takes either of the two days; few people know, so it is not put into words.
  if (days && week) return null;
  const time = timeText(minuteText, hourText, said, language);
  if (!time) return null;
  const monthNames = months?.map((month) => monthName(month, language));
  if (days) {
    const when = monthNames ? said.yearly(days, monthNames) : said.monthly(days);
    return `${when}, ${time.text}`;
  }
  const weekdays = week && [...new Set(week.map((day) => day % 7))];
  const parts = [
    weekdays ? weekText(weekdays, said, language) : time.isClock && !monthNames ? said.daily : null,
    monthNames ? said.inMonths(monthNames) : null,
    time.text,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

function timeText(minute: string, hour: string, said: Times, language: Language) {
  if (minute === "*" && hour === "*") return { text: said.everyMinute, isClock: false };
  const minuteStep = step(minute);
  // Only what divides an hour comes in even steps.
  if (minuteStep && hour === "*") {
    if (60 % minuteStep !== 0) return null;
    return { text: minuteStep === 1 ? said.everyMinute : said.everyMinutes(minuteStep), isClock: false };
  }
  const minutes = field(minute, 0, 59);
  if (!minutes) return null;
  const padded = minutes.map((value) => String(value).padStart(2, "0"));
  const hourStep = step(hour);
  const [only] = padded;
  if (hour === "*") return padded.length === 1 && only ? { text: said.hourly(only), isClock: false } : null;
  if (hourStep) {
    if (24 % hourStep !== 0 || padded.length !== 1 || !only) return null;
    return { text: hourStep === 1 ? said.hourly(only) : said.everyHours(hourStep, only), isClock: false };
  }
  const hours = field(hour, 0, 23);
  if (!hours || hours.length * minutes.length > TIMES_MAX) return null;
  const times = hours.flatMap((hour) => minutes.map((minute) => clock(hour, minute, language)));
  return { text: said.at(times), isClock: true };
}

// In a zone of no consequence: only the words are wanted.
const UTC = { timeZone: "UTC" } as const;
const clock = (hour: number, minute: number, language: Language) =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    ...UTC,
    hour: "2-digit",
    minute: "2-digit",
  }).format(Date.UTC(2024, 0, 1, hour, minute));
const monthName = (month: number, language: Language) =>
  new Intl.DateTimeFormat(language, { ...UTC, month: "long" }).format(Date.UTC(2024, month - 1, 1));
// The 7th of January 2024 was a Sunday.
const dayName = (day: number, language: Language) =>
  new Intl.DateTimeFormat(language, { ...UTC, weekday: "long" }).format(Date.UTC(2024, 0, 7 + day));

function weekText(days: readonly number[], said: Times, language: Language): string {
  const key = days.toSorted((a, b) => a - b).join("");
  if (key === "0123456") return said.daily;
  if (key === "12345") return said.workdays;
  if (key === "06") return said.weekend;
  // The week begins on Monday.
  const ordered = days.toSorted((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return said.weekdays(ordered.map((day) => dayName(day, language)));
}
