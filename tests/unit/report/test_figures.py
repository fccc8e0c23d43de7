"""Figures as the page writes them."""

from __future__ import annotations

import pytest

from karat.research.report.figures import Shown, fixed, places_of, show, signed, tone
from karat.research.report.html import Markup, join, tag
from karat.research.report.section_months import tint
from karat.stats import METRICS, Undefined


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1234.5, 2, "1,234.50"),
        (-1234.5, 2, "−1,234.50"),
        (-0.001, 2, "0.00"),
        (0.125, 2, "0.13"),
        (1e15, 0, "1,000,000,000,000,000"),
        (0.1 + 0.2, 1, "0.3"),
    ],
)
def test_fixed(value: float, places: int, text: str) -> None:
    assert fixed(value, places) == text


@pytest.mark.parametrize(("value", "text"), [(1.5, "+1.50"), (-1.5, "−1.50"), (0.001, "0.00"), (-0.0, "0.00")])
def test_profit_and_loss_is_signed_unless_it_shows_as_zero(value: float, text: str) -> None:
    assert signed(value, 2) == text


@pytest.mark.parametrize(("text", "name"), [("+1.00", "gain"), ("−1.00", "loss"), ("0.00", ""), ("—", "")])
def test_the_tint_follows_the_text(text: str, name: str) -> None:
    assert tone(text) == name


@pytest.mark.parametrize(("step", "places"), [(0.1, 1), (0.00001, 5), (10.0, 0), (0.25, 2), (1.0, 0)])
def test_places_of_a_grid(step: float, places: int) -> None:
    assert places_of(step) == places


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("total_return", 0.1234, Shown("+12.34%", "gain")),
        ("max_drawdown", 0.068, Shown("−6.80%", "loss")),
        ("max_drawdown", 0.0, Shown("0.00%")),
        ("win_rate", 0.471, Shown("47.10%")),
        ("sharpe", -0.47, Shown("−0.47")),
        ("trades", 1019.0, Shown("1,019")),
        ("expectancy", -6.73, Shown("−6.73", "loss")),
        ("drawdown_days", 1653.375, Shown("1,653.4")),
        ("bars_held", 12.0, Shown("12")),
        ("turnover", 309.59, Shown("309.6×")),
    ],
)
def test_a_figure_is_written_by_its_unit(name: str, value: float, shown: Shown) -> None:
    assert show(name, value, 2) == shown


@pytest.mark.parametrize("name", [metric.name for metric in METRICS])
def test_a_figure_that_does_not_exist_is_a_dash_with_its_reason(name: str) -> None:
    assert show(name, Undefined("no trade was closed"), 2) == Shown("—", reason="no trade was closed")


def test_text_is_escaped_once_and_tags_are_not() -> None:
    inner = tag("b", "<i> & co", title='"quoted"', hidden=True, lang=None)
    assert inner == '<b title="&quot;quoted&quot;" hidden>&lt;i&gt; &amp; co</b>'
    assert tag("p", inner, None, "<") == f"<p>{inner}&lt;</p>"
    assert join(Markup("<br>"), "<br>") == "<br>&lt;br&gt;"


def test_attribute_names_lose_their_underscores() -> None:
    assert tag("meta", name="robots", http_equiv="x", class_="y") == '<meta name="robots" http-equiv="x" class="y">'


@pytest.mark.parametrize(
    ("value", "name"),
    [(0.0, "z"), (0.008, "z"), (-0.02, "n1"), (0.05, "p2"), (-0.09, "n3"), (0.1, "p3"), (-0.63, "n3")],
)
def test_months_are_tinted_by_their_share_of_the_largest(value: float, name: str) -> None:
    assert tint(value, 0.1) == name
