// @ts-check
// The actions of CSV Insights. The host goes through the file; this decides what to ask for and how to say it.

import { columnChart, groupChart } from "./charts.js";
import { alignedRows, count, grouped, preciseEnough, shortText } from "./text.js";

/** @import { Context, CsvColumn, CsvGroups, CsvMeasure, CsvOptions, CsvStatistics, CsvTable, Ragged, Result } from "oikos" */

/** @typedef {{ data: string, delimiter?: string, header?: boolean }} Input */

// The summary is for a terminal and for a model: what is more than this is in `data`.
const COLUMNS_SHOWN = 40;
const GROUPS_SHOWN = 20;
const FIELD_CHARACTERS_SHOWN = 24;
// Charts that nobody scrolls through help nobody.
const CHARTS_MAX = 12;

/**
 * @param {Input & { columns?: string[], group_by?: string[], measures?: string[] }} payload
 * @param {Context} ctx
 * @returns {AsyncGenerator<string, Result>}
 */
export async function* analyze(payload, ctx) {
  const table = await open(payload, ctx);
  columnsCheck(table, [...(payload.columns ?? []), ...(payload.group_by ?? [])]);
  const measures = measuresParse(table, payload.measures);
  yield `${count(table.columns.length, "column")} between '${delimiterName(table)}': ${namesShown(table.columns)}\n`;

  const statistics = await table.statistics(payload.columns);
  yield `${count(statistics.rows, "row")} read\n`;
  let charts = 0;
  for (const column of statistics.columns) {
    const chart = charts < CHARTS_MAX ? columnChart(column) : undefined;
    if (chart === undefined) continue;
    await ctx.push_stream("csv.chart", chart, { renderer: "chart" });
    charts += 1;
  }

  /** @type {CsvGroups | undefined} */
  let groups;
  if (payload.group_by !== undefined && payload.group_by.length > 0) {
    yield `grouping by ${payload.group_by.join(", ")}\n`;
    groups = await table.aggregate({ groupBy: payload.group_by, measures });
    await ctx.push_stream("csv.chart", groupChart(payload.group_by, measures, groups), { renderer: "chart" });
  }
  await table.close();

  const parts = [statisticsSaid(statistics), outliersSaid(statistics.columns)];
  if (groups !== undefined) parts.push(groupsSaid(payload.group_by ?? [], measures, groups));
  return {
    data: {
      ...statisticsTable(statistics),
      statistics,
      ...(groups === undefined ? {} : { groups: { ...groupsTable(payload.group_by ?? [], measures, groups), ...groupsFacts(groups) } }),
    },
    summary: parts.filter((part) => part !== "").join("\n\n"),
    renderer: "table",
  };
}

/**
 * @param {Input & { rows?: number }} payload
 * @param {Context} ctx
 * @returns {Promise<Result>}
 */
export async function preview(payload, ctx) {
  const wanted = payload.rows ?? 10;
  const table = await open(payload, ctx);
  const rows = [];
  for await (const batch of table.rows({ batch: wanted })) {
    rows.push(...batch);
    if (rows.length >= wanted) break;
  }
  await table.close();
  rows.length = Math.min(rows.length, wanted);
  const names = [...table.columns];
  const shown = rows.map((row) => row.map((field) => shortText(field ?? "∅", FIELD_CHARACTERS_SHOWN)));
  const heads = names.map((name) => shortText(name, FIELD_CHARACTERS_SHOWN));
  return {
    data: { columns: names, rows, delimiter: table.delimiter },
    summary: `${count(names.length, "column")}, the first ${count(rows.length, "row")}\n${alignedRows([heads, ...shown])}`,
    renderer: "table",
  };
}

/**
 * @param {Input & { by: string[], measures?: string[], limit?: number }} payload
 * @param {Context} ctx
 * @returns {AsyncGenerator<string, Result>}
 */
export async function* group(payload, ctx) {
  const table = await open(payload, ctx);
  columnsCheck(table, payload.by);
  const measures = measuresParse(table, payload.measures);
  yield payload.by.length === 0 ? "computing totals\n" : `grouping by ${payload.by.join(", ")}\n`;
  const groups = await table.aggregate({ groupBy: payload.by, measures, limit: payload.limit });
  await table.close();
  await ctx.push_stream("csv.chart", groupChart(payload.by, measures, groups), { renderer: "chart" });
  return {
    data: { ...groupsTable(payload.by, measures, groups), ...groupsFacts(groups) },
    summary: groupsSaid(payload.by, measures, groups),
    renderer: "table",
  };
}

