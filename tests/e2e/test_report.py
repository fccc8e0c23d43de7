"""The report in a real browser, opened from a file: it draws, opens, sorts and says what the result says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.e2e.page_fixtures import ROOT, not_run
from tests.unit.report.report_worlds import RUN, STOPS, demo_backtest, market_of, quiet_backtest, told

from karat.core.ids import MarketId
from karat.core.instruments import instrument_for
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.model.reasons import Reason
from karat.core.time import HOUR_MS, parse_time_ms
from karat.research.backtest import Backtest, backtest
from karat.research.report import write_report
from karat.research.report.figures import fixed, signed
from karat.strategies import find_strategy, resolve

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CONTRAST = """(cells) => cells.map((cell) => {
    const light = (text) => {
        const parts = text.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255);
        const linear = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const style = getComputedStyle(cell);
    const [one, other] = [light(style.color), light(style.backgroundColor)];
    return [cell.className, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
})"""


@dataclass
class Opened:
    """A report in a browser, the result it shows, and every complaint and request of the page."""

    page: Page
    result: Backtest
    complaints: list[str]
    requests: list[str]


@pytest.fixture(scope="module")
def real(shared: Path) -> Backtest:
    """A year of hourly BTCUSDT with stops and takes."""
    frame = pl.read_parquet(shared / "data" / "candles" / "binance_perp" / "1h" / "BTCUSDT.parquet")
    start, end = parse_time_ms("2023-01-01"), parse_time_ms("2024-01-01")
    frame = frame.filter((pl.col("ts") >= start) & (pl.col("ts") < end))
    columns = {name: frame[name].to_numpy().copy() for name in CANDLE_COLUMNS}
    market = MarketId("binance_perp:BTCUSDT")
    candles = Candles(market, HOUR_MS, **columns)
    data = market_of(candles, instrument_for(market, candles), simulated=False)
    strategy = find_strategy("ema_crossover")
    return backtest(data, strategy, resolve(strategy, {}), STOPS)


@pytest.fixture(scope="module")
def simulated() -> Backtest:
    return demo_backtest()


@pytest.fixture(scope="module")
def quiet() -> Backtest:
    return quiet_backtest()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="dark", timezone_id="Asia/Tokyo", locale="de-DE"
    )
    yield context
    context.close()


def opened(context: BrowserContext, result: Backtest, folder: Path) -> Opened:
    """Write the report of `result` and open the file."""
    path = write_report(result, told(result), RUN, folder / "report.html")
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    return Opened(page, result, complaints, requests)


def ink(page: Page, chart: str) -> int:
    """Pixels drawn on a chart, after the frame in which it redraws."""
    return page.evaluate(
        """(name) => new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const canvas = document.querySelector(`#${name} canvas`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let drawn = 0;
            for (let place = 3; place < data.length; place += 4) if (data[place]) drawn++;
            tell(drawn);
        })))""",
        chart,
    )


def column(page: Page, name: str) -> list[str]:
    """Texts of a column of the trade table, top to bottom."""
    return page.locator(f"#trades tr.trade > td.{name}").all_inner_texts()


def legend(page: Page, chart: str) -> str:
    return page.locator(f"#{chart} .legend").inner_text()


def test_it_opens_from_a_file_without_a_request_or_a_complaint(
    context: BrowserContext, real: Backtest, tmp_path: Path
) -> None:
    report = opened(context, real, tmp_path)
    assert [url for url in report.requests if not url.startswith(("file:", "data:"))] == []
    assert report.complaints == []
    expect(report.page.get_by_role("heading", level=1)).to_have_text("ema_crossover")
    expect(report.page.get_by_text("Real data", exact=True)).to_be_visible()


def test_the_charts_are_drawn_and_read_in_utc(context: BrowserContext, real: Backtest, tmp_path: Path) -> None:
    page = opened(context, real, tmp_path).page
    assert ink(page, "candles") > 5_000
    assert ink(page, "equity") > 5_000
    candles, run = real.data.candles, real.main_run
    page.locator("#candles canvas").focus()
    page.keyboard.press("Home")
    shown = legend(page, "candles")
    assert "1 Jan 2023 00:00 UTC" in shown
    for value in (candles.open[0], candles.high[0], candles.low[0], candles.close[0]):
        assert fixed(float(value), 1) in shown
    page.locator("#equity canvas").focus()
    page.keyboard.press("End")
    shown = legend(page, "equity")
    assert "1 Jan 2024 00:00 UTC" in shown
    for level in real.levels.values():
        assert fixed(float(level.equity[-1]), 2) in shown
    peak = max(float(run.equity.max()), real.policy.capital)
    assert fixed((float(run.equity[-1]) / peak - 1) * 100, 2) in shown


def test_the_trade_table_shows_the_trades_of_the_result(
    context: BrowserContext, real: Backtest, tmp_path: Path
) -> None:
    page = opened(context, real, tmp_path).page
    trades = real.main_run.trades
    net: list[str] = []
    reasons: list[str] = []
    while True:
        net += column(page, "pnl")
        reasons += column(page, "reason")
        forward = page.get_by_role("button", name="Next")
        if forward.is_disabled():
            break
        forward.click()
    assert net == [signed(value, 2) for value in trades.pnl.tolist()]
    assert reasons == [Reason(code).name.lower() for code in trades.reason.tolist()]


def test_a_trade_opens_to_the_record_of_its_fills(context: BrowserContext, real: Backtest, tmp_path: Path) -> None:
    page = opened(context, real, tmp_path).page
    run, row = real.main_run, 1
    page.get_by_role("button", name="Trade 2, open its record").click()
    record = page.locator("#record-2")
    fills = record.locator("table.fills tbody tr")
    first, last = int(run.trades.first_fill[row]), int(run.trades.last_fill[row])
    expect(fills).to_have_count(last - first + 1)
    for place in range(first, last + 1):
        cells = fills.nth(place - first).locator("td").all_inner_texts()
        assert cells[0].endswith(f"bar {run.fills['bar'][place]}")
        assert cells[1].endswith("buy" if run.fills["side"][place] > 0 else "sell")
        assert cells[3] == fixed(float(run.fills["raw_price"][place]), 1)
        assert cells[4] == fixed(float(run.fills["price"][place]), 3)
        costs = [fixed(float(run.fills[name][place]), 4) for name in ("fee", "spread_cost", "slippage_cost")]
        assert cells[5:8] == costs
        assert cells[8] == Reason(run.fills["reason"][place]).name.lower()
        assert cells[10].startswith(f"bar {run.fills['decision_bar'][place]},")
        assert cells[12] == fixed(float(run.fills["equity_before"][place]), 2)
    expect(record).to_contain_text(f"karat explain {RUN} 2")
    expect(record).to_contain_text(fixed(float(run.trades.stop[row]), 1))
    page.get_by_role("button", name="Trade 2, close its record").click()
    expect(record).to_have_count(0)


def test_an_opened_trade_is_put_on_the_chart(context: BrowserContext, real: Backtest, tmp_path: Path) -> None:
    page = opened(context, real, tmp_path).page
    before = ink(page, "candles")
    page.get_by_role("button", name="Trade 1, open its record").click()
    assert ink(page, "candles") != before
    page.locator("#record-1").get_by_role("button", name="Show on the chart").click()
    expect(page.locator("#candles canvas")).to_be_focused()
    trades = real.main_run.trades
    entry = f"entry {fixed(float(trades.entry_price[0]), 1)}"
    for _ in range(3 * int(trades.bars_held[0]) + 50):  # from the right end of what is shown back to the entry
        page.keyboard.press("ArrowLeft")
        if entry in legend(page, "candles"):
            break
    assert entry in legend(page, "candles")


def test_columns_sort_both_ways_with_missing_figures_last(
    context: BrowserContext, real: Backtest, tmp_path: Path
) -> None:
    page = opened(context, real, tmp_path).page
    pnl = sorted(real.main_run.trades.pnl.tolist())
    head = page.locator("th[data-key=pnl]")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert column(page, "pnl") == [signed(value, 2) for value in pnl[:25]]
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert column(page, "pnl") == [signed(value, 2) for value in pnl[::-1][:25]]


def test_the_chart_goes_from_trade_to_trade_by_key(context: BrowserContext, real: Backtest, tmp_path: Path) -> None:
    page = opened(context, real, tmp_path).page
    page.locator("#candles canvas").focus()
    page.keyboard.press("]")
    expect(page.locator("#record-1")).to_be_attached()
    page.keyboard.press("]")
    expect(page.locator("#record-2")).to_be_attached()
    page.keyboard.press("[")
    expect(page.locator("#record-1")).to_be_attached()


def test_dragging_pans_and_the_wheel_zooms_once_the_chart_has_focus(
    context: BrowserContext, real: Backtest, tmp_path: Path
) -> None:
    page = opened(context, real, tmp_path).page
    canvas = page.locator("#candles canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    before = legend(page, "candles")
    page.mouse.down()
    page.mouse.move(x + 200, y, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    assert legend(page, "candles") != before
    wide = ink(page, "candles")
    page.mouse.wheel(0, 600)
    expect(canvas).to_be_focused()
    assert ink(page, "candles") != wide


def test_theme_and_palette_are_the_readers(context: BrowserContext, simulated: Backtest, tmp_path: Path) -> None:
    page = opened(context, simulated, tmp_path).page
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Show the light theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_label("Profit and loss").select_option("blue-orange")
    expect(page.locator("html")).to_have_attribute("data-pnl", "blue-orange")
    expect(page.get_by_text("Simulated data", exact=True)).to_be_visible()


def test_a_report_without_trades_stands(context: BrowserContext, quiet: Backtest, tmp_path: Path) -> None:
    report = opened(context, quiet, tmp_path)
    expect(report.page.locator("#trades")).to_contain_text("No trade was closed")
    assert ink(report.page, "candles") > 1_000
    report.page.locator("#candles canvas").focus()
    report.page.keyboard.press("]")
    assert report.complaints == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_cell_of_the_heat_map_can_be_read(
    context: BrowserContext, real: Backtest, tmp_path: Path, theme: str
) -> None:
    page = opened(context, real, tmp_path).page
    page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    cells = page.locator(".tint").evaluate_all(CONTRAST)  # those of the months, and every step of the scale
    assert len(cells) == 13 + 7
    assert {name: ratio for name, ratio in cells if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_lost_sideways(context: BrowserContext, real: Backtest, tmp_path: Path, width: int) -> None:
    page = opened(context, real, tmp_path).page
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("#trades tr.trade").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("#trades tr.trade").first.locator("td.pnl")).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 360)])
def test_the_report_is_accessible(
    context: BrowserContext, real: Backtest, tmp_path: Path, theme: str, width: int
) -> None:
    if not AXE.is_file():
        not_run("axe-core is not installed; run scripts/build_web.sh")
    page = opened(context, real, tmp_path).page
    page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_role("button", name="Trade 1, open its record").click()
    for summary in page.locator("summary").all():
        summary.click()
    # Through the debugger, because the page's own policy rightly lets no foreign script in.
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
            .then((report) => report.violations.map((one) =>
                [one.id, ...one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)]))"""
    )
    assert found == []


def test_it_prints_in_light_with_everything_unfolded(context: BrowserContext, quiet: Backtest, tmp_path: Path) -> None:
    page = opened(context, quiet, tmp_path).page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator("#manifest")).to_have_attribute("open", "")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert re.match(rb"%PDF", page.pdf())
