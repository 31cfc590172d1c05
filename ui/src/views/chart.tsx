import { useId, useMemo } from "react";
import schema from "../../../renderers/chart/schema.json";
import { numberText } from "../../../renderers/shared/cells";
import { chartOf, extremesOf, partOf, scaleOf, type Chart, type Scale } from "../../../renderers/shared/chart";
import type { ChartData, TableData } from "../../../renderers/shared/data";
import { texts } from "../../../renderers/shared/text";
import { each } from "./each";
import { useViewWords } from "./host";
import { Table } from "./table";
import type { View } from "./view";

// More bars than this are read as a shape, not one by one.
const BARS_MAX = 40;
// The plot's own units; it is stretched to the room it has.
const WIDE = 1000;
const HIGH = 300;

function ChartDrawing({ data }: { data: ChartData }) {
  const id = useId();
  const chart = useMemo(() => chartOf(data), [data]);
  const scale = useMemo(() => scaleOf(chart), [chart]);
  const summary = useSummary(chart);
  const isBars = chart.kind === "bar" && chart.series.length === 1 && chart.labels.length <= BARS_MAX;
  return (
    <figure className="view-chart" aria-labelledby={id}>
      <figcaption id={id}>
        {chart.title}
        {chart.unit !== "" && !chart.title.includes(chart.unit) && <span className="view-quiet"> {chart.unit}</span>}
      </figcaption>
      {isBars ? <Bars chart={chart} scale={scale} /> : <Plot chart={chart} scale={scale} summary={summary} />}
      <p className="view-quiet">{summary}</p>
      {!isBars && <Alternative chart={chart} />}
    </figure>
  );
}

export function useSummary(chart: Chart): string {
  const words = useViewWords();
  return useMemo(() => {
    const said = (value: number) => numberText(value, words.language);
    const { count, absent, lowest, highest } = extremesOf(chart);
    const parts = [words.chartSaid(said(count))];
    if (lowest !== undefined && highest !== undefined && lowest !== highest) {
      parts.push(words.lowest(lowest.text ?? said(lowest.value), lowest.label));
      parts.push(words.highest(highest.text ?? said(highest.value), highest.label));
    }
    if (absent > 0) parts.push(words.absent(said(absent)));
    return parts.join(" · ");
  }, [chart, words]);
}

