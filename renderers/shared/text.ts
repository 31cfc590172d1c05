// Data as plain text: for a host without a screen, for copying, and where a renderer cannot be loaded.

import { cellText } from "./cells";
import type { McpPart, McpResource, RendererData, RendererName } from "./data";
import { escapeLines, escapeText } from "./escape";
import { chartOf } from "./chart";

// A text is for reading; who wants all rows has the data.
const ROWS_MAX = 1_000;
const WIDTH_MAX = 60;

const one = (text: string | null | undefined): string => escapeText(text ?? "");

function joined(lines: readonly (string | undefined)[]): string {
  return lines.filter((line) => line !== undefined && line !== "").join("\n");
}

function rowsMore(shown: number, total: number): string {
  return total > shown ? `… and ${total - shown} more` : "";
}

/** Columns of one width, as a terminal shows them. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.min(WIDTH_MAX, Math.max(widths[column] ?? 0, cell.length));
    }
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const resourceText = ({ uri, text }: McpResource): string => joined([`<${one(uri)}>`, escapeLines(text ?? "")]);

function partText({ type, text, mimeType, resource, uri, name, title, description }: McpPart): string {
  if (type === "text") return escapeLines(text ?? "");
  if (type === "resource" && resource) return resourceText(resource);
  if (type === "resource_link") return joined([`${one(title ?? name)} <${one(uri)}>`, escapeLines(description ?? "")]);
  return `[${[one(type), one(mimeType)].filter(Boolean).join(" ")}]`;
}

type Texts = { readonly [Name in RendererName]: (data: RendererData[Name]) => string };

export const texts: Texts = {
  card: ({ title, subtitle, text, facts = [], links = [], footer }) =>
    joined([
      one(title),
      one(subtitle),
      escapeLines(text ?? ""),
      ...facts.map(({ label, value }) => `${one(label)}: ${cellText(value)}`),
      ...links.map(({ label, url }) => `${one(label)} <${one(url)}>`),
      one(footer),
    ]),

  table: ({ caption, columns, rows, total }) => {
    const shown = rows.slice(0, ROWS_MAX).map((row) => row.map((cell) => cellText(cell)));
    return joined([one(caption), aligned([columns.map(one), ...shown]), rowsMore(shown.length, total ?? rows.length)]);
  },

  markdown: ({ text }) => escapeLines(text),

  "key-value": ({ title, entries }) =>
    joined([
      one(title),
      ...entries
        .slice(0, ROWS_MAX)
        .map(({ key, value, note }) => `${one(key)}: ${cellText(value)}${note === undefined ? "" : ` (${one(note)})`}`),
      rowsMore(Math.min(entries.length, ROWS_MAX), entries.length),
    ]),

  status: ({ state, title, text, progress, steps = [] }) =>
    joined([
      `${one(title)}: ${state}${progress === undefined ? "" : `, ${progress.done} of ${progress.total}`}`,
      escapeLines(text ?? ""),
      ...steps.map(
        (step) => `- ${one(step.title)}: ${step.state}${step.text === undefined ? "" : `, ${one(step.text)}`}`,
      ),
    ]),

  chart: (data) => {
    const { title, label, unit, labels, series } = chartOf(data);
    const shown = labels.slice(0, ROWS_MAX);
    const heads = [label, ...series.map(({ name }) => name)];
    const rows = shown.map((said, place) => [
      said,
      ...series.map(({ values, texts }) => texts[place] ?? cellText(values[place])),
    ]);
    const headed = title === "" || title.includes(unit) ? title : `${title} (${unit})`;
    return joined([headed, aligned([heads, ...rows]), rowsMore(shown.length, labels.length)]);
  },

  map: ({ title, points, lines = [] }) =>
    joined([
      one(title),
      ...points
        .slice(0, ROWS_MAX)
        .map(
          ({ label, latitude, longitude, text }) =>
            `${one(label)}: ${latitude}, ${longitude}${text === undefined ? "" : ` (${one(text)})`}`,
        ),
      rowsMore(Math.min(points.length, ROWS_MAX), points.length),
      ...lines.map(({ label, path }) => `${one(label) || "-"}: ${path.length} points`),
    ]),

  log: ({ title, lines }) =>
    joined([
      one(title),
      ...lines
        .slice(0, ROWS_MAX)
        .map((line) =>
          typeof line === "string"
            ? escapeText(line)
            : [one(line.time), line.level, one(line.text)].filter(Boolean).join("  "),
        ),
      rowsMore(Math.min(lines.length, ROWS_MAX), lines.length),
    ]),

  diff: ({ title, before, after, patch }) =>
    joined([
      one(title),
      patch === undefined
        ? `--- before\n${escapeLines(before ?? "")}\n+++ after\n${escapeLines(after ?? "")}`
        : escapeLines(patch),
    ]),

  "weather-cards": ({ places, unit = "C" }) =>
    places
      .map(({ name, sky, temperature, text, days = [] }) =>
        joined([
          [one(name), sky, temperature === undefined ? "" : `${temperature} °${unit}`].filter(Boolean).join(", "),
          one(text),
          ...days.map(({ day, sky, low, high, rain_percent }) => {
            const warmth = [low, high].filter((part) => part !== undefined).join(" to ");
            const rain = rain_percent === undefined ? "" : `rain ${rain_percent} %`;
            return `- ${[one(day), sky, warmth === "" ? "" : `${warmth} °${unit}`, rain].filter(Boolean).join(", ")}`;
          }),
        ]),
      )
      .join("\n\n"),

  "search-cards": ({ results, total }) =>
    [
      ...results.map(({ title, url, text }, place) =>
        joined([
          `${place + 1}. ${one(title)}`,
          url === undefined ? "" : `   ${one(url)}`,
          text === undefined ? "" : `   ${one(text)}`,
        ]),
      ),
      rowsMore(results.length, total ?? results.length),
    ]
      .filter(Boolean)
      .join("\n"),

  mcp: ({ content = [], structuredContent, contents = [], messages = [], ...rest }) =>
    joined([
      escapeLines(rest["mcp/refusal"]?.message ?? ""),
      ...content.slice(0, ROWS_MAX).map(partText),
      ...contents.slice(0, ROWS_MAX).map(resourceText),
      ...messages.slice(0, ROWS_MAX).map(({ role, content }) => `${one(role)}: ${partText(content)}`),
      content.length === 0 && structuredContent !== undefined
        ? escapeLines(JSON.stringify(structuredContent, null, 2))
        : "",
      rowsMore(Math.min(content.length, ROWS_MAX), content.length),
    ]),
};
