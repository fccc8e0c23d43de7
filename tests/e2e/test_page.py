"""The page in a real browser, served by the real API over a cockpit in memory."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.page_fixtures import ROOT, TOKEN, Site, Tab, built, not_run, site, tab

__all__ = ["built", "site", "tab"]  # fixtures that pytest finds by name in this module

from karat.app.main import main
from karat.bots.system_clock import SystemClock
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import Candles
from karat.core.model.table import Schema, Table, TableName
from karat.core.time import DAY_MS, HOUR_MS
from karat.lake.quality import measure
from karat.lake.store import FolderLake, open_lake
from karat.ports.cockpit import BotState, EventKind

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ("/", "/bots", "/bots/02", "/trades", "/data?open=binance_perp%3ABTCUSDT")


@pytest.fixture
def lake() -> FolderLake:
    """Two markets up to now and one that stands still, funding, and fear and greed of today."""
    opened, now = open_lake(), SystemClock().now_ms()
    days = now // DAY_MS * DAY_MS - DAY_MS * np.arange(29, -1, -1, dtype=np.int64)
    schema = Schema((("ts", "i8"), ("available_at", "i8"), ("value", "f8")))
    with opened.change() as change:
        for name, hours_ago in (("binance_perp:BTCUSDT", 0), ("binance_perp:ETHUSDT", 0), ("binance_perp:XRPUSDT", 50)):
            bars = hours(name, now // HOUR_MS * HOUR_MS - (1 + hours_ago) * HOUR_MS)
            change.put_candles(bars, measure(bars, sessions=False), sessions=False)
        name = TableName("fear_greed", "alternative_me:CRYPTO", "1d")
        change.append(name, Table(schema, {"ts": days, "available_at": days, "value": 50.0 + np.arange(30.0)}))
    return opened


def hours(name: str, last: int, bars: int = 200) -> Candles:
    close = 100.0 + np.sin(np.arange(bars))
    ts = last - HOUR_MS * np.arange(bars - 1, -1, -1, dtype=np.int64)
    return Candles(MarketId(name), HOUR_MS, ts, close, close + 1, close - 1, close, np.full(bars, 5.0))


def enter(tab: Tab, site: Site, path: str = "/") -> Page:
    """Open `path` the way the serve command's address does, and wait for the live line."""
    tab.page.goto(f"{site.url}{path}#token={TOKEN}")
    expect(tab.page.get_by_role("banner").get_by_text("Connected", exact=True)).to_be_attached()
    return tab.page


def figure(page: Page, name: str) -> str:
    """The text of one cell of the band."""
    return page.get_by_label("Figures").locator("> div", has_text=name).inner_text()


