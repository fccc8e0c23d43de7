/* Read the data of the page and bring its charts and its trade table to life. */

/** The data as the charts read it: columns unpacked, trades as rows. */
function readReport() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const fills = unpackAll(data.fills);
  const report = {
    ...data,
    candles: unpackAll(data.candles),
    fills,
    levels: data.levels.map((level) => ({ name: level.name, equity: unpack(level.equity) })),
    trades: tradeRows(unpackAll(data.trades)),
    fillsOfBar: new Map(),
    /** Whether a fill opens or grows a position. */
    opens: (row) => fills.position_before[row] * fills.side[row] >= 0,
    fillWords: (row) => `${fills.side[row] > 0 ? "▲" : "▼"} ${data.reasons[fills.reason[row]]}`,
  };
  fills.bar.forEach((bar, row) => report.fillsOfBar.set(bar, [...(report.fillsOfBar.get(bar) ?? []), row]));
  report.position = data.position && { ...data.position, open: true };
  report.spans = report.position ? [...report.trades, report.position] : report.trades;
  return report;
}

function tradeRows(columns) {
  return Array.from(columns.id, (id, row) => ({
    id,
    side: columns.side[row],
    entryTs: columns.entry_ts[row],
    exitTs: columns.exit_ts[row],
    entryBar: columns.entry_bar[row],
    exitBar: columns.exit_bar[row],
    barsHeld: columns.bars_held[row],
    quantity: columns.quantity[row],
    entryPrice: columns.entry_price[row],
    exitPrice: columns.exit_price[row],
    pnl: columns.pnl[row],
    fees: columns.fees[row],
    funding: columns.funding[row],
    borrow: columns.borrow[row],
    spread: columns.spread[row],
    slippage: columns.slippage[row],
    notional: columns.entry_notional[row],
    stop: columns.stop[row],
    take: columns.take[row],
    risk: columns.risk[row],
    reason: columns.reason[row],
    firstFill: columns.first_fill[row],
    lastFill: columns.last_fill[row],
  }));
}

/** `[` and `]` go through the trades in the order of the table, from the chart. */
function stepTrades(candles, table) {
  candles.chart.canvas.addEventListener("keydown", (event) => {
    const step = { "[": -1, "]": 1 }[event.key];
    if (!step || !table?.order.length) return;
    const place = table.opened ? table.order.indexOf(table.opened) + step : step > 0 ? 0 : table.order.length - 1;
    const trade = table.order[Math.min(Math.max(place, 0), table.order.length - 1)];
    table.opened = trade;
    table.turn(Math.floor(table.order.indexOf(trade) / PAGE_SIZE));
    candles.select(trade);
  });
}

function start() {
  startTheme();
  const report = readReport();
  new EquityChart(document.getElementById("equity"), report);
  const candles = new CandleChart(document.getElementById("candles"), report);
  const frame = document.getElementById("trades");
  const table = frame.querySelector("tbody") ? new TradeTable(frame, report, candles) : null;
  stepTrades(candles, table);
  const held = document.getElementById("held");
  if (held && report.position) {
    held.append(tradeRecord(report, report.position, () => candles.present(report.position)));
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => (part.open = true)));
  root.dataset.ready = "true";
}

start();
