"""The page as text: complete, self-contained, honest about what is missing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.unit.report.report_worlds import RUN, STOPS, demo_backtest, html_of, quiet_backtest, renamed, told

from karat.core.errors import InputError
from karat.core.model.instrument import Kind
from karat.core.model.policy import Policy
from karat.research.backtest import Backtest
from karat.research.report import check_report_path, write_report
from karat.research.report.figures import fixed, label, show
from karat.stats import METRICS, Undefined

ROOT = Path(__file__).resolve().parents[3]
ADDRESSES = frozenset({"src", "href", "action", "data", "srcset", "poster", "formaction", "background", "cite"})
VOID = frozenset({"meta", "link", "br"})


class Page(HTMLParser):
    """What a report is made of: attributes, elements by id, text of cells by metric, scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.blocks: dict[str, list[str]] = {"script": [], "style": []}
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value or "" for name, value in attrs if name in ADDRESSES]
        assert not any(name.startswith("on") or name == "style" for name in given), "nothing the page's policy forbids"
        if given.get("id"):
            assert given["id"] not in self.ids, "ids are unique"
            self.ids.add(given["id"] or "")
        if tag not in VOID:
            self.open.append(tag)
            if tag in self.blocks:
                self.blocks[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.blocks:
            self.blocks[self.open[-1]][-1] += data
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def traded() -> Backtest:
    return demo_backtest()


@pytest.fixture(scope="module")
def quiet() -> Backtest:
    return quiet_backtest()


def test_the_page_asks_nothing_of_any_network(traded: Backtest) -> None:
    text = html_of(traded)
    page = Page(text)
    assert page.addresses == ["data:,"]
    style, script = page.blocks["style"][0], page.blocks["script"][1]
    assert "url(" not in style and "@import" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|import)\b\s*\(", script)
    assert not re.search(r"https?:", style + script)


def test_the_policy_of_the_page_allows_its_own_style_and_script_alone(traded: Backtest) -> None:
    text = html_of(traded)
    page = Page(text)
    digests = [
        base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        for block in (page.blocks["style"][0], page.blocks["script"][1])
    ]
    style, script = (f"sha256-{digest}" for digest in digests)
    assert f"default-src &#x27;none&#x27;; style-src &#x27;{style}&#x27;; script-src &#x27;{script}&#x27;" in text
    assert len(page.blocks["style"]) == 1 and len(page.blocks["script"]) == 2


def test_sections_stand_in_the_order_in_which_they_are_read(traded: Backtest) -> None:
    text = html_of(traded)
    names = ["stamp", "band", "levels", "equity", "candles", "months", "trades", "refusals", "manifest"]
    places = [text.index(f'id="{name}"') for name in names]
    assert places == sorted(places)


def test_simulated_data_say_so_at_the_top_and_at_the_bottom(traded: Backtest) -> None:
    text = html_of(traded)
    assert text.index("Simulated data") < text.index('id="stamp"')
    assert "SIMULATED, no real market" in text
    assert "no market ever traded at these prices" in text
    assert "Real data" not in text


def test_real_data_are_not_called_simulated(traded: Backtest) -> None:
    text = html_of(renamed(traded, "binance_perp:BTCUSDT"))
    assert "Real data" in text
    shown = text[text.index("<body>") : text.index('id="manifest"')]
    assert "imulated" not in shown


def test_every_figure_of_every_level_is_shown_as_it_was_found(traded: Backtest) -> None:
    text = html_of(traded)
    for metric in METRICS:
        row = re.search(rf'<tr data-metric="{metric.name}">(.*?)</tr>', text)
        assert row is not None
        cells = re.findall(r"<td[^>]*><span[^>]*>([^<]*)</span>", row[1])
        assert cells == [show(metric.name, level.metrics[metric.name], 2).text for level in traded.levels.values()]
        assert f">{label(metric.name)}<" in row[1]


def test_the_cost_at_which_the_edge_dies_is_shown(traded: Backtest) -> None:
    dying = replace(traded, edge_dies_at_bp=12.34)
    assert re.search(r"Edge dies at</div><div[^>]*><span>12\.3</span><small>bp a fill</small>", html_of(dying))
    dead = replace(traded, edge_dies_at_bp=Undefined("no edge even at zero cost"))
    assert "no edge even at zero cost; fills paid" in html_of(dead)


def test_every_figure_that_does_not_exist_has_its_reason_in_a_footnote(quiet: Backtest) -> None:
    text = html_of(quiet)
    reasons = {
        figure.reason
        for level in quiet.levels.values()
        for figure in level.metrics.values()
        if isinstance(figure, Undefined)
    }
    assert len(reasons) > 3
    notes = re.search(r'<ol class="footnotes"[^>]*>(.*?)</ol>', text)
    assert notes is not None
    listed = re.findall(r"<li>(.*?)\.</li>", notes[1])
    assert {note.lower() for note in listed} >= {reason.lower() for reason in reasons}
    for number, title in re.findall(r'title="([^"]*)"><span>—</span><sup>(\d+)</sup>', text):
        assert listed[int(title) - 1].lower() == number.lower()


def test_a_run_without_trades_says_so_instead_of_an_empty_table(quiet: Backtest) -> None:
    text = html_of(quiet)
    assert len(quiet.main_run.trades) == 0
    assert "No trade was closed." in text
    assert '<table class="trades"' not in text


def test_refusals_are_listed_by_their_first_no() -> None:
    result = demo_backtest(policy=replace(STOPS, cooldown=400))
    assert result.main_run.refusals["cooldown"] > 0
    text = html_of(result)
    assert re.search(rf"cooldown</th>.*?>{result.main_run.refusals['cooldown']:,}</td>", text)


def test_hostile_names_stay_text(traded: Backtest) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    text = html_of(traded, strategy=evil, parameters={evil: evil, "list": [evil]}, commit={"undefined": evil})
    assert evil not in text
    page = Page(text)
    assert page.addresses == ["data:,"]
    assert sum(evil in part for part in page.text) >= 3
    assert json.loads(page.blocks["script"][0])["run"] == RUN


def test_the_manifest_is_there_word_for_word(traded: Backtest) -> None:
    text, manifest = html_of(traded), told(traded)
    assert manifest["code_hash"] in text
    assert manifest["bars_hash"] in text
    assert f'<th scope="row">policy.stop_value</th><td><code>{manifest["policy"]["stop_value"]}</code>' in text


def test_the_open_position_is_shown_with_its_result() -> None:
    result = demo_backtest(bars=200, policy=Policy(), strategy="buy_and_hold")
    held = result.main_run.open_position
    assert held is not None
    text = html_of(result)
    net = held.unrealised + held.realised - held.fees - held.funding - held.borrow
    assert "marked at the last close, not a closed trade" in text
    assert f">{'+' if net > 0 else ''}{fixed(net, 2)}</b>" in text


def test_inverse_contracts_are_told_in_coin_and_contracts() -> None:
    coin = {"kind": Kind.INVERSE, "contract_size": 100.0, "lot": 1.0, "min_quantity": 1.0, "min_notional": 0.0}
    result = demo_backtest(bars=600, policy=replace(STOPS, capital=1.5), **coin, settle="AURUM")
    trades = result.main_run.trades
    assert len(trades) > 0
    text = html_of(result)
    assert "Net<small> AURUM</small>" in text
    assert "Quantity<small> contracts</small>" in text
    assert f">{show('worst_trade', float(trades.pnl.min()), 6).text}<" in text


def test_markets_with_sessions_have_their_months() -> None:
    result = demo_backtest(bars=600, policy=replace(STOPS, allow_short=False), kind=Kind.EQUITY)
    page = html_of(result)
    years = re.findall(r'<th scope="row">(20\d\d)</th>', page)
    assert years == ["2024", "2023"]  # 2024-01-01T00:00Z is still 2023 in New York, whose sessions count
    assert "equity</span>" in page


def test_the_page_without_data_is_small_and_data_cost_their_columns(traded: Backtest, quiet: Backtest) -> None:
    assert len(html_of(quiet)) < 150_000
    bars = len(traded.data.candles)
    fills = len(traded.main_run.fills["ts"])
    assert (
        len(html_of(traded)) - len(html_of(quiet)) < 66 * bars + 200 * fills + 230 * len(traded.main_run.trades) + 9_000
    )


def test_the_tokens_are_those_of_the_dashboard() -> None:
    of_report = ROOT / "src" / "karat" / "research" / "report" / "assets" / "tokens.css"
    assert of_report.read_text("utf-8") == (ROOT / "web" / "src" / "styles" / "tokens.css").read_text("utf-8")


def test_a_report_replaces_the_old_one_and_leaves_nothing_beside_it(quiet: Backtest, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    path.write_text("old", encoding="utf-8")
    assert write_report(quiet, told(quiet), RUN, path) == path
    assert path.read_text("utf-8") == html_of(quiet)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["", "missing/out.html"])
def test_a_place_that_cannot_hold_a_report_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--report out\.html"):
        check_report_path(tmp_path / name)


def test_the_same_run_gives_the_same_page(traded: Backtest) -> None:
    assert html_of(traded) == html_of(traded)
