/** Equity with its high-water mark, and below it, on the same time axis, the drawdown. Finished data in, no store. */
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import type { Equity } from "../client/schema";
import { fixed, money, percent } from "../lib/format";
import { usePreferences } from "../lib/preferences";
import { type Zone, clock, day, moment } from "../lib/time";

const AXIS_WIDTH = 62;
const DRAWDOWN_SHARE = 0.26;
const AXIS_HEIGHT = 26;
const EDGE = 22;
const LABEL_HEIGHT = 9;

interface Palette {
  readonly line: string;
  readonly text: string;
  readonly grid: string;
  readonly axis: string;
  readonly loss: string;
  readonly surface: string;
  readonly on: string;
  readonly font: string;
}

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    line: read("--k-series-1"),
    text: read("--k-text"),
    grid: read("--k-grid"),
    axis: read("--k-axis"),
    loss: read("--k-loss"),
    surface: read("--k-surface"),
    on: read("--k-on-accent"),
    font: `${parseFloat(read("--k-text-2xs")) * 16}px ${read("--k-font")}`,
  };
}

const withAlpha = (hex: string, alpha: number): string =>
  hex + Math.round(alpha * 255).toString(16).padStart(2, "0");

/** The highest value so far, at every point. */
export function highWater(value: readonly number[]): number[] {
  let high = Number.NEGATIVE_INFINITY;
  return value.map((amount) => (high = Math.max(high, amount)));
}

/** A sentence for those who do not see the line. */
export function summary(series: Equity, zone: Zone): string {
  const { ts, value, drawdown } = series;
  const [first, last, start, end] = [value[0], value.at(-1), ts[0], ts.at(-1)];
  if (first === undefined || last === undefined || start === undefined || end === undefined) return "No equity yet.";
  const low = value.reduce((a, b) => Math.min(a, b));
  const high = value.reduce((a, b) => Math.max(a, b));
  const deepest = drawdown.reduce((a, b) => Math.min(a, b), 0);
  return (
    `Equity from ${money(first)} ${series.currency} on ${moment(start, zone, end)} to ${money(last)} on ` +
    `${moment(end, zone, end)}; lowest ${money(low)}, highest ${money(high)}, deepest drawdown ${percent(deepest)}.`
  );
}

/** Where `value` lies on a scale, from 0 to 1. While axes are laid out the chart has no pixels to ask for yet. */
function share(scale: uPlot.Scale | undefined, value: number): number {
  const { min = 0, max = 0 } = scale ?? {};
  return max > min ? (value - min) / (max - min) : 0;
}

function timeLabels(zone: Zone) {
  return (chart: uPlot, splits: number[], _: number, __: number, step: number): string[] =>
    splits.map((seconds) => {
      const x = share(chart.scales["x"], seconds) * (chart.width - AXIS_WIDTH);
      if (x < EDGE) return ""; // half of the label would be cut off
      const ts = seconds * 1_000;
      if (step >= 86_400) return day(ts, zone);
      const text = clock(ts, zone);
      return text === "00:00" ? day(ts, zone) : text;
    });
}

/** Whole money, but nothing that would run into the drawdown below or the label of the last value. */
function valueLabels(chart: uPlot, splits: number[]): string[] {
  const scale = chart.scales["y"];
  const near = (LABEL_HEIGHT * 2) / chart.height;
  const last = chart.data[1]?.at(-1) ?? Number.POSITIVE_INFINITY;
  return splits.map((value) => {
    const at = share(scale, value);
    return at < near / 2 || Math.abs(at - share(scale, last)) < near ? "" : fixed(value, 0);
  });
}

function lastValueLabel(palette: Palette): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const values = chart.data[1] ?? [];
        const last = values.at(-1);
        if (typeof last !== "number") return;
        const ratio = devicePixelRatio;
        const { ctx, bbox } = chart;
        const y = chart.valToPos(last, "y", true);
        const text = fixed(last, 0);
        ctx.save();
        ctx.font = `600 ${palette.font.replace(/^[\d.]+px/, (size) => `${parseFloat(size) * ratio}px`)}`;
        const width = ctx.measureText(text).width + 10 * ratio;
        const x = bbox.left + bbox.width + 3 * ratio;
        ctx.fillStyle = palette.line;
        ctx.beginPath();
        ctx.roundRect(x, y - 9 * ratio, width, 18 * ratio, 3 * ratio);
        ctx.fill();
        ctx.fillStyle = palette.on;
        ctx.textBaseline = "middle";
        ctx.fillText(text, x + 5 * ratio, y + 0.5 * ratio);
        ctx.restore();
      },
    },
  };
}