// ---- asking ----

/**
 * @param {Input} payload
 * @param {Context} ctx
 */
function open({ data, delimiter, header }, ctx) {
  /** @type {CsvOptions} */
  const options = {};
  if (delimiter !== undefined) options.delimiter = delimiter;
  if (header !== undefined) options.header = header;
  return ctx.tools.csv.open(data, options);
}

/**
 * Says a wrong name with the right ones, before a long pass begins.
 * @param {CsvTable} table
 * @param {readonly string[]} names
 */
function columnsCheck(table, names) {
  const unknown = names.find((name) => !table.columns.includes(name));
  if (unknown === undefined) return;
  const near = table.columns.find((column) => column.trim().toLowerCase() === unknown.trim().toLowerCase());
  const hint = near === undefined ? `its columns are ${namesShown(table.columns)}` : `did you mean '${near}'?`;
  throw new Error(`the table has no column '${shortText(unknown, 80)}'; ${hint}`);
}

/**
 * "sum price" to a measure.
 * @param {CsvTable} table
 * @param {readonly string[]} [texts]
 * @returns {CsvMeasure[]}
 */
function measuresParse(table, texts = ["count"]) {
  return texts.map((text) => {
    const space = text.indexOf(" ");
    if (space < 0) return { measure: "count" };
    const measure = /** @type {"count" | "sum" | "min" | "max" | "mean"} */ (text.slice(0, space));
    const column = text.slice(space + 1);
    columnsCheck(table, [column]);
    return { measure, column };
  });
}

// ---- saying ----

/** @param {CsvTable} table */
function delimiterName(table) {
  return table.delimiter === "\t" ? "tab" : table.delimiter;
}

/** @param {readonly string[]} names */
function namesShown(names) {
  const shown = names.slice(0, 12).map((name) => shortText(name, FIELD_CHARACTERS_SHOWN)).join(", ");
  return names.length > 12 ? `${shown} … (${names.length} in all)` : shown;
}

/** @param {Ragged} ragged */
function raggedSaid({ short, long, blank }) {
  if (short === 0 && long === 0) return "all have the same width";
  const parts = [];
  if (short > 0) parts.push(`${grouped(short)} too short${blank > 0 ? ` (${grouped(blank)} of them empty lines)` : ""}`);
  if (long > 0) parts.push(`${grouped(long)} too long, further fields dropped`);
  return parts.join(", ");
}

/** @param {CsvColumn} column */
function isNumeric(column) {
  return column.type === "integer" || column.type === "float";
}

/** @param {CsvColumn} column */
function mostFrequent(column) {
  const top = column.top?.[0];
  if (top === undefined || top.count < 2) return "";
  return `${shortText(top.value === "" ? "(empty)" : top.value, FIELD_CHARACTERS_SHOWN)} ×${grouped(top.count)}`;
}

/** @param {CsvStatistics} statistics */
function statisticsTable({ columns }) {
  return {
    columns: ["column", "type", "filled", "empty", "missing", "distinct", "min", "max", "sum", "mean", "median", "stdev", "outliers", "most_frequent"],
    rows: columns.map((column) => [
      column.name,
      column.type,
      column.count - column.empty,
      column.empty,
      column.missing,
      column.distinct,
      column.minText,
      column.maxText,
      isNumeric(column) ? column.sumText : null,
      isNumeric(column) ? column.mean : null,
      isNumeric(column) ? (column.quantiles?.p50 ?? null) : null,
      isNumeric(column) ? column.stdev : null,
      isNumeric(column) ? (column.outliers?.count ?? 0) : null,
      column.top?.[0]?.value ?? null,
    ]),
  };
}