def test_the_page_shows_what_the_cockpit_has(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    total = site.cockpit.fleet().totals[0]
    assert isinstance(total.equity, float)
    expect(page.get_by_label("Figures")).to_contain_text(f"{total.equity:,.2f}")
    expect(page.get_by_text("Simulated data")).to_be_visible()
    expect(page.get_by_label("State")).to_contain_text("All in order")
    expect(page.get_by_label("State")).to_contain_text("not proven")
    positions = page.get_by_role("table", name="Open positions")
    expect(positions.locator("tbody tr")).to_have_count(len(site.cockpit.positions()))
    expect(positions.locator("tbody tr").first).to_contain_text("none")  # without a stop comes first
    trades = page.get_by_role("table", name="Closed trades, newest first")
    expect(trades.locator("tbody tr")).to_have_count(15)
    expect(page.get_by_role("region", name="Fleet").get_by_role("listitem")).to_have_count(6)
    expect(page.get_by_role("region", name="Why no trade")).to_contain_text("Filter: confidence")
    expect(page.get_by_role("region", name="Equity").get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(r"^Equity from .* USDT on ")
    )
    expect(page.locator(".uplot canvas")).to_have_count(2)
    assert tab.complaints == []


def test_the_token_leaves_the_address_and_stays_in_the_tab(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    assert TOKEN not in page.url
    page.reload()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert page.evaluate("Object.values(localStorage).join()").find(TOKEN) == -1


def test_without_a_token_the_page_asks_for_one(site: Site, tab: Tab) -> None:
    page = tab.page
    page.goto(site.url)
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("missing or wrong")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_figures_move_when_something_happens(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    before = figure(page, "Equity, simulated")
    site.cockpit.mark(BotId("02"), 54_321.09)
    total = site.cockpit.fleet().totals[0].equity
    assert isinstance(total, float)
    expect(page.get_by_label("Figures")).to_contain_text(f"{total:,.2f}")
    assert figure(page, "Equity, simulated") != before
    site.cockpit.report(EventKind.ENTRY, "Long 0.084 filled at 96,412.5", BotId("01"))
    expect(page.get_by_role("region", name="Events")).to_contain_text("Long 0.084 filled at 96,412.5")


def test_a_changed_figure_is_underlined_and_still_ones_are_not(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    expect(page.locator(".tick")).to_have_count(0)
    site.cockpit.mark(BotId("02"), 54_321.09)
    expect(page.get_by_label("Figures").locator(".tick").first).to_be_attached()


def test_a_halted_bot_is_the_first_thing_said(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    site.cockpit.set_state(BotId("03"), BotState.HALTED, "daily loss 5.2% over 5.0%")
    expect(page.get_by_label("State")).to_contain_text("One warning")
    expect(page.get_by_label("State")).to_contain_text("daily loss 5.2% over 5.0%")


def test_a_lost_line_is_told_and_what_was_missed_is_fetched(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    site.stop()
    expect(page.get_by_text("Not connected since")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("State")).to_contain_text("Not connected")
    expect(page.get_by_role("region", name="Fleet")).to_contain_text("old")
    site.cockpit.report(EventKind.EXIT, "Stop hit while nobody looked", BotId("01"))
    site.cockpit.restart()
    site.start()
    expect(page.get_by_text("Not connected since")).to_have_count(0, timeout=30_000)
    expect(page.get_by_role("region", name="Events")).to_contain_text("Stop hit while nobody looked")
    expect(page.get_by_text(re.compile("^Restarted"))).to_have_count(1)


def test_a_chart_that_did_not_arrive_is_asked_for_again(site: Site, tab: Tab) -> None:
    tab.page.route(re.compile("equity-chart.*js"), lambda route: route.abort(), times=1)
    page = enter(tab, site)
    expect(page.locator(".uplot canvas")).to_have_count(2, timeout=20_000)


def test_theme_and_colours_are_chosen_and_kept(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    page.keyboard.press("t")
    expect(html).to_have_attribute("data-theme", "light")
    page.keyboard.press("?")
    page.get_by_role("group", name="Profit and loss").get_by_role("button", name="Red up").click()
    page.keyboard.press("Escape")
    page.reload()
    expect(html).to_have_attribute("data-theme", "light")
    expect(html).to_have_attribute("data-pnl", "red-up")


def test_a_bot_is_opened_by_keyboard_and_by_address(site: Site, tab: Tab) -> None:
    page = enter(tab, site)
    page.keyboard.press("g")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Bots", level=1)).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/bots/01$"))
    name = site.cockpit.fleet().bots[0].name
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.goto(f"{site.url}/bots/99")
    expect(page.get_by_role("alert")).to_contain_text("There is no bot '99'")


def test_older_trades_follow_without_a_gap(site: Site, tab: Tab) -> None:
    page = enter(tab, site, "/trades")
    rows = page.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Load older").click()
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Load older").click()
    expect(rows).to_have_count(120)
    expect(page.get_by_role("button", name="Load older")).to_have_count(0)


def test_an_empty_house_says_how_to_begin(site: Site, tab: Tab) -> None:
    site.stop()
    site.cockpit = type(site.cockpit)(bots=0)
    site.start()
    page = enter(tab, site)
    expect(page.get_by_label("State")).to_contain_text("No bot yet")
    expect(page.get_by_role("region", name="Fleet")).to_contain_text("karat demo")
    expect(page.get_by_role("region", name="Open positions")).to_contain_text("No position is open")
    assert tab.complaints == []


@pytest.mark.parametrize("width", [320, 768, 1024, 1440])
def test_nothing_is_lost_at_any_width(lake: FolderLake, site: Site, tab: Tab, width: int) -> None:
    tab.page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page = enter(tab, site, path)
        expect(page.get_by_text("Loading")).to_have_count(0)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} scrolls sideways at {width} px"
        cut = page.evaluate(
            """() => [...document.querySelectorAll('.overflow-x-auto')]
                .filter((box) => box.offsetParent && box.scrollWidth > box.clientWidth + 1)
                .map((box) => `${box.innerText.slice(0, 30)} ${box.scrollWidth} > ${box.clientWidth}`)"""
        )
        assert cut == [], f"{path} cuts a table at {width} px"


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 390)])
def test_axe_finds_nothing(lake: FolderLake, site: Site, tab: Tab, theme: str, width: int) -> None:
    tab.page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    tab.page.set_viewport_size({"width": width, "height": 900})
    site.cockpit.set_state(BotId("03"), BotState.HALTED, "daily loss 5.2% over 5.0%")
    if not AXE.is_file():
        not_run("axe-core is not installed; run scripts/build_web.sh")
    for path in PAGES:
        page = enter(tab, site, path)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.get_by_text("Loading")).to_have_count(0)
        # Through the debugger, because the page's own policy rightly lets no foreign script in.
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            """() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                .then((report) => report.violations.map((one) =>
                    [one.id, ...one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)]))"""
        )
        assert found == [], f"{path}, {theme}, {width} px"


