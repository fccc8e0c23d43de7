/* The trade table: sorted, in pages, each trade opening to its record. */

const PAGE_SIZE = 25;
const TRADE_COLUMNS = [
  { key: "id", head: "No.", value: (trade) => trade.id },
  { key: "entry", head: "Entered, UTC", value: (trade) => trade.entryTs },
  { key: "side", head: "Side", value: (trade) => trade.side },
  { key: "quantity", head: "Quantity", value: (trade) => trade.quantity },
  { key: "entryPrice", head: "Entry", value: (trade) => trade.entryPrice },
  { key: "exitPrice", head: "Exit", value: (trade) => trade.exitPrice },
  { key: "bars", head: "Bars", value: (trade) => trade.barsHeld },
  { key: "costs", head: "Fees", value: (trade) => trade.fees },
  { key: "pnl", head: "Net", value: (trade) => trade.pnl },
  { key: "share", head: "Net %", value: (trade) => trade.pnl / trade.notional },
  { key: "multiple", head: "R", value: (trade) => trade.pnl / trade.risk },
  { key: "reason", head: "Exit by", value: (trade) => trade.reason },
];

class TradeTable {
  constructor(frame, report, candles) {
    this.report = report;
    this.candles = candles;
    this.body = frame.querySelector("tbody");
    this.pager = frame.querySelector(".pager");
    this.order = report.trades.slice();
    this.sorted = { key: "id", down: false };
    this.page = 0;
    this.opened = null;
    for (const button of frame.querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => this.sort(button.dataset.sort));
    }
    this.heads = [...frame.querySelectorAll("th[data-key]")];
    this.sorter = frame.querySelector(".sorter select");
    this.sorter.addEventListener("change", () => {
      const [key, way] = this.sorter.value.split(" ");
      this.sort(key, way === "down");
    });
    for (const [name, step] of [["previous", -1], ["next", 1]]) {
      this.pager.querySelector(`[data-page=${name}]`).addEventListener("click", () => this.turn(this.page + step));
    }
    this.render();
  }

  get pages() {
    return Math.max(1, Math.ceil(this.order.length / PAGE_SIZE));
  }

  /** By a column; the same column again turns the order around. Figures that are missing come last. */
  sort(key, down = this.sorted.key === key ? !this.sorted.down : false) {
    const { value } = TRADE_COLUMNS.find((column) => column.key === key);
    const way = down ? -1 : 1;
    this.order.sort((one, other) => {
      const [left, right] = [value(one), value(other)];
      const missing = Number(Number.isNaN(left)) - Number(Number.isNaN(right));
      return missing || way * (left > right ? 1 : left < right ? -1 : 0) || one.id - other.id;
    });
    this.sorted = { key, down };
    this.turn(0);
  }

  turn(page) {
    this.page = Math.min(Math.max(page, 0), this.pages - 1);
    this.render();
  }

  /** Open the record of a trade, or close it when it is open. */
  open(trade) {
    this.opened = this.opened === trade ? null : trade;
    const focused = this.body.contains(document.activeElement);
    this.candles.select(this.opened);
    this.render();
    if (focused) this.body.querySelector(`[data-trade="${trade.id}"]`)?.focus({ preventScroll: true });
  }

  render() {
    const start = this.page * PAGE_SIZE;
    const shown = this.order.slice(start, start + PAGE_SIZE);
    this.body.replaceChildren(...shown.flatMap((trade) => this.rows(trade)));
    for (const head of this.heads) {
      const active = head.dataset.key === this.sorted.key;
      head.setAttribute("aria-sort", active ? (this.sorted.down ? "descending" : "ascending") : "none");
    }
    this.sorter.value = `${this.sorted.key} ${this.sorted.down ? "down" : "up"}`;
    const [previous, next] = this.pager.querySelectorAll("button");
    previous.disabled = this.page === 0;
    next.disabled = this.page >= this.pages - 1;
    const end = start + shown.length;
    this.pager.querySelector("output").textContent = `${start + 1} to ${end} of ${fixed(this.order.length, 0)}`;
    this.pager.hidden = this.pages === 1;
  }

  rows(trade) {
    const open = this.opened === trade;
    const row = element("tr", { class: open ? "trade open" : "trade", role: "row" }, ...this.cells(trade, open));
    row.addEventListener("click", () => this.open(trade));
    if (!open) return [row];
    const cell = element("td", { colspan: String(TRADE_COLUMNS.length), role: "cell" });
    cell.append(tradeRecord(this.report, trade, () => this.candles.present(trade)));
    return [row, element("tr", { class: "detail", role: "row", id: `record-${trade.id}` }, cell)];
  }

  cells(trade, open) {
    const { report } = this;
    const { places } = report;
    const button = element("button", { type: "button", "aria-expanded": String(open), "data-trade": String(trade.id) });
    button.append(`#${trade.id}`);
    button.setAttribute("aria-label", `Trade ${trade.id}, ${open ? "close" : "open"} its record`);
    const net = signed(trade.pnl, places.money);
    const share = Number.isFinite(trade.pnl / trade.notional) ? `${signed((trade.pnl / trade.notional) * 100, 2)}%` : NOTHING;
    const multiple = signed(trade.pnl / trade.risk, 2);
    return [
      ["id", "", button],
      ["entry", "", moment(trade.entryTs, report.timeframe)],
      ["side", "", trade.side > 0 ? "▲ Long" : "▼ Short"],
      ["quantity", "r", fixed(trade.quantity, places.quantity)],
      ["entryPrice", "r", fixed(trade.entryPrice, places.price)],
      ["exitPrice", "r", fixed(trade.exitPrice, places.price)],
      ["bars", "r", fixed(trade.barsHeld, 0)],
      ["costs", "r", fixed(trade.fees, places.money)],
      ["pnl", `r ${tone(net)}`, net],
      ["share", `r ${tone(share)}`, share],
      ["multiple", "r", multiple],
      ["reason", "", report.reasons[trade.reason]],
    ].map(([key, name, content]) => element("td", { class: `${key} ${name}`.trim(), role: "cell" }, content));
  }
}