/** @param {CsvStatistics} statistics */
function statisticsSaid({ rows, ragged, invalidUtf8, columns }) {
  const heads = ["column", "type", "filled", "distinct", "min", "max", "sum", "mean", "most frequent"];
  const lines = columns.slice(0, COLUMNS_SHOWN).map((column) => {
    const numeric = isNumeric(column);
    return [
      shortText(column.name, FIELD_CHARACTERS_SHOWN),
      column.type,
      grouped(column.count - column.empty),
      grouped(column.distinct),
      shortText(column.minText ?? "", FIELD_CHARACTERS_SHOWN),
      shortText(column.maxText ?? "", FIELD_CHARACTERS_SHOWN),
      numeric ? (column.sumText ?? "") : "",
      numeric ? preciseEnough(column.mean) : "",
      mostFrequent(column),
    ];
  });
  const widths = rows === 0 ? "" : `; ${raggedSaid(ragged)}`;
  const facts = [`${count(rows, "row")}, ${count(columns.length, "column")}${widths}`];
  if (invalidUtf8 > 0) facts.push(`${count(invalidUtf8, "field")} not in UTF-8: their odd bytes show as \ufffd`);
  const more = columns.length > COLUMNS_SHOWN ? `\n… and ${columns.length - COLUMNS_SHOWN} more columns` : "";
  return `${facts.join("\n")}\n\n${alignedRows([heads, ...lines], [2, 3, 4, 5, 6, 7])}${more}`;
}

/** @param {CsvColumn[]} columns */
function outliersSaid(columns) {
  const lines = columns.flatMap((column) => {
    const outliers = column.outliers;
    if (!isNumeric(column) || outliers === null || outliers.count === 0) return [];
    const examples = outliers.examples.slice(0, 3).map(({ row, value }) => `${shortText(value, FIELD_CHARACTERS_SHOWN)} (row ${grouped(row)})`);
    const about = column.quantiles?.approximate ? "about " : "";
    const range = `outside ${about}${preciseEnough(outliers.low)} to ${preciseEnough(outliers.high)}`;
    return [`${shortText(column.name, FIELD_CHARACTERS_SHOWN)}: ${grouped(outliers.count)} ${range}, such as ${examples.join(", ")}`];
  });
  return lines.length === 0 ? "" : `Outliers\n${lines.slice(0, COLUMNS_SHOWN).join("\n")}`;
}

/** @param {CsvMeasure} measure */
function measureName(measure) {
  return measure.column === undefined ? measure.measure : `${measure.measure} ${measure.column}`;
}

/**
 * The exact texts are in `rows`; `values` has the nearest numbers in the same order, for drawing.
 * @param {readonly string[]} by
 * @param {readonly CsvMeasure[]} measures
 * @param {CsvGroups} groups
 */
function groupsTable(by, measures, { result }) {
  return {
    columns: [...by, ...measures.map(measureName)],
    rows: result.map((entry) => [...entry.key, ...entry.texts]),
    values: result.map((entry) => entry.values),
  };
}

/** @param {CsvGroups} groups */
function groupsFacts({ groups, truncated, rows, ragged, nonNumeric }) {
  return { group_count: groups, truncated, row_count: rows, ragged, non_numeric: nonNumeric };
}

/**
 * @param {readonly string[]} by
 * @param {readonly CsvMeasure[]} measures
 * @param {CsvGroups} groups
 */
function groupsSaid(by, measures, groups) {
  const heads = [...by, ...measures.map(measureName)].map((name) => shortText(name, FIELD_CHARACTERS_SHOWN));
  const lines = groups.result.slice(0, GROUPS_SHOWN).map((entry) => [
    ...entry.key.map((field) => shortText(field === null ? "∅" : field === "" ? "(empty)" : field, FIELD_CHARACTERS_SHOWN)),
    ...entry.texts.map((text) => text ?? "–"),
  ]);
  const right = measures.map((_, place) => by.length + place);
  const what = by.length === 0 ? `${count(groups.rows, "row")}` : `${count(groups.groups, "group")} of ${count(groups.rows, "row")}`;
  const hidden = groups.groups - lines.length;
  const more = hidden > 0 ? `\n… and ${count(hidden, "more group")}` : "";
  const odd = groups.nonNumeric > 0 ? `\n${count(groups.nonNumeric, "field")} of measured columns were no numbers and are left out` : "";
  return `${what}\n${alignedRows([heads, ...lines], right)}${more}${odd}`;
}
