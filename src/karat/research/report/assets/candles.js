/* Candles with entries and exits; the trade that is open in the table is drawn with its levels. */

const CANDLE_WIDTH_MIN = 3.5;
const VOLUME_SHARE = 0.14;
const STRIP_HEIGHT = 14;
const MARKERS_MAX_PER_PIXEL = 1 / 12;
const LEVEL_ROOM = 2.2; // times the range of the candles that levels may ask for

/** Bars gathered by `size`, aligned so that panning does not change them: what one candle shows. */
function gather(bars, first, last, size) {
  const candles = [];
  for (let start = Math.floor(first / size) * size; start <= last; start += size) {
    const end = Math.min(start + size, bars.ts.length);
    let high = bars.high[start];
    let low = bars.low[start];
    let volume = 0;
    for (let bar = start; bar < end; bar++) {
      if (bars.high[bar] > high) high = bars.high[bar];
      if (bars.low[bar] < low) low = bars.low[bar];
      volume += bars.volume[bar];
    }
    candles.push({ start, end, open: bars.open[start], high, low, close: bars.close[end - 1], volume });
  }
  return candles;
}

class CandleChart extends Drawing {
  constructor(frame, report) {
    super();
    this.report = report;
    this.bars = report.candles;
    this.selected = null; // a row of the trade table, or null
    const count = this.bars.ts.length;
    const shown = Math.max(40, Math.round(frame.querySelector("canvas").clientWidth / 7));
    this.begin(frame, this.bars.ts, count - shown);
  }

  price(value) {
    return fixed(value, this.report.places.price);
  }

  tell(bar) {
    const { bars, report } = this;
    const place = bar ?? bars.ts.length - 1;
    if (place < 0) return;
    const change = percentChange(bars.open[place], bars.close[place]);
    const hits = report.fillsOfBar.get(place) ?? [];
    const words = hits.map((row) => `${report.fillWords(row)} ${this.price(report.fills.price[row])}`);
    this.legend.replaceChildren(
      ...labelled([
        ["", `${moment(bars.ts[place], report.timeframe)} UTC`],
        ["O", this.price(bars.open[place])],
        ["H", this.price(bars.high[place])],
        ["L", this.price(bars.low[place])],
        ["C", this.price(bars.close[place])],
        ["", change, tone(change)],
        ["V", fixed(bars.volume[place], bars.volume[place] < 1000 ? 2 : 0)],
        ...words.map((text) => ["", text, "fill"]),
      ]),
    );
  }

  /** Show a trade or position with room around it, or none. */
  select(trade) {
    this.selected = trade;
    if (trade) {
      const room = Math.max(20, Math.round((trade.exitBar - trade.entryBar) * 0.6));
      this.chart.show(trade.entryBar - room, trade.exitBar + room + 1);
    }
    this.chart.redraw();
  }

  /** Select a trade and bring the chart before the reader. */
  present(trade) {
    this.select(trade);
    this.chart.frame.scrollIntoView({ block: "center" });
    this.chart.canvas.focus({ preventScroll: true });
  }

  draw() {
    const { chart, bars } = this;
    const [first, last] = chart.seen;
    const size = Math.max(1, Math.ceil(CANDLE_WIDTH_MIN / chart.barWidth));
    const candles = gather(bars, first, last, size);
    const low = Math.min(...candles.map((candle) => candle.low));
    const high = Math.max(...candles.map((candle) => candle.high));
    const bottom = chart.plotHeight - STRIP_HEIGHT;
    const prices = this.pricePane(low, high, bottom * (1 - VOLUME_SHARE));
    chart.axisWidth = Math.ceil(chart.context.measureText(this.price(prices.high)).width) + 18;
    const most = Math.max(...candles.map((candle) => candle.volume));
    chart.timeAxis();
    chart.valueAxis(prices, chart.plotHeight / 56, (value) => this.price(value), this.tagHeights(prices));
    this.drawSelectedBand(prices);
    this.drawCandles(candles, prices, pane(bottom * (1 - VOLUME_SHARE), bottom, 0, most), size);
    this.drawStrip(bottom + 2);
    this.drawSelected(prices);
    this.drawMarkers(prices, candles, size, first, last);
    this.drawReading(prices, size);
  }

