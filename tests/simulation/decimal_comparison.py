"""Where two runs of one world differ first, told so that a person can go to that bar with pencil and paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from tests.simulation.world import Fill, Run, World

from karat.core.model.reasons import Reason, Refusal

RELATIVE = 1e-9
FLOOR = 1e-12  # of the capital: what sums of floats may leave where the true answer is near zero
EXACT = {"ts", "bar", "side", "lots", "reason", "decision_bar", "level_ticks", "position_before"}
PRICES = {"raw_price", "price"}


def first_difference(world: World, slow: Run, fast: Run) -> str | None:
    """One line: bar, field, both values; None when the runs agree."""
    return next(_differences(world, slow, fast), None)


def _differences(world: World, slow: Run, fast: Run) -> Iterator[str]:
    """Fills first, bar by bar, since everything else follows from them."""
    capital = world.policy.capital
    for index, (one, other) in enumerate(zip(slow.fills, fast.fills, strict=False)):
        yield from _fill_differences(index, one, other, capital)
    if len(slow.fills) != len(fast.fills):
        yield _missing_fill(slow.fills, fast.fills)
    for bar, (one, other) in enumerate(zip(slow.refusals, fast.refusals, strict=True)):
        if one != other:
            yield f"bar {bar}: refusal: decimal {Refusal(one).name}, compiled {Refusal(other).name}"
    for bar, (one, other) in enumerate(zip(slow.equity, fast.equity, strict=True)):
        if not _close(one, other, capital):
            yield f"bar {bar}: equity: decimal {one}, compiled {other}"
    for name, scale in (("funding", capital), ("borrow", capital), ("realised", capital), ("max_drawdown", 1.0)):
        one, other = getattr(slow, name), getattr(fast, name)
        if not _close(one, other, scale):
            yield f"run: {name}: decimal {one}, compiled {other}"
    for name in ("closed_trades", "open_lots"):
        if getattr(slow, name) != getattr(fast, name):
            yield f"run: {name}: decimal {getattr(slow, name)}, compiled {getattr(fast, name)}"
    yield from _sharpe_differences(slow, fast)


def _fill_differences(index: int, slow: Fill, fast: Fill, capital: float) -> Iterator[str]:
    for spec in fields(Fill):
        one, other = getattr(slow, spec.name), getattr(fast, spec.name)
        if spec.name in EXACT:
            same = one == other
        else:
            same = _close(one, other, 0.0 if spec.name in PRICES else capital)
        if not same:
            values = f"decimal {_named(spec.name, one)}, compiled {_named(spec.name, other)}"
            both = f"\n  decimal  {_told(slow)}\n  compiled {_told(fast)}"
            yield f"bar {slow.bar}: fill {index} {spec.name}: {values}{both}"


def _missing_fill(slow: list[Fill], fast: list[Fill]) -> str:
    index = min(len(slow), len(fast))
    who, fill = ("decimal", slow[index]) if len(slow) > index else ("compiled", fast[index])
    return f"bar {fill.bar}: fill {index} only {who} has it: {_told(fill)}"


def _sharpe_differences(slow: Run, fast: Run) -> Iterator[str]:
    """A deviation far below its mean loses digits with the square of that ratio in floats; what it loses is allowed."""
    one, other = slow.sharpe, fast.sharpe
    lost = 1e-16 * float(one) ** 3 if one is not None else 0.0  # type: ignore[arg-type]
    if (one is None) != (other is None) or (one is not None and not _close(one, other, max(1.0, abs(lost) / FLOOR))):
        yield f"run: sharpe: decimal {one}, compiled {other}"


def _close(one: Any, other: Any, scale: float) -> bool:
    one, other = float(one), float(other)
    return abs(one - other) <= max(RELATIVE * abs(one), FLOOR * scale)


def _named(field: str, value: Any) -> str:
    return Reason(value).name if field == "reason" else str(value)


def _told(fill: Fill) -> str:
    what = f"{'buy' if fill.side > 0 else 'sell'} {fill.lots} lots, {Reason(fill.reason).name}"
    price = f"{float(fill.price):.12g}"  # type: ignore[arg-type]
    level = "" if fill.level_ticks is None else f", level {fill.level_ticks} ticks"
    return f"bar {fill.bar} {what} at {price}{level}, decided {fill.decision_bar}"