function baseOptions(width: number, height: number, palette: Palette, zone: Zone, key: string): uPlot.Options {
  return {
    width,
    height,
    legend: { show: false },
    tzDate: (seconds) => (zone === "utc" ? uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC") : new Date(seconds * 1_000)),
    cursor: { sync: { key }, points: { show: false }, drag: { x: false, y: false }, y: false },
    padding: [10, 0, 0, 0],
    axes: [
      {
        stroke: palette.axis,
        font: palette.font,
        grid: { show: false },
        ticks: { show: false },
        size: AXIS_HEIGHT,
        space: 68,
        values: timeLabels(zone),
      },
      {
        side: 1,
        stroke: palette.axis,
        font: palette.font,
        size: AXIS_WIDTH,
        gap: 6,
        grid: { stroke: palette.grid, width: 1 },
        ticks: { show: false },
      },
    ],
    series: [{}],
    hooks: {},
  };
}

interface Point {
  readonly ts: number;
  readonly value: number;
  readonly drawdown: number;
}

function equityOptions(
  size: { width: number; height: number },
  palette: Palette,
  zone: Zone,
  key: string,
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const options = baseOptions(size.width, size.height, palette, zone, key);
  const [time, values] = options.axes ?? [];
  return {
    ...options,
    axes: [
      { ...time, size: 0, values: () => [] },
      { ...values, space: 34, values: valueLabels },
    ],
    series: [
      {},
      { stroke: palette.line, width: 1.5, fill: withAlpha(palette.line, 0.07), points: { show: false } },
      { stroke: palette.axis, width: 1, dash: [2, 3], points: { show: false } },
    ],
    hooks: { setCursor: [(chart) => onPoint(chart.cursor.idx ?? null)] },
    plugins: [lastValueLabel(palette)],
  };
}

function drawdownOptions(
  size: { width: number; height: number },
  palette: Palette,
  zone: Zone,
  key: string,
): uPlot.Options {
  const options = baseOptions(size.width, size.height, palette, zone, key);
  const [time, values] = options.axes ?? [];
  return {
    ...options,
    padding: [8, 0, 0, 0],
    scales: { y: { range: (_, low) => [Math.min(low * 1.15, -0.0005), 0] } },
    axes: [
      { ...time },
      { ...values, space: 22, values: (_, splits) => splits.map((value) => (value === 0 ? "0%" : percent(value, 1))) },
    ],
    series: [
      {},
      {
        stroke: withAlpha(palette.loss, 0.9),
        width: 1,
        fill: withAlpha(palette.loss, 0.3),
        fillTo: 0,
        points: { show: false },
      },
    ],
  };
}

/** At least `heightMin` high; where its panel is higher, because of what stands beside it, it fills the panel. */
export default function EquityChart({ series, heightMin }: { series: Equity; heightMin: number }) {
  const box = useRef<HTMLDivElement>(null);
  const charts = useRef<readonly [uPlot, uPlot] | undefined>(undefined);
  const preferences = usePreferences();
  const [{ width, height }, setSize] = useState({ width: 0, height: 0 });
  const [index, setIndex] = useState<number | null>(null);
  const data = useMemo(() => {
    const seconds = series.ts.map((ts) => ts / 1_000);
    return {
      equity: [seconds, [...series.value], highWater(series.value)] as uPlot.AlignedData,
      drawdown: [seconds, [...series.drawdown]] as uPlot.AlignedData,
    };
  }, [series]);
  const newest = useRef(data);
  newest.current = data;

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element || width === 0 || height === 0) return undefined;
    const palette = readPalette();
    const below = Math.round(height * DRAWDOWN_SHARE) + AXIS_HEIGHT;
    const key = `equity-${Math.random()}`;
    const made = [
      new uPlot(
        equityOptions({ width, height: height - below }, palette, preferences.zone, key, setIndex),
        newest.current.equity,
        element,
      ),
      new uPlot(
        drawdownOptions({ width, height: below }, palette, preferences.zone, key),
        newest.current.drawdown,
        element,
      ),
    ] as const;
    charts.current = made;
    return () => {
      charts.current = undefined;
      for (const chart of made) chart.destroy();
    };
  }, [width, height, preferences]);

  useEffect(() => {
    charts.current?.[0].setData(data.equity);
    charts.current?.[1].setData(data.drawdown);
  }, [data]);

  return (
    <figure className="flex grow flex-col px-3.5 pt-1 pb-1.5">
      <Readout series={series} index={index} zone={preferences.zone} />
      <div className="relative grow" style={{ minHeight: heightMin }}>
        <div ref={box} className="absolute inset-0" role="img" aria-label={summary(series, preferences.zone)} />
      </div>
    </figure>
  );
}

/** What the pointer is on; the newest point while it is elsewhere. */
function Readout({ series, index, zone }: { series: Equity; index: number | null; zone: Zone }) {
  const at = index ?? series.ts.length - 1;
  const point: Point = { ts: series.ts[at] ?? 0, value: series.value[at] ?? 0, drawdown: series.drawdown[at] ?? 0 };
  return (
    <figcaption className="figure flex min-h-5 flex-wrap gap-x-3 text-xs text-text-3">
      <span>{moment(point.ts, zone, series.ts.at(-1))}</span>
      <span className="text-text-2">
        {money(point.value)} {series.currency}
      </span>
      <span>drawdown {percent(point.drawdown)}</span>
    </figcaption>
  );
}