/** Bars beside their labels: a table that also draws. */
function Bars({ chart, scale }: { chart: Chart; scale: Scale }) {
  const words = useViewWords();
  const values = chart.series[0]?.values ?? [];
  const zero = partOf(scale, 0);
  return (
    <table className="view-bars">
      <thead className="view-unseen">
        <tr>
          <th scope="col">{chart.label || words.asList}</th>
          <th scope="col">{chart.unit}</th>
        </tr>
      </thead>
      <tbody>
        {each(chart.labels, (label, place) => {
          const value = values[place] ?? null;
          const part = value === null ? zero : partOf(scale, value);
          return (
            <tr>
              <th scope="row">
                <bdi>{label}</bdi>
              </th>
              <td>
                <svg aria-hidden="true" focusable="false" className="view-bar">
                  <rect
                    x={`${100 * Math.min(zero, part)}%`}
                    width={`${100 * Math.abs(part - zero)}%`}
                    height="100%"
                    rx="2"
                    className={value !== null && value < 0 ? "view-ink-2" : "view-ink-1"}
                  />
                </svg>
                <span className="view-bar-text">
                  {value === null ? (
                    <i className="view-quiet">{words.empty}</i>
                  ) : (
                    (chart.series[0]?.texts[place] ?? numberText(value, words.language))
                  )}
                </span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Columns or lines over one axis. The words stand around the picture, so that they keep their size. */
function Plot({ chart, scale, summary }: { chart: Chart; scale: Scale; summary: string }) {
  const words = useViewWords();
  const { labels, series } = chart;
  const ends = labels.length > 2 ? [labels[0], labels[Math.floor((labels.length - 1) / 2)], labels.at(-1)] : labels;
  return (
    <div className="view-plot">
      <ol className="view-ticks" aria-hidden="true">
        {scale.ticks.toReversed().map((tick) => (
          <li key={tick}>{numberText(tick, words.language)}</li>
        ))}
      </ol>
      <svg
        role="img"
        aria-label={`${chart.title}. ${summary}`}
        viewBox={`0 0 ${WIDE} ${HIGH}`}
        preserveAspectRatio="none"
      >
        {scale.ticks.map((tick) => (
          <line
            key={tick}
            className="view-grid"
            x1="0"
            x2={WIDE}
            y1={heightOf(scale, tick)}
            y2={heightOf(scale, tick)}
          />
        ))}
        {each(series, ({ values }, index) =>
          chart.kind === "line" ? (
            <Line values={values} scale={scale} index={index} />
          ) : (
            <Columns chart={chart} values={values} scale={scale} index={index} />
          ),
        )}
      </svg>
      <ol className="view-ends" aria-hidden="true">
        {each(ends, (label) => (
          <li>
            <bdi>{label}</bdi>
          </li>
        ))}
      </ol>
      {series.length > 1 && (
        <ul className="view-legend">
          {each(series, ({ name }, index) => (
            <li className={`view-mark-${inkOf(index)}`}>
              <bdi>{name}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const heightOf = (scale: Scale, value: number): number => HIGH * (1 - partOf(scale, value));
const inkOf = (index: number): number => (index % 6) + 1;

function Line({ values, scale, index }: { values: readonly (number | null)[]; scale: Scale; index: number }) {
  const path = useMemo(() => {
    const step = values.length > 1 ? WIDE / (values.length - 1) : 0;
    let pen = "M";
    const parts: string[] = [];
    for (const [place, value] of values.entries()) {
      if (value === null) {
        pen = "M";
        continue;
      }
      const x = values.length > 1 ? place * step : WIDE / 2;
      parts.push(`${pen}${round(x)} ${round(heightOf(scale, value))}`);
      // A point between two gaps is a line of no length, which round ends make visible.
      if (pen === "M") parts.push("h0");
      pen = "L";
    }
    return parts.join("");
  }, [values, scale]);
  return <path className={`view-line view-stroke-${inkOf(index)}`} d={path} />;
}

interface ColumnsProps {
  chart: Chart;
  values: readonly (number | null)[];
  scale: Scale;
  index: number;
}

function Columns({ chart, values, scale, index }: ColumnsProps) {
  const path = useMemo(() => {
    const group = WIDE / Math.max(1, values.length);
    // A histogram's ranges touch; things side by side do not.
    const used = group * (chart.kind === "histogram" ? 0.96 : 0.75);
    const width = used / chart.series.length;
    const zero = heightOf(scale, 0);
    return values
      .flatMap((value, place) => {
        if (value === null) return [];
        const x = place * group + (group - used) / 2 + index * width;
        return [`M${round(x)} ${round(zero)}V${round(heightOf(scale, value))}h${round(width)}V${round(zero)}Z`];
      })
      .join("");
  }, [chart, values, scale, index]);
  return <path className={`view-ink-${inkOf(index)}`} d={path} />;
}

const round = (value: number): number => Math.round(value * 100) / 100;

export function chartTable(chart: Chart): TableData {
  return {
    ...(chart.title === "" ? {} : { caption: chart.title }),
    columns: [chart.label, ...chart.series.map(({ name }) => name)],
    rows: chart.labels.map((label, place) => [
      label,
      ...chart.series.map(({ values, texts }) => texts[place] ?? values[place] ?? null),
    ]),
  };
}

export function Alternative({ chart }: { chart: Chart }) {
  const words = useViewWords();
  const table = useMemo(() => chartTable(chart), [chart]);
  return (
    <details>
      <summary>{words.asTable}</summary>
      <Table data={table} />
    </details>
  );
}

export const view: View<ChartData> = { schema, text: texts.chart, Drawing: ChartDrawing };
