"""The words a golden case is told in: candles as text, a quiet world, expected fills, and the comparison."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tests.simulation.world import Bar, Fill, Run, World

from karat.core.ids import MarketId
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.model.reasons import Reason, Refusal
from karat.core.time import parse_time_ms, timeframe_ms

NAN = math.nan
UNDEFINED = "undefined"  # a Sharpe that must be None
ANY = "any"  # not compared
ENTRY, REENTRY, STOP, TAKE, TRAIL = Reason.ENTRY, Reason.REENTRY, Reason.STOP, Reason.TAKE, Reason.TRAIL
SIGNAL, TIME, LIQUIDATION = Reason.SIGNAL, Reason.TIME, Reason.LIQUIDATION

Number = float | Fraction
Column = float | Sequence[float] | Mapping[int, float] | None


@dataclass(frozen=True)
class Expected:
    """One expected fill; what is left at ANY is not compared."""

    bar: int
    side: int
    lots: int
    price: Number
    reason: Reason
    level: Any = ANY  # whole ticks; None: it has none
    raw: Any = ANY
    fee: Any = ANY
    spread: Any = ANY
    slippage: Any = ANY
    decision: Any = ANY
    time: Any = ANY  # "2024-01-01T01:00"
    before: Any = ANY  # signed lots held before
    equity: Any = ANY  # equity at the close before


def buy(bar: int, lots: int, price: Number, reason: Reason, **more: Any) -> Expected:
    return Expected(bar, +1, lots, price, reason, **more)


def sell(bar: int, lots: int, price: Number, reason: Reason, **more: Any) -> Expected:
    return Expected(bar, -1, lots, price, reason, **more)


@dataclass(frozen=True)
class Case:
    """A world, the arithmetic that a reader can follow, and what must come out of it.

    `fills` is complete and in order. `equity` holds chosen bars. `refusals` is complete: other bars must be NONE
    (None: not compared). The rest is compared where given.
    """

    rule: str
    title: str
    arithmetic: str
    world: World
    fills: Sequence[Expected]
    equity: Mapping[int, Number] = field(default_factory=dict)
    refusals: Mapping[int, Refusal] | None = field(default_factory=dict)
    funding: Any = ANY
    borrow: Any = ANY
    realised: Any = ANY
    max_drawdown: Any = ANY
    sharpe: Any = ANY
    closed_trades: Any = ANY
    open_lots: Any = ANY


def candles(text: str, *, start: str = "2024-01-01T00:00", timeframe: str = "1h") -> list[Bar]:
    """Bars: `open high low close @volume`, split by `|` or lines; one number is a flat bar; `gap 3` skips three."""
    step, ts, bars = timeframe_ms(timeframe), parse_time_ms(start), list[Bar]()
    for words in (part.split() for part in text.replace("\n", "|").split("|")):
        if not words:
            continue
        if words[0] == "gap":
            ts += step * int(words[1])
            continue
        volume = float(words.pop()[1:]) if words[-1].startswith("@") else 1000.0
        prices = [float(word) for word in words]
        assert len(prices) in (1, 4), f"a candle has one or four prices: {words}"
        first, high, low, close = prices * 4 if len(prices) == 1 else prices
        bars.append(Bar(ts, first, high, low, close, volume))
        ts += step
    return bars


def instrument(kind: Kind, **changes: Any) -> Instrument:
    """Round numbers: tick 1, lot 1, one unit a contract, no fees, no maintenance margin, no minimum beyond one lot."""
    plain: dict[str, Any] = {"tick": 1.0, "lot": 1.0, "min_quantity": 0.0, "min_notional": 0.0, "contract_size": 1.0}
    plain |= {"maker_fee": 0.0, "taker_fee": 0.0, "maintenance_margin_rate": 0.0}
    names = {"mmr": "maintenance_margin_rate", "size": "contract_size", "maker": "maker_fee", "taker": "taker_fee"}
    plain |= {names.get(name, name): value for name, value in changes.items()}
    return Instrument(
        MarketId("golden:AAA"), kind, "AAA", "USD", "USD", source="golden", as_of="", assumed=False, **plain
    )


def linear(**changes: Any) -> Instrument:
    return instrument(Kind.LINEAR, **changes)


def spot(**changes: Any) -> Instrument:
    return instrument(Kind.SPOT, **changes)


def equity(**changes: Any) -> Instrument:
    return instrument(Kind.EQUITY, **changes)


def inverse(**changes: Any) -> Instrument:
    """Contracts of 100 USD."""
    return instrument(Kind.INVERSE, **({"size": 100.0} | changes))


_SIZES = {
    "notional": SizeMode.NOTIONAL,
    "fraction": SizeMode.FRACTION,
    "risk": SizeMode.RISK,
    "aim_volatility": SizeMode.VOLATILITY,
}


def policy(**words: Any) -> Policy:
    """No costs, capital 10,000, entries of 1,000. `stop=0.05` is a fraction, `stop_atr=2` a multiple; so take, trail.

    `notional`, `fraction`, `risk` or `aim_volatility` choose the size; everything else is a field of Policy.
    """
    plain: dict[str, Any] = {"half_spread": 0.0, "slippage_base": 0.0, "slippage_atr": 0.0, "slippage_volume": 0.0}
    plain |= {"size_mode": SizeMode.NOTIONAL, "size_value": 1000.0}
    for word, value in words.items():
        name = word.removesuffix("_atr")
        if word in _SIZES:
            plain |= {"size_mode": _SIZES[word], "size_value": value}
        elif name in ("stop", "take", "trail"):
            mode = LevelMode.FRACTION if word == name else LevelMode.ATR
            plain |= {f"{name}_mode": mode, f"{name}_value": value}
        else:
            plain[word] = value
    return Policy(**plain)


def world(
    bars: str,
    *,
    long: Collection[int] = (),
    short: Collection[int] = (),
    exit_long: Collection[int] = (),
    exit_short: Collection[int] = (),
    confidence: Column = 1.0,
    funding: Sequence[tuple[Any, ...]] = (),
    detail: str = "",
    regime: list[int] | None = None,
    start: str = "2024-01-01T00:00",
    timeframe: str = "1h",
    detail_timeframe: str = "30m",
    kind: Instrument | None = None,
    rules: Policy | None = None,
    **columns: Column,
) -> World:
    """A world from words: signals as the bars that set them, columns as number, list or {bar: value} (else NaN)."""
    rows = candles(bars, start=start, timeframe=timeframe)
    n = len(rows)
    sure = _column(confidence, n)
    assert sure is not None
    return World(
        timeframe_ms=timeframe_ms(timeframe),
        bars=rows,
        instrument=kind or linear(),
        policy=rules or policy(),
        entry=[(bar in long) - (bar in short) for bar in range(n)],
        exit_long=[bar in exit_long for bar in range(n)],
        exit_short=[bar in exit_short for bar in range(n)],
        confidence=sure,
        funding=[(parse_time_ms(time), rate, mark[0] if mark else NAN) for time, rate, *mark in funding],
        detail=candles(detail, start=start, timeframe=detail_timeframe) if detail else None,
        detail_timeframe_ms=timeframe_ms(detail_timeframe) if detail else 0,
        regime=regime,
        **{name: _column(column, n) for name, column in columns.items()},
    )


def _column(column: Column, n: int) -> list[float] | None:
    if column is None:
        return None
    if isinstance(column, Mapping):
        return [float(column.get(bar, NAN)) for bar in range(n)]
    if isinstance(column, Sequence):
        values = [float(value) for value in column]
        assert len(values) == n, "a column has one element per bar"
        return values
    return [float(column)] * n


def cut(whole: World, n: int) -> World:
    """The same world when only its first `n` bars have happened."""
    names = (
        "bars",
        "entry",
        "exit_long",
        "exit_short",
        "confidence",
        "stop",
        "take",
        "size_scale",
        "leverage",
        "target",
    )
    names += ("atr", "volatility", "regime")
    parts = {name: getattr(whole, name)[:n] for name in names if getattr(whole, name) is not None}
    end = whole.bars[n - 1].ts + whole.timeframe_ms
    if whole.detail is not None:
        parts["detail"] = [bar for bar in whole.detail if bar.ts < end]
    return replace(whole, **parts)


def same(actual: Any, expected: Any) -> bool:
    """Money and prices to 1e-9, the tolerance of rule 31."""
    return actual is not None and math.isclose(float(actual), float(expected), rel_tol=1e-9, abs_tol=1e-9)


def differences(case: Case, run: Run) -> list[str]:
    """Everything in which a run differs from what the case says, in words."""
    found = _fill_differences(case.fills, run.fills)
    for bar, value in case.equity.items():
        if not same(run.equity[bar], value):
            found.append(f"equity at the close of bar {bar}: {run.equity[bar]}, not {float(value)}")
    if case.refusals is not None:
        for bar, code in enumerate(run.refusals):
            if code != case.refusals.get(bar, Refusal.NONE):
                wanted = case.refusals.get(bar, Refusal.NONE).name
                found.append(f"refusal at bar {bar}: {Refusal(code).name}, not {wanted}")
    for name in ("funding", "borrow", "realised", "max_drawdown", "sharpe", "closed_trades", "open_lots"):
        wanted, actual = getattr(case, name), getattr(run, name)
        if wanted is ANY or (wanted is UNDEFINED and actual is None):
            continue
        if wanted is UNDEFINED or not same(actual, wanted):
            found.append(f"{name}: {actual}, not {wanted}")
    return found


def _fill_differences(expected: Sequence[Expected], actual: Sequence[Fill]) -> list[str]:
    if len(expected) != len(actual):
        told = [
            f"bar {fill.bar} {fill.side:+d} x {fill.lots} at {fill.price} {Reason(fill.reason).name}" for fill in actual
        ]
        return [f"{len(actual)} fills, not {len(expected)}: {told}"]
    found: list[str] = []
    for index, (want, fill) in enumerate(zip(expected, actual, strict=True)):
        for name, wanted, value in _fill_fields(want, fill):
            exact = wanted is None or name in ("bar", "side", "lots", "reason", "level", "decision", "time", "before")
            if not (value == wanted if exact else same(value, wanted)):
                found.append(f"fill {index}: {name} {value}, not {wanted}")
    return found


def _fill_fields(want: Expected, fill: Fill) -> list[tuple[str, Any, Any]]:
    time = want.time if want.time is ANY else parse_time_ms(want.time)
    rows = [("bar", want.bar, fill.bar), ("side", want.side, fill.side), ("lots", want.lots, fill.lots)]
    rows += [
        ("reason", want.reason, fill.reason),
        ("price", want.price, fill.price),
        ("level", want.level, fill.level_ticks),
    ]
    rows += [
        ("raw price", want.raw, fill.raw_price),
        ("fee", want.fee, fill.fee),
        ("spread", want.spread, fill.spread_cost),
    ]
    rows += [("slippage", want.slippage, fill.slippage_cost), ("decision", want.decision, fill.decision_bar)]
    rows += [("time", time, fill.ts), ("before", want.before, fill.position_before)]
    rows += [("equity before", want.equity, fill.equity_before)]
    return [row for row in rows if row[1] is not ANY]