def test_what_is_missing_or_stale_is_seen_at_a_glance(lake: FolderLake, site: Site, tab: Tab) -> None:
    assert main(["data", "check"]) == 0  # the scores that the page then shows
    page = enter(tab, site)
    expect(page.get_by_label("State", exact=True)).to_contain_text("2 of 3")
    panel = page.get_by_role("region", name="Data")
    expect(panel).to_contain_text("3 markets, 1 timeframe")
    expect(panel.get_by_role("listitem").first).to_contain_text("binance_perp 1h candles XRPUSDT")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_label("State of the data")).to_contain_text("Data is stale")
    expect(page.get_by_label("State of the data")).to_contain_text("1 of 3 series of candles")
    rows = page.get_by_role("table", name="Candles by market and timeframe").locator("tr[data-row]")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("XRPUSDT")
    expect(rows.first.get_by_role("img", name="stale")).to_be_visible()
    expect(rows.first).to_contain_text(re.compile(r"2 d.*100%.*score 100", re.DOTALL))
    sources = page.get_by_role("table", name="Series beside candles")
    expect(sources.locator("tr", has_text="coinglass")).to_contain_text("it needs a key: set KARAT_COINGLASS_KEY")
    expect(sources.locator("tr", has_text="alternative_me")).to_contain_text("fresh")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"open=binance_perp%3AXRPUSDT"))
    expect(page.get_by_role("table", name="Candles by market and timeframe")).to_contain_text("100 of 100")
    assert tab.complaints == []


def test_data_that_comes_is_seen_without_asking_again(lake: FolderLake, site: Site, tab: Tab) -> None:
    page = enter(tab, site, "/data?filter=xrp")
    expect(page.get_by_role("img", name="stale")).to_have_count(1)
    bars = hours("binance_perp:XRPUSDT", SystemClock().now_ms() // HOUR_MS * HOUR_MS - HOUR_MS)
    with lake.change() as change:
        change.put_candles(bars, measure(bars, sessions=False), sessions=False)
    expect(page.get_by_role("img", name="fresh")).to_have_count(1, timeout=10_000)
    page.get_by_role("group", name="Only this state").get_by_role("button", name="missing").click()
    expect(page.get_by_text("No series matches.")).to_be_visible()
