/* Equity of all cost levels, the one that was run strong, and its drawdown below. */

const DRAWDOWN_SHARE = 0.28;
const LINES = {
  base: { colour: "series-3", dash: [6, 3], width: 1.25 },
  pessimistic: { colour: "series-1", dash: [], width: 1.25 },
  brutal: { colour: "series-2", dash: [2, 3], width: 1.5 },
  own: { colour: "series-4", dash: [], width: 1.25 },
};

/** 1 - equity / peak at each close, the start included (rule 32). */
function drawdowns(equity, start) {
  const falls = new Float64Array(equity.length);
  let peak = start;
  for (let bar = 0; bar < equity.length; bar++) {
    if (equity[bar] > peak) peak = equity[bar];
    falls[bar] = 1 - equity[bar] / peak;
  }
  return falls;
}

/** Points of a line: every bar, or where they are many the lowest and highest of each pixel, in order. */
function linePoints(values, first, last, chart, y) {
  const size = Math.max(1, Math.floor(1 / chart.barWidth));
  const points = [];
  for (let start = Math.floor(first / size) * size; start <= last; start += size) {
    let [low, high] = [start, start];
    for (let bar = start + 1; bar < Math.min(start + size, values.length); bar++) {
      if (values[bar] < values[low]) low = bar;
      if (values[bar] > values[high]) high = bar;
    }
    points.push([chart.x(Math.min(low, high)), y(values[Math.min(low, high)])]);
    if (low !== high) points.push([chart.x(Math.max(low, high)), y(values[Math.max(low, high)])]);
  }
  return points;
}

class EquityChart extends Drawing {
  constructor(frame, report) {
    super();
    this.report = report;
    this.main = report.levels.find((level) => level.name === report.main);
    this.falls = drawdowns(this.main.equity, report.capital);
    this.hidden = new Set();
    for (const button of frame.querySelectorAll("[data-level]")) {
      button.addEventListener("click", () => this.toggle(button));
    }
    this.begin(frame, report.candles.ts);
  }

  toggle(button) {
    const pressed = button.getAttribute("aria-pressed") === "true";
    button.setAttribute("aria-pressed", String(!pressed));
    if (pressed) this.hidden.add(button.dataset.level);
    else this.hidden.delete(button.dataset.level);
    this.chart.redraw();
  }

  /** Levels to be drawn, the main one last and so on top. */
  get shown() {
    const others = this.report.levels.filter((level) => level !== this.main && !this.hidden.has(level.name));
    return [...others, this.main];
  }

  tell(bar) {
    const { report } = this;
    const place = bar ?? report.candles.ts.length - 1;
    if (place < 0) return;
    const figures = report.levels.map((level) => [level.name, fixed(level.equity[place], report.places.money)]);
    const close = moment(report.candles.ts[place] + report.timeframe, report.timeframe);
    const fall = percent(-this.falls[place]);
    this.legend.replaceChildren(
      ...labelled([["", `${close} UTC`], ...figures, ["", report.currency], ["drawdown", fall, tone(fall)]]),
    );
  }

  draw() {
    const { chart, falls, report } = this;
    const [first, last] = chart.seen;
    let [low, high, fall] = [report.capital, report.capital, 0];
    for (const level of this.shown) {
      for (let bar = first; bar <= last; bar++) {
        if (level.equity[bar] < low) low = level.equity[bar];
        if (level.equity[bar] > high) high = level.equity[bar];
      }
    }
    for (let bar = first; bar <= last; bar++) fall = Math.max(fall, falls[bar]);
    const room = (high - low) * 0.05 || Math.abs(high) * 0.001;
    const split = chart.plotHeight * (1 - DRAWDOWN_SHARE);
    const money = pane(8, split - 10, low - room, high + room);
    const down = pane(split + 6, chart.plotHeight - 2, -(fall || 0.01) * 1.05, 0);
    const places = high < 10 ? report.places.money : high < 1000 ? 2 : 0;
    const text = (value) => fixed(value, places);
    chart.axisWidth = Math.ceil(Math.max(chart.context.measureText(text(high)).width, 44)) + 18;
    chart.timeAxis();
    chart.valueAxis(money, money.bottom / 56, text);
    const digits = fall < 0.02 ? 1 : 0;
    chart.valueAxis(down, 3, (value, step) => percent(value, placesOf(step * 100, Math.max(digits, 2))));
    this.drawFall(down, first, last);
    this.drawLines(money, first, last);
    chart.crosshair();
  }

  drawLines(money, first, last) {
    const { chart, report } = this;
    const { context } = chart;
    context.save();
    context.beginPath();
    context.rect(0, 0, chart.plotWidth, money.bottom + 4);
    context.clip();
    const start = Math.round(money.y(report.capital)) + 0.5;
    stroke(context, token("line-strong"), [[0, start], [chart.plotWidth, start]], { dash: [1, 3] });
    for (const level of this.shown) {
      const { colour, dash, width } = LINES[level.name] ?? LINES.pessimistic;
      const strong = level === this.main;
      const points = linePoints(level.equity, first, last, chart, money.y);
      stroke(context, token(colour), points, { width: strong ? 2 : width, dash: strong ? [] : dash });
    }
    context.restore();
  }

  drawFall(down, first, last) {
    const { chart, falls } = this;
    const { context } = chart;
    const points = linePoints(falls, first, last, chart, (value) => down.y(-value));
    if (!points.length) return;
    context.fillStyle = token("loss");
    context.globalAlpha = 0.35;
    context.beginPath();
    context.moveTo(points[0][0], down.y(0));
    for (const [x, y] of points) context.lineTo(x, y);
    context.lineTo(points[points.length - 1][0], down.y(0));
    context.fill();
    context.globalAlpha = 1;
    stroke(context, token("loss"), points);
    stroke(context, token("line-strong"), [[0, Math.round(down.top) + 0.5], [chart.plotWidth, Math.round(down.top) + 0.5]]);
    context.fillStyle = token("axis");
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillText("Drawdown", 6, down.top - 2);
  }
}
