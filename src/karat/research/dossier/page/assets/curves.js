/* Curves over days on a scale of equal ratios, the drawdown of the last one below, bands behind. */

const CURVES = {
  default: { colour: "series-6", dash: [], width: 1.5 },
  chosen: { colour: "series-1", dash: [], width: 2 },
  vault: { colour: "gold-solid", dash: [], width: 2.5 },
  walk: { colour: "series-3", dash: [], width: 2 },
};
const BANDS = {
  bull: ["series-3", 0.14], bear: ["series-2", 0.14], range: ["series-6", 0.1],
  high_volatility: ["series-4", 0.16], crash_and_recovery: ["series-5", 0.16],
  odd: ["series-6", 0.14], even: ["series-6", 0.04],
};
const FALL_SHARE = 0.24;

class Curves extends Drawing {
  constructor(frame, data) {
    super();
    this.frame = frame;
    this.ts = unpack(data.ts);
    this.series = data.series.map((one) => ({ ...one, values: unpack(one.values) }));
    this.bands = data.bands;
    this.marks = data.marks;
    this.falls = this.drawdown();
    this.begin(frame, this.ts);
  }

  /** Of what was judged: the chosen parameters with the vault behind them, or all there is. */
  drawdown() {
    const judged = this.series.filter((one) => this.series.length === 1 || one.kind !== "default");
    const falls = new Float64Array(this.ts.length).fill(NaN);
    let peak = 0;
    for (let day = 0; day < this.ts.length; day++) {
      const one = judged.find((series) => Number.isFinite(series.values[day]));
      if (!one) continue;
      peak = Math.max(peak, one.values[day]);
      falls[day] = peak > 0 ? 1 - one.values[day] / peak : 0;
    }
    return falls;
  }

  tell(day) {
    const place = day ?? this.ts.length - 1;
    const parts = [[`${dayMonth(this.ts[place])} ${new Date(this.ts[place]).getUTCFullYear()}`, true]];
    for (const one of this.series) {
      const values = one.values;
      if (Number.isFinite(values[place])) parts.push([`${one.label} ${fixed(values[place], 3)}×`]);
    }
    if (Number.isFinite(this.falls[place])) parts.push([`drawdown ${percent(-this.falls[place], 1)}`]);
    const band = this.bands.find((one) => one.begin <= this.ts[place] && this.ts[place] < one.end);
    if (band) parts.push([band.label]);
    tell(this.legend, parts);
  }

  /** The day at or after a time; days beyond the record are at its end. */
  dayOf(time) {
    return firstAtLeast(this.ts, time);
  }

  range(first, last) {
    let [low, high] = [1, 1];
    for (const { values } of this.series) {
      for (let day = first; day <= last; day++) {
        if (values[day] > 0 && values[day] < low) low = values[day];
        if (values[day] > high) high = values[day];
      }
    }
    return [Math.log(low), Math.log(high)];
  }

  draw() {
    const { chart } = this;
    const [first, last] = chart.seen;
    const [low, high] = this.range(first, last);
    const room = (high - low) * 0.06 || 0.01;
    let deepest = 0.01;
    for (let day = first; day <= last; day++) if (this.falls[day] > deepest) deepest = this.falls[day];
    const split = chart.plotHeight * (1 - FALL_SHARE);
    const money = pane(10, split - 12, low - room, high + room);
    const down = pane(split + 8, chart.plotHeight - 2, -deepest * 1.08, 0);
    chart.axisWidth = 58;
    this.shade(chart.context, first, last);
    chart.timeAxis();
    this.ratios(money);
    chart.valueAxis(down, 3, (value, step) => percent(value, placesOf(step * 100, 2)));
    this.fall(down, first, last);
    this.lines(money, first, last);
    this.flags();
    chart.crosshair();
  }

