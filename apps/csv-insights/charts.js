// @ts-check
// Chart data: bars with a label and a number each. A renderer draws them; a table says the same.

import { preciseEnough, shortText } from "./text.js";

/** @import { CsvColumn, CsvGroups, CsvMeasure } from "oikos" */

/**
 * @typedef {object} Chart
 * @property {"bar" | "histogram"} kind `bar`: things side by side · `histogram`: ranges in order
 * @property {string} title
 * @property {string} label what the labels are
 * @property {string} unit what the numbers are
 * @property {string[]} labels
 * @property {(number | null)[]} values
 * @property {(string | null)[]} texts the numbers exactly
 */

const BARS_MAX = 30;
const LABEL_CHARACTERS_MAX = 40;

/**
 * A histogram of a column of many different numbers, the most frequent values of any other; nothing where each value is
 * its own.
 * @param {CsvColumn} column
 * @returns {Chart | undefined}
 */
export function columnChart(column) {
  const name = shortText(column.name, LABEL_CHARACTERS_MAX);
  if ((column.type === "integer" || column.type === "float") && column.histogram !== null && column.distinct > column.histogram.counts.length) {
    const { from, to, counts } = column.histogram;
    const step = (to - from) / counts.length;
    return {
      kind: "histogram",
      title: `Distribution of ${name}`,
      label: name,
      unit: "rows",
      labels: counts.map((_, bar) => `${preciseEnough(from + bar * step)} to ${preciseEnough(bar + 1 === counts.length ? to : from + (bar + 1) * step)}`),
      values: counts,
      texts: counts.map(String),
    };
  }
  const top = column.top ?? [];
  if (top.length < 2 || (top[0]?.count ?? 0) < 2) return undefined;
  return {
    kind: "bar",
    title: `Most frequent in ${name}`,
    label: name,
    unit: "rows",
    labels: top.map(({ value }) => shortText(value === "" ? "(empty)" : value, LABEL_CHARACTERS_MAX)),
    values: top.map((entry) => entry.count),
    texts: top.map((entry) => String(entry.count)),
  };
}

/**
 * The first measure of the largest groups.
 * @param {readonly string[]} by
 * @param {readonly CsvMeasure[]} measures
 * @param {CsvGroups} groups
 * @returns {Chart}
 */
export function groupChart(by, measures, { result }) {
  const first = measures[0];
  const unit = first === undefined || first.column === undefined ? "rows" : `${first.measure} ${first.column}`;
  const shown = result.slice(0, BARS_MAX);
  return {
    kind: "bar",
    title: by.length === 0 ? unit : `${unit} by ${by.join(", ")}`,
    label: by.join(", "),
    unit,
    labels: shown.map(({ key }) => shortText(key.map((field) => field ?? "∅").join(" · ") || "all", LABEL_CHARACTERS_MAX)),
    values: shown.map(({ values }) => values[0] ?? null),
    texts: shown.map(({ texts }) => texts[0] ?? null),
  };
}
