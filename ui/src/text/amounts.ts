// Amounts as people read them, the same units as the command line has.
import { localeOf } from "./locale";

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

// Making one costs a hundred times more than using it, and a long log uses it for every line.
const formats = new Map<string, Intl.NumberFormat>();
function format(language: string, digits?: number): Intl.NumberFormat {
  const key = `${language} ${digits ?? ""}`;
  const options = digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const known =
    formats.get(key) ?? new Intl.NumberFormat(localeOf(language), { ...options, useGrouping: digits === undefined });
  formats.set(key, known);
  return known;
}

export const numberText = (value: number, language: string): string => format(language).format(value);

/** Of a part between 0 and 1. */
export const percentText = (part: number, language: string): string =>
  new Intl.NumberFormat(localeOf(language), { style: "percent", maximumFractionDigits: 0 }).format(part);

export function bytesText(bytes: number, language: string): string {
  if (bytes < 1024) return language === "de" ? `${bytes} Byte` : bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit + 1 < UNITS.length) {
    value /= 1024;
    unit += 1;
  }
  return `${format(language, 1).format(value)} ${UNITS[unit]}`;
}

export function millisText(ms: number, language: string): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) {
    const seconds = ms / 1_000;
    const digits = Number.isInteger(seconds) ? 0 : 1;
    return `${format(language, digits).format(seconds)} s`;
  }
  const minutes = Math.floor(ms / 60_000);
  const rest = Math.floor((ms % 60_000) / 1_000);
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
