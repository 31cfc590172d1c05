// Numbers drawn by lightweight-charts (Apache-2.0, TradingView; its mark stays on the chart). A canvas says nothing to
// those who do not see it, so its label and a table say the same.

import {
  createChart,
  HistogramSeries,
  LineSeries,
  type ChartOptions,
  type DeepPartial,
  type IChartApi,
  type ISeriesApi,
  type UTCTimestamp,
} from "lightweight-charts";
import { useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { Alternative, useSummary, view as drawn } from "../../ui/src/views/chart";
import { useViewWords } from "../../ui/src/views/host";
import type { View } from "../../ui/src/views/view";
import { numberText } from "../shared/cells";
import { chartOf, type Chart } from "../shared/chart";
import type { ChartData } from "../shared/data";
import { useColors } from "./colors";

const INKS = 6;

function ChartCanvas({ data }: { data: ChartData }) {
  const id = useId();
  const chart = useMemo(() => chartOf(data), [data]);
  const summary = useSummary(chart);
  const [has_failed, setHasFailed] = useState(false);
  const onFail = useCallback(() => setHasFailed(true), []);
  if (has_failed) return <drawn.Drawing data={data} />;
  return (
    <figure className="view-chart" aria-labelledby={id}>
      <figcaption id={id}>{[chart.title, chart.unit].filter((part) => part !== "").join(" · ")}</figcaption>
      <Canvas chart={chart} label={`${chart.title}. ${summary}`} onFail={onFail} />
      <p className="view-quiet">{summary}</p>
      <Alternative chart={chart} />
    </figure>
  );
}

interface CanvasProps {
  chart: Chart;
  label: string;
  /** There is no canvas here, or not for these numbers. */
  onFail(): void;
}

function Canvas({ chart, label, onFail }: CanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const { language } = useViewWords();
  const color = useColors();
  useEffect(() => {
    if (box.current === null) return undefined;
    let api: IChartApi | undefined;
    try {
      api = createChart(box.current, chartOptions(chart, language, color));
      seriesAdd(api, chart, color);
    } catch {
      onFail();
    }
    return () => api?.remove();
  }, [chart, language, color, onFail]);
  return <div ref={box} className="view-canvas" role="img" aria-label={label} />;
}

type Colors = (name: string) => string;

function chartOptions(chart: Chart, language: string, color: Colors): DeepPartial<ChartOptions> {
  // The places of the labels stand in for times: what the axis says is the label.
  const labelOf = (place: unknown) => chart.labels[Number(place)] ?? "";
  return {
    autoSize: true,
    layout: { background: { color: color("--surface") }, textColor: color("--ink"), attributionLogo: true },
    grid: { vertLines: { visible: false }, horzLines: { color: color("--line") } },
    timeScale: { tickMarkFormatter: labelOf, borderColor: color("--line") },
    rightPriceScale: { borderColor: color("--line") },
    localization: { timeFormatter: labelOf, priceFormatter: (value: number) => numberText(value, language) },
  };
}

function seriesAdd(api: IChartApi, chart: Chart, color: Colors): void {
  for (const [index, { name, values }] of chart.series.entries()) {
    const ink = color(`--view-${(index % INKS) + 1}`);
    // Bars of several series would lie behind one another.
    const is_bars = chart.kind !== "line" && chart.series.length === 1;
    const series: ISeriesApi<"Histogram" | "Line"> = is_bars
      ? api.addSeries(HistogramSeries, { color: ink, priceLineVisible: false })
      : api.addSeries(LineSeries, { color: ink, title: name, priceLineVisible: false });
    series.setData(
      values.map((value, place) => ({ time: place as UTCTimestamp, ...(value === null ? {} : { value }) })),
    );
  }
  api.timeScale().fitContent();
}

export const view: View<ChartData> = { ...drawn, Drawing: ChartCanvas };
