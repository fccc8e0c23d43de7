/* The charts of a fleet: its equity with its drawdown, and its exposure, gross and net. */

/** The data as the equity chart of a backtest reads it. */
function readFleet() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const equity = unpack(data.equity);
  return {
    capital: data.capital,
    currency: data.currency,
    timeframe: 0, // the times are those of closes already
    places: { money: 2 },
    main: "fleet",
    levels: [{ name: "fleet", equity }],
    candles: { ts: unpack(data.ts) },
    gross: unpack(data.gross),
    net: unpack(data.net),
  };
}

class ExposureChart extends Drawing {
  constructor(frame, report) {
    super();
    this.report = report;
    this.begin(frame, report.candles.ts);
  }

  tell(bar) {
    const { report } = this;
    const place = bar ?? report.candles.ts.length - 1;
    if (place < 0) return;
    const close = moment(report.candles.ts[place], 0);
    const figures = [["gross, solid", fixed(report.gross[place], 2)], ["net, dashed", fixed(report.net[place], 2)]];
    this.legend.replaceChildren(...labelled([["", `${close} UTC`], ...figures]));
  }

  draw() {
    const { chart, report } = this;
    const [first, last] = chart.seen;
    let [low, high] = [0, 0.01];
    for (let bar = first; bar <= last; bar++) {
      if (report.net[bar] < low) low = report.net[bar];
      if (report.gross[bar] > high) high = report.gross[bar];
    }
    const room = (high - low) * 0.05;
    const field = pane(8, chart.plotHeight - 4, low - room, high + room);
    const text = (value) => fixed(value, 2);
    chart.axisWidth = Math.ceil(Math.max(chart.context.measureText(text(-high)).width, 44)) + 18;
    chart.timeAxis();
    chart.valueAxis(field, field.bottom / 48, text);
    const zero = Math.round(field.y(0)) + 0.5;
    stroke(chart.context, token("line-strong"), [[0, zero], [chart.plotWidth, zero]]);
    stroke(chart.context, token("series-1"), linePoints(report.gross, first, last, chart, field.y), { width: 2 });
    stroke(chart.context, token("series-2"), linePoints(report.net, first, last, chart, field.y), { width: 1.5, dash: [5, 3] });
    chart.crosshair();
  }
}

startTheme();
const fleet = readFleet();
new EquityChart(document.getElementById("equity"), fleet);
new ExposureChart(document.getElementById("exposure"), fleet);
root.dataset.ready = "true";