  /** Prices of what is seen; the levels of the selected trade too, unless they would flatten the candles. */
  pricePane(low, high, bottom) {
    const span = high - low || Math.abs(high) * 0.01 || 1;
    const levels = this.selected ? [this.selected.stop, this.selected.take].filter(Number.isFinite) : [];
    for (const level of levels) {
      const [lower, upper] = [Math.min(low, level), Math.max(high, level)];
      if (upper - lower <= span * LEVEL_ROOM) [low, high] = [lower, upper];
    }
    const room = (high - low || span) * 0.08;
    return pane(0, bottom, low - room, high + room);
  }

  drawCandles(candles, prices, volumes, size) {
    const { context, barWidth } = this.chart;
    const width = size * barWidth;
    const body = Math.max(1, Math.min(Math.round(width * 0.7), width - 1.5));
    const colours = { up: token("gain"), down: token("loss"), volume: token("surface-3") };
    this.chart.context.save();
    context.beginPath();
    context.rect(0, 0, this.chart.plotWidth, this.chart.plotHeight);
    context.clip();
    for (const candle of candles) {
      const middle = (this.chart.x(candle.start) + this.chart.x(candle.end - 1)) / 2;
      const left = middle - body / 2;
      const up = candle.close >= candle.open;
      const top = prices.y(Math.max(candle.open, candle.close));
      const height = Math.max(1, prices.y(Math.min(candle.open, candle.close)) - top);
      context.fillStyle = colours.volume;
      context.fillRect(left, volumes.y(candle.volume), body, volumes.bottom - volumes.y(candle.volume));
      context.strokeStyle = context.fillStyle = up ? colours.up : colours.down;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(middle, prices.y(candle.high));
      context.lineTo(middle, top);
      context.moveTo(middle, top + height);
      context.lineTo(middle, prices.y(candle.low));
      context.stroke();
      if (up && body > 2.5) context.strokeRect(left + 0.5, top + 0.5, body - 1, Math.max(0.5, height - 1));
      else context.fillRect(left, top, body, height);
    }
    context.restore();
  }

  /** Trades under the candles, at any zoom: longs in the upper half, shorts in the lower, tinted by result. */
  drawStrip(top) {
    const { chart, report } = this;
    const { context } = chart;
    const [first, last] = chart.seen;
    for (const trade of report.spans) {
      if (trade.exitBar < first || trade.entryBar > last) continue;
      const left = Math.max(0, chart.x(trade.entryBar));
      const right = Math.min(chart.plotWidth, chart.x(trade.exitBar));
      context.fillStyle = token(trade.pnl > 0 ? "gain" : trade.pnl < 0 ? "loss" : "text-3");
      context.fillRect(left, top + (trade.side > 0 ? 0 : 6), Math.max(1.5, right - left), 3);
    }
  }

  drawSelectedBand(prices) {
    const { chart, selected } = this;
    if (!selected) return;
    const left = chart.x(selected.entryBar) - chart.barWidth / 2;
    const right = chart.x(selected.exitBar) + chart.barWidth / 2;
    const from = Math.max(0, left);
    chart.context.fillStyle = token("accent-bg");
    chart.context.globalAlpha = 0.55;
    chart.context.fillRect(from, 0, Math.max(0, Math.min(chart.plotWidth, right) - from), prices.bottom);
    chart.context.globalAlpha = 1;
  }

  /** Way from entry to exit, stop dashed and take dotted, as they were set by the entry. */
  drawSelected(prices) {
    const { chart, selected } = this;
    if (!selected) return;
    const { context } = chart;
    context.save();
    context.beginPath();
    context.rect(0, 0, chart.plotWidth, prices.bottom);
    context.clip();
    const [left, right] = [chart.x(selected.entryBar), chart.x(selected.exitBar)];
    const way = [[left, prices.y(selected.entryPrice)], [right, prices.y(selected.exitPrice)]];
    stroke(context, token("text-2"), way, { width: 1.5 });
    for (const [name, value, dash] of [["stop", selected.stop, [6, 4]], ["take", selected.take, [2, 3]]]) {
      if (!Number.isFinite(value)) continue;
      const y = prices.y(value);
      const out = y < prices.top ? " ↑" : y > prices.bottom ? " ↓" : ""; // beyond what is seen: named at the edge
      stroke(context, token("text"), [[left, y], [Math.max(right, left + chart.barWidth), y]], { width: 1.25, dash });
      context.textAlign = "left";
      context.textBaseline = "bottom";
      const at = Math.min(prices.bottom - 2, Math.max(14, y - 2));
      haloText(context, `${name} ${this.price(value)}${out}`, Math.max(4, left + 4), at);
    }
    context.restore();
  }