  /** Regimes or windows behind everything. */
  shade(context, first, last) {
    const { chart } = this;
    for (const one of this.bands) {
      const [begin, end] = [Math.max(this.dayOf(one.begin), first), Math.min(this.dayOf(one.end), last + 1)];
      if (end <= begin) continue;
      const [colour, alpha] = BANDS[one.kind] ?? BANDS.range;
      const left = chart.x(begin) - chart.barWidth / 2;
      context.fillStyle = token(colour);
      context.globalAlpha = alpha;
      context.fillRect(left, 0, chart.x(end) - chart.barWidth / 2 - left, chart.plotHeight);
      context.globalAlpha = 1;
    }
  }

  /** Lines at round multiples of the capital; between close ones every step of it. */
  ratios(money) {
    const { chart } = this;
    const { context } = chart;
    const [low, high] = [Math.exp(money.low), Math.exp(money.high)];
    const values = high / low > 4 ? roundMultiples(low, high) : valueTicks(low, high, 6).values;
    let free = Infinity;
    for (const value of values) {
      const y = Math.round(money.y(Math.log(value))) + 0.5;
      stroke(context, value === 1 ? token("line-strong") : token("grid"), [[0, y], [chart.plotWidth, y]]);
      if (free - y < 14) continue;
      free = y;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillStyle = token("axis");
      const places = value >= 10 ? 0 : high / low <= 4 ? 2 : value >= 0.1 ? 1 : Math.ceil(-Math.log10(value));
      context.fillText(`${fixed(value, places)}×`, chart.plotWidth + 8, y);
    }
  }

  lines(money, first, last) {
    const { chart } = this;
    const { context } = chart;
    context.save();
    context.beginPath();
    context.rect(0, 0, chart.plotWidth, money.bottom + 6);
    context.clip();
    for (const { kind, values } of this.series) {
      const { colour, dash, width } = CURVES[kind];
      for (const [begin, end] of runs(values, first, last)) {
        const points = linePoints(values, begin, end, chart, (value) => money.y(Math.log(value)));
        stroke(context, token(colour), points, { width, dash });
      }
    }
    context.restore();
  }

  fall(down, first, last) {
    const { chart } = this;
    const { context } = chart;
    for (const [begin, end] of runs(this.falls, first, last, true)) {
      const points = linePoints(this.falls, begin, end, chart, (value) => down.y(-value));
      context.fillStyle = token("loss");
      context.globalAlpha = 0.35;
      context.beginPath();
      context.moveTo(points[0][0], down.y(0));
      for (const [x, y] of points) context.lineTo(x, y);
      context.lineTo(points[points.length - 1][0], down.y(0));
      context.fill();
      context.globalAlpha = 1;
      stroke(context, token("loss"), points);
    }
    const top = Math.round(down.top) + 0.5;
    stroke(context, token("line-strong"), [[0, top], [chart.plotWidth, top]]);
    context.textAlign = "left";
    context.textBaseline = "bottom";
    haloText(context, "Drawdown", 6, down.top - 2);
  }

  flags() {
    const { chart } = this;
    const { context } = chart;
    for (const mark of this.marks) {
      const x = Math.round(chart.x(this.dayOf(mark.ts)) - chart.barWidth / 2) + 0.5;
      if (x < 0 || x > chart.plotWidth) continue;
      stroke(context, token("gold-solid"), [[x, 0], [x, chart.plotHeight]], { width: 1.5, dash: [4, 3] });
      context.textAlign = x > chart.plotWidth / 2 ? "right" : "left";
      context.textBaseline = "top";
      haloText(context, mark.label, x + (context.textAlign === "right" ? -6 : 6), 6);
    }
  }
}

/** 1, 2 and 5 times powers of ten between two bounds. */
function roundMultiples(low, high) {
  const values = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power;
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}

/** First and last of each run of days that have a value; for equity it has to be above zero. */
function* runs(values, first, last, zeroToo = false) {
  let begin = null;
  for (let day = first; day <= last + 1; day++) {
    const known = day <= last && Number.isFinite(values[day]) && (zeroToo || values[day] > 0);
    if (known && begin === null) begin = day;
    if (known || begin === null) continue;
    yield [begin, day - 1];
    begin = null;
  }
}
