// A chart's numbers made ready to draw: series of one length, a scale that ends on round numbers, and what to say.

import type { ChartData, Series } from "./data";
import { escapeText } from "./escape";

export interface Chart {
  kind: "bar" | "histogram" | "line";
  title: string;
  label: string;
  unit: string;
  labels: string[];
  series: { name: string; values: (number | null)[]; texts: (string | null)[] }[];
}

export function chartOf(data: ChartData): Chart {
  const unit = escapeText(data.unit ?? "");
  const given: Series[] = data.series ?? [
    { name: unit, values: data.values ?? [], ...(data.texts === undefined ? {} : { texts: data.texts }) },
  ];
  const length = Math.max(data.labels.length, ...given.map(({ values }) => values.length));
  const places = Array.from({ length }, (_, place) => place);
  return {
    kind: data.kind ?? "bar",
    title: escapeText(data.title ?? ""),
    label: escapeText(data.label ?? ""),
    unit,
    labels: places.map((place) => escapeText(data.labels[place] ?? String(place + 1))),
    series: given.map(({ name, values, texts }) => ({
      name: escapeText(name),
      values: places.map((place) => values[place] ?? null),
      texts: places.map((place) => {
        const text = texts?.[place];
        return text === null || text === undefined ? null : escapeText(text);
      }),
    })),
  };
}

export interface Scale {
  low: number;
  high: number;
  ticks: number[];
}

/** From and to round numbers around all values; bars also need the zero they stand on. */
export function scaleOf(chart: Chart, ticksWanted = 4): Scale {
  let low = chart.kind === "line" ? Infinity : 0;
  let high = chart.kind === "line" ? -Infinity : 0;
  for (const { values } of chart.series) {
    for (const value of values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return { low: 0, high: 1, ticks: [0, 1] };
  if (low === high) {
    const around = low === 0 ? 1 : Math.abs(low) / 2;
    if (low >= 0) high += around;
    if (low <= 0 || chart.kind === "line") low -= low === 0 ? 0 : around;
  }
  const step = roundStep(high / ticksWanted - low / ticksWanted);
  // Numbers at the end of what a double holds have no room for round ends.
  if (!Number.isFinite(step) || step === 0) return { low, high, ticks: [low, high] };
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks: number[] = [];
  for (let tick = first; tick <= last && ticks.length <= 4 * ticksWanted; tick += 1) ticks.push(tidy(tick * step));
  const end = ticks.at(-1) ?? high;
  return { low: ticks[0] ?? low, high: end < high ? high : end, ticks };
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const times = step / power;
  return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

/** 0.30000000000000004 is 0.3. */
const tidy = (value: number): number => Number(value.toPrecision(12));

/** Where a value stands between the ends of the scale, from 0 to 1. */
export function partOf(scale: Scale, value: number): number {
  // Halves first: the distance of two large doubles may be no double.
  const part = (value / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2);
  return Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0;
}

export interface Extremes {
  lowest?: { label: string; text: string | null; value: number };
  highest?: { label: string; text: string | null; value: number };
  count: number;
  absent: number;
}

export function extremesOf(chart: Chart): Extremes {
  const found: Extremes = { count: 0, absent: 0 };
  for (const { values, texts } of chart.series) {
    for (const [place, value] of values.entries()) {
      if (value === null) {
        found.absent += 1;
        continue;
      }
      found.count += 1;
      const here = { label: chart.labels[place] ?? "", text: texts[place] ?? null, value };
      if (found.lowest === undefined || value < found.lowest.value) found.lowest = here;
      if (found.highest === undefined || value > found.highest.value) found.highest = here;
    }
  }
  return found;
}
