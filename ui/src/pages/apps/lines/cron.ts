// Five fields of cron as people would say them. What is not among the usual forms has no words: the fields themselves are
// always shown beside.
import type { Language } from "@/i18n";

const NUMBER = /^\d{1,2}$/;
const STEP = /^\*\/(\d{1,2})$/;
const SUNDAY = Date.UTC(2023, 0, 1);
const DAY_MS = 86_400_000;

interface CronWords {
  minute: string;
  minutes(count: number): string;
  hour(minute: string): string;
  hours(count: number): string;
  day(time: string): string;
  workdays(time: string): string;
  weekdays(days: string, time: string): string;
  month(day: string, time: string): string;
}

const words: Record<Language, CronWords> = {
  en: {
    minute: "every minute",
    minutes: (count) => `every ${count} minutes`,
    hour: (minute) => (minute === "0" ? "every hour, on the hour" : `every hour, at minute ${minute}`),
    hours: (count) => `every ${count} hours, on the hour`,
    day: (time) => `every day at ${time}`,
    workdays: (time) => `Monday to Friday at ${time}`,
    weekdays: (days, time) => `every ${days} at ${time}`,
    month: (day, time) => `on day ${day} of every month at ${time}`,
  },
  de: {
    minute: "jede Minute",
    minutes: (count) => `alle ${count} Minuten`,
    hour: (minute) => (minute === "0" ? "jede volle Stunde" : `jede Stunde zur Minute ${minute}`),
    hours: (count) => `alle ${count} Stunden, zur vollen Stunde`,
    day: (time) => `jeden Tag um ${time} Uhr`,
    workdays: (time) => `Montag bis Freitag um ${time} Uhr`,
    weekdays: (days, time) => `jeden ${days} um ${time} Uhr`,
    month: (day, time) => `am ${day}. jedes Monats um ${time} Uhr`,
  },
};

const two = (text: string): string => text.padStart(2, "0");

export function cronWords(cron: string, language: Language): string | null {
  const fields = cron.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5 || month !== "*") return null;
  const say = words[language];
  const isAnyDay = day === "*" && weekday === "*";
  if (isAnyDay && hour === "*") {
    if (minute === "*") return say.minute;
    const step = Number(STEP.exec(minute)?.[1] ?? 0);
    // Only what divides the hour comes round evenly.
    if (step > 1 && 60 % step === 0) return say.minutes(step);
    return NUMBER.test(minute) ? say.hour(String(Number(minute))) : null;
  }
  if (isAnyDay && minute === "0") {
    const step = Number(STEP.exec(hour)?.[1] ?? 0);
    if (step > 1 && 24 % step === 0) return say.hours(step);
  }
  if (!NUMBER.test(minute) || !NUMBER.test(hour)) return null;
  const time = `${two(hour)}:${two(minute)}`;
  if (isAnyDay) return say.day(time);
  if (weekday === "*") return NUMBER.test(day) ? say.month(String(Number(day)), time) : null;
  if (day !== "*") return null;
  if (weekday === "1-5" || weekday.toUpperCase() === "MON-FRI") return say.workdays(time);
  if (!/^[0-7](,[0-7])*$/.test(weekday)) return null;
  const names = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  const days = weekday.split(",").map((index) => names.format(SUNDAY + (Number(index) % 7) * DAY_MS));
  return say.weekdays(new Intl.ListFormat(language).format(days), time);
}
