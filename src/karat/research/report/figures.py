"""Figures as a person reads them: minus is U+2212, thousands are commas, what does not exist is a dash and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from karat.core.model.instrument import Instrument, Kind
from karat.stats import METRICS, Figure, Metric, Undefined

MINUS = "−"
NOTHING = "—"
_PLACES_MAX = 12
_WIDE = Context(prec=400)  # digits for any float written out
_METRICS = {metric.name: metric for metric in METRICS}
_FALLS = frozenset({"max_drawdown"})  # positive in stats, shown as what was lost
_SIGNED = frozenset(
    {
        "total_return", "cagr", "rolling_cagr_worst", "rolling_cagr_median", "worst_day", "best_day", "worst_month",
        "expectancy", "expectancy_r", "trade_return", "best_trade", "worst_trade",
    }
)  # fmt: skip
_LABELS = {
    "cagr": "CAGR",
    "rolling_cagr_worst": "Rolling CAGR, worst",
    "rolling_cagr_median": "Rolling CAGR, median",
    "rolling_cagr_positive": "Rolling windows that gained",
    "sharpe_error": "Standard error of Sharpe",
    "max_drawdown": "Maximum drawdown",
    "drawdown_bars": "Longest drawdown, bars",
    "drawdown_days": "Longest drawdown, days",
    "value_at_risk_95": "Value at risk, 95%",
    "expected_shortfall_95": "Expected shortfall, 95%",
    "value_at_risk_99": "Value at risk, 99%",
    "expected_shortfall_99": "Expected shortfall, 99%",
    "months_positive": "Months that gained",
    "trades": "Closed trades",
    "expectancy": "Expectancy a trade",
    "expectancy_r": "Expectancy in R",
    "trade_return": "Mean return of a trade",
    "bars_held": "Mean bars held",
    "turnover": "Turnover a year",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure in words: its text, `gain`, `loss` or nothing as its tone, and why it does not exist."""

    text: str
    tone: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Decimals: of money in the settlement currency, of prices by tick, of quantities by lot."""

    money: int
    price: int
    quantity: int


def places_for(instrument: Instrument) -> Places:
    """Money has two decimals; a coin settles inverse contracts and has six."""
    money = 6 if instrument.kind == Kind.INVERSE else 2
    return Places(money, places_of(instrument.tick), places_of(instrument.lot))


def places_of(step: float) -> int:
    """Decimals that a grid needs: 0.5 needs 1, 0.00001 needs 5, 10 needs 0; at most 12."""
    for places in range(_PLACES_MAX):
        scaled = step * 10**places
        if round(scaled) > 0 and abs(scaled - round(scaled)) < 1e-9 * max(1.0, scaled):
            return places
    return _PLACES_MAX


def fixed(value: float, places: int) -> str:
    """`value` with exactly `places` decimals: 1234.5 gives "1,234.50"; what rounds to zero has no sign.

    Ties go up, as in JavaScript's toFixed, so that the page's two writers never differ.
    """
    rounded = Decimal(abs(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    text = f"{rounded:,f}"
    return MINUS + text if value < 0 and re.search("[1-9]", text) else text


def signed(value: float, places: int) -> str:
    """Like `fixed`, with a plus before what is above zero after rounding."""
    text = fixed(value, places)
    return f"+{text}" if value > 0 and re.search("[1-9]", text) else text


def tone(text: str) -> str:
    """`gain` or `loss` by the sign shown, so that "0.00" has none."""
    return {MINUS: "loss", "+": "gain"}.get(text[:1], "")


def label(name: str) -> str:
    """The name of a metric as people say it."""
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def metric(name: str) -> Metric:
    """What a metric means."""
    return _METRICS[name]


def show(name: str, figure: Figure, money_places: int) -> Shown:
    """A metric's figure in the form its unit asks for."""
    if isinstance(figure, Undefined):
        return Shown(NOTHING, reason=figure.reason)
    value = -figure if name in _FALLS else figure
    write = signed if name in _SIGNED else fixed
    unit = _METRICS[name].unit
    if unit == "fraction":
        text = write(value * 100, 2) + "%"
    elif unit == "money":
        text = write(value, money_places)
    elif unit == "count":
        text = fixed(value, 0)
    elif unit in ("bars", "days"):
        text = fixed(value, 1).removesuffix(".0")
    elif unit == "per_year":
        text = fixed(value, 1) + "×"
    else:
        text = write(value, 2)
    return Shown(text, tone(text) if name in _SIGNED or name in _FALLS else "")


def day(milliseconds: int) -> str:
    """ "21 Nov 2025", UTC."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{moment.day} {moment:%b %Y}"


def plural(amount: int, one: str) -> str:
    """ "1 bar", "2 bars"."""
    return f"{amount:,} {one}{'' if amount == 1 else 's'}"