  /** Fills: a triangle points to the side of an entry, a diamond is an exit ringed by its result. */
  drawMarkers(prices, candles, size, first, last) {
    const { chart, report } = this;
    const [start, end] = [firstAtLeast(report.fills.bar, first), firstAtLeast(report.fills.bar, last + 1)];
    if (end - start > chart.plotWidth * MARKERS_MAX_PER_PIXEL) return;
    for (let row = start; row < end; row++) {
      const bar = report.fills.bar[row];
      const x = chart.x(bar);
      const buys = report.fills.side[row] > 0;
      if (report.opens(row)) {
        const candle = candles[Math.floor((bar - candles[0].start) / size)];
        const y = buys ? prices.y(candle.low) + 12 : prices.y(candle.high) - 12;
        triangle(chart.context, x, y, buys ? -1 : 1, token("text"), token("surface"));
      } else {
        const colour = token(report.fills.gain[row] > 0 ? "gain" : report.fills.gain[row] < 0 ? "loss" : "text");
        diamond(chart.context, x, prices.y(report.fills.price[row]), colour, token("surface"));
      }
    }
  }

  /** Where the last close stands, NaN when it is out of sight, and where the close under the cursor does. */
  tagHeights(prices) {
    const { bars, chart } = this;
    const y = prices.y(bars.close[bars.ts.length - 1]);
    const close = y > prices.top + 9 && y < prices.bottom - 9 ? Math.round(y) + 0.5 : Number.NaN;
    if (chart.cursor === null) return [close, Number.NaN];
    return [close, Math.min(prices.bottom - 9, Math.max(9, prices.y(bars.close[chart.cursor])))];
  }

  drawReading(prices, size) {
    const { chart, bars } = this;
    const [y, at] = this.tagHeights(prices);
    if (Number.isFinite(y)) {
      stroke(chart.context, token("line-strong"), [[0, y], [chart.plotWidth, y]], { dash: [1, 3] });
      chart.tag(y, this.price(bars.close[bars.ts.length - 1]), token("text"), token("surface-3"));
    }
    chart.crosshair();
    if (chart.cursor !== null) chart.tag(at, this.price(bars.close[chart.cursor]), token("bg"), token("text-2"));
    if (size > 1) {
      chart.context.fillStyle = token("text-3");
      chart.context.textAlign = "left";
      chart.context.textBaseline = "top";
      chart.context.fillText(`1 candle = ${size} bars`, 6, 6);
    }
  }
}

function percentChange(from, to) {
  return from > 0 ? `${signed((to / from - 1) * 100, 2)}%` : NOTHING;
}

function triangle(context, x, y, up, colour, ring) {
  context.beginPath();
  context.moveTo(x, y + up * 6);
  context.lineTo(x - 5, y - up * 4);
  context.lineTo(x + 5, y - up * 4);
  context.closePath();
  context.lineWidth = 2;
  context.strokeStyle = ring;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
}

function diamond(context, x, y, colour, paper) {
  context.beginPath();
  context.moveTo(x, y - 6);
  context.lineTo(x + 6, y);
  context.lineTo(x, y + 6);
  context.lineTo(x - 6, y);
  context.closePath();
  context.fillStyle = paper;
  context.fill();
  context.lineWidth = 5; // a rim of paper, so that it stands out from a candle of its own colour
  context.strokeStyle = paper;
  context.stroke();
  context.lineWidth = 1.75;
  context.strokeStyle = colour;
  context.stroke();
}
