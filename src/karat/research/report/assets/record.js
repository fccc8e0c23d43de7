/* The record of one trade: what it earned and why, and every fill with its arithmetic's inputs. */

/** An element with text or children; a NaN, null or undefined child is left out. */
function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") node.className = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Pairs as small labels with figures, for a legend: [label, figure, class]. */
function labelled(pairs) {
  return pairs.map(([label, text, name]) =>
    element("span", { class: name ?? "" }, label ? element("small", {}, `${label} `) : null, text),
  );
}

const FILL_HEADS = [
  ["Time, UTC", ""],
  ["Side", ""],
  ["Quantity", "r"],
  ["Raw price", "r"],
  ["Fill price", "r"],
  ["Fee", "r"],
  ["Spread", "r"],
  ["Slippage", "r"],
  ["Reason", ""],
  ["Level", "r"],
  ["Decided at close of", ""],
  ["Held before", "r"],
  ["Equity before", "r"],
  ["Gained", "r"],
];

/** Cells of one fill, in the order of FILL_HEADS. */
function fillCells(report, row) {
  const { fills, places, candles, timeframe } = report;
  const money = (value) => fixed(value, places.money + 2);
  const gain = report.opens(row) ? NOTHING : signed(fills.gain[row], places.money + 2);
  const decision = fills.decision_bar[row];
  return [
    [`${moment(fills.ts[row], MINUTE)}, bar ${fills.bar[row]}`, ""],
    [fills.side[row] > 0 ? "▲ buy" : "▼ sell", ""],
    [fixed(fills.lots[row] * report.lot, places.quantity), "r"],
    [fixed(fills.raw_price[row], places.price), "r"],
    [fixed(fills.price[row], places.price + 2), "r"],
    [money(fills.fee[row]), "r"],
    [money(fills.spread_cost[row]), "r"],
    [money(fills.slippage_cost[row]), "r"],
    [report.reasons[fills.reason[row]], ""],
    [fixed(fills.level[row], places.price), "r"],
    [decision >= 0 ? `bar ${decision}, ${moment(candles.ts[decision] + timeframe, MINUTE)}` : NOTHING, ""],
    [fixed(fills.position_before[row] * report.lot, places.quantity), "r"],
    [fixed(fills.equity_before[row], places.money), "r"],
    [gain, `r ${tone(gain)}`],
  ];
}

function fillTable(report, { firstFill: first, lastFill: last, id, open }) {
  const head = FILL_HEADS.map(([text, name]) => element("th", { class: name, scope: "col" }, text));
  const rows = [];
  for (let row = first; row <= last; row++) {
    rows.push(element("tr", {}, ...fillCells(report, row).map(([text, name]) => element("td", { class: name }, text))));
  }
  const table = element("table", { class: "fills" }, element("thead", {}, element("tr", {}, ...head)));
  table.append(element("tbody", {}, ...rows));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": open ? "Fills of the open position" : `Fills of trade ${id}` }, table);
}

/** Terms and figures of a trade or of the open position: [term, text, class]. */
function tradeFigures(report, trade) {
  const { places, currency } = report;
  const price = (value) => fixed(value, places.price);
  const money = (value) => `${signed(value, places.money + 2)} ${currency}`;
  const paid = (value) => `${fixed(value, places.money + 2)} ${currency}`;
  const net = `${signed(trade.pnl, places.money)} ${currency}`;
  const before = trade.pnl + trade.fees + trade.funding + trade.borrow;
  return [
    ["Quantity", `${fixed(trade.quantity, places.quantity)} ${report.unit}`],
    [trade.open ? "Since" : "Left at", `${moment(trade.open ? trade.entryTs : trade.exitTs, MINUTE)}, ${plural(trade.barsHeld, "bar")}`],
    [trade.open ? "Marked at" : "Exit price", price(trade.exitPrice)],
    ["Entry price", price(trade.entryPrice)],
    [trade.open ? "Stop now" : "Stop at entry", price(trade.stop)],
    [trade.open ? "Take now" : "Take at entry", price(trade.take)],
    ["Before fees and funding", money(before)],
    ["Fees", paid(trade.fees)],
    ["Funding", paid(trade.funding)],
    ["Borrow", paid(trade.borrow)],
    ["Net", net, tone(net)],
    trade.open
      ? ["Liquidation", price(trade.liquidation)]
      : ["Risk at entry", Number.isFinite(trade.risk) ? paid(trade.risk) : NOTHING],
    ["Spread, inside prices", paid(trade.spread)],
    ["Slippage, inside prices", paid(trade.slippage)],
  ];
}

/** The record as one element. `show` puts the trade on the chart. */
function tradeRecord(report, trade, show) {
  const figures = tradeFigures(report, trade).map(([term, text, name]) =>
    element("div", {}, element("dt", {}, term), element("dd", { class: name ?? "" }, text)),
  );
  const button = element("button", { type: "button", class: "button" }, "Show on the chart");
  button.addEventListener("click", show);
  const command = element("code", {}, `karat explain ${report.run} ${trade.id}`);
  const hint = trade.open ? null : element("span", {}, "Every line of the arithmetic: ", command);
  return element(
    "div",
    { class: "record" },
    element("dl", { class: "figures" }, ...figures),
    fillTable(report, trade),
    element("p", { class: "note actions" }, button, hint),
  );
}
