"""The entry filter: may this bot enter at the close of this bar? Every condition is named, asked and told.

1. A condition holds one figure against its limit. Which limit that is may depend on the regime of the bar.
2. A figure that is missing, NaN or contradictory blocks, by the name of its condition.
3. Every block ends by rule. It tells how: with the next bar that shows something else, at the next UTC day, after k
   bars, or when the latch that it reads is released. No bot is dead for ever by its own filter.
4. Exits are not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from karat.risk.case import Unknown, counted, drawdown, flag, limit_of, not_negative, number, positive
from karat.risk.limits import Limits
from karat.risk.rules import Relation, holds
from karat.risk.snapshot import Flag

DAY_MS = 86_400_000
_NEVER_BARS = 10_000.0  # the largest wait that limits.toml allows


class Regime(StrEnum):
    """How a market behaves at a bar. What cannot be told is None, which blocks."""

    TRENDING = "trending"
    RANGING = "ranging"
    HIGH_VOLATILITY = "high_volatility"


@dataclass(frozen=True, slots=True)
class EntryView:
    """What is known at the close of a bar. None is unknown, but for the two bars: None says that there was none.

    `funding_rate` is paid by longs where positive, per period. Bars count from the market's anchor.
    """

    side: int
    bar: int
    now_ms: int
    regime: Regime | None = None
    confidence: float | None = None
    last_exit_bar: int | None = None
    positions_bot: int | None = None
    positions_fleet: int | None = None
    volume: float | None = None
    volume_usual: float | None = None
    equity: float | None = None
    equity_day_start: float | None = None
    losses_in_row: int | None = None
    last_loss_bar: int | None = None
    funding_rate: float | None = None
    spread: float | None = None
    depth: float | None = None
    data_ms: int | None = None
    kill_latched: Flag = None
    breakers_latched: tuple[str, ...] | None = None
    in_session: Flag = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one condition said. `release_bar` or `release_ms` is when a block ends by itself; both None: `release` says
    what ends it."""

    condition: str
    value: float | None
    limit: float | None
    unit: str
    passed: bool
    reason: str
    release: str = ""
    release_bar: int | None = None
    release_ms: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """For a trace row."""
        value: Any = {"undefined": self.reason} if self.value is None else self.value
        told = {"condition": self.condition, "value": value, "limit": self.limit, "unit": self.unit}
        ends = {"release": self.release, "release_bar": self.release_bar, "release_ms": self.release_ms}
        return {**told, "passed": self.passed, "reason": self.reason, **ends}


@dataclass(frozen=True, slots=True)
class Filtered:
    """What the filter said: `first` is the first condition that blocked, empty where none did."""

    first: str
    told: tuple[Told, ...]
    limits_hash: str

    @property
    def passed(self) -> bool:
        return not self.first

    def as_dict(self) -> dict[str, Any]:
        """For a trace row."""
        return {"first": self.first, "told": [one.as_dict() for one in self.told], "limits_hash": self.limits_hash}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `limit` names a number of the filter; with `by_regime` the regime's name follows it."""

    name: str
    limit: str
    unit: str
    relation: Relation
    value: Callable[[EntryView, Limits], float]
    release: str
    by_regime: bool = False


_NEXT_BAR, _NEXT_DAY, _BARS, _LATCH = "the next bar that shows it", "the next UTC day", "after k bars", "its latch"


def _switches(view: EntryView, limits: Limits) -> float:
    if view.breakers_latched is None:
        raise Unknown("the state of the breakers is not known")
    return float(len(view.breakers_latched)) + float(flag(view.kill_latched, "the kill switch"))


def _closed(view: EntryView, limits: Limits) -> float:
    return float(not flag(view.in_session, "the session"))


def _spread(view: EntryView, limits: Limits) -> float:
    return not_negative(view.spread, "the spread")


def _depth(view: EntryView, limits: Limits) -> float:
    return not_negative(view.depth, "the depth")


def _data_age(view: EntryView, limits: Limits) -> float:
    return not_negative(view.now_ms - number(view.data_ms, "the time of the data"), "age of the data")


def _confidence(view: EntryView, limits: Limits) -> float:
    found = not_negative(view.confidence, "the confidence")
    if found > 1.0:
        raise Unknown(f"the confidence is {found:g}, which cannot be")
    return found


def _bars_since_exit(view: EntryView, limits: Limits) -> float:
    return _bars_since(view.bar, view.last_exit_bar, "the last exit")


def _losses(view: EntryView, limits: Limits) -> float:
    """Losses in a row, which are forgiven once enough bars went by."""
    found = counted(view.losses_in_row, "losses in a row")
    if found and view.last_loss_bar is None:
        raise Unknown("the bar of the last loss is not known")
    waited = _bars_since(view.bar, view.last_loss_bar, "the last loss")
    return 0.0 if waited >= limit_of(limits, "filter.losses_wait") else found


def _daily_drawdown(view: EntryView, limits: Limits) -> float:
    return drawdown(view.equity, view.equity_day_start, "the bot", "equity at the day's start")


def _positions(view: EntryView, limits: Limits) -> float:
    return counted(view.positions_bot, "positions of the bot") + 1.0


def _fleet(view: EntryView, limits: Limits) -> float:
    fleet = counted(view.positions_fleet, "positions of all bots")
    if fleet < counted(view.positions_bot, "positions of the bot"):
        raise Unknown("all bots hold fewer positions than this one")
    return fleet + 1.0


def _volume(view: EntryView, limits: Limits) -> float:
    return not_negative(view.volume, "the volume") / positive(view.volume_usual, "the usual volume")


def _funding(view: EntryView, limits: Limits) -> float:
    if view.side not in (1, -1):
        raise Unknown(f"{view.side!r} is no side")
    return view.side * number(view.funding_rate, "the funding rate")


def _bars_since(bar: int, then: int | None, what: str) -> float:
    """Bars since something. What never was is as long ago as a wait may be set."""
    return _NEVER_BARS if then is None else counted(bar - then, f"bars since {what}")


CONDITIONS = (
    Condition("switches", "", "latches", Relation.AT_MOST, _switches, _LATCH),
    Condition("data_age", "filter.data_age", "milliseconds", Relation.AT_MOST, _data_age, _NEXT_BAR),
    Condition("session", "", "closed", Relation.AT_MOST, _closed, _NEXT_BAR),
    Condition("confidence", "filter.confidence", "share", Relation.AT_LEAST, _confidence, _NEXT_BAR, True),
    Condition("cooldown", "filter.cooldown", "bars", Relation.AT_LEAST, _bars_since_exit, _BARS, True),
    Condition("daily_drawdown", "filter.daily_drawdown", "share", Relation.AT_MOST, _daily_drawdown, _NEXT_DAY),
    Condition("losses_in_row", "filter.losses_in_row", "losses", Relation.BELOW, _losses, _BARS),
    Condition("positions", "filter.positions", "positions", Relation.AT_MOST, _positions, _NEXT_BAR, True),
    Condition("positions_fleet", "filter.positions_fleet", "positions", Relation.AT_MOST, _fleet, _NEXT_BAR),
    Condition("volume", "filter.volume_ratio", "ratio", Relation.AT_LEAST, _volume, _NEXT_BAR),
    Condition("funding", "filter.funding_paid", "share", Relation.AT_MOST, _funding, _NEXT_BAR),
    Condition("spread", "filter.spread", "share", Relation.AT_MOST, _spread, _NEXT_BAR),
    Condition("depth", "filter.depth", "quote", Relation.AT_LEAST, _depth, _NEXT_BAR),
)


def filter_entry(view: EntryView, limits: Limits) -> Filtered:
    """What every condition says of an entry at the close of `view.bar`, and which blocked first."""
    told = tuple(_tell(condition, view, limits) for condition in CONDITIONS)
    first = next((one.condition for one in told if not one.passed), "")
    return Filtered(first, told, limits.hash)


def _tell(condition: Condition, view: EntryView, limits: Limits) -> Told:
    limit: float | None = None
    try:
        limit = _limit(condition, view, limits)
        value = condition.value(view, limits)
    except Unknown as unknown:
        return Told(condition.name, None, limit, condition.unit, False, str(unknown), "the next bar that knows it")
    if holds(condition.relation, value, limit):
        return Told(condition.name, value, limit, condition.unit, True, "")
    words = f"{condition.name} is {value:.6g}, must be {condition.relation.value.replace('_', ' ')} {limit:.6g}"
    bar, at = _ends(condition, view, limits, limit)
    return Told(
        condition.name, value, limit, condition.unit, False, f"{words} {condition.unit}", condition.release, bar, at
    )


def _limit(condition: Condition, view: EntryView, limits: Limits) -> float:
    if not condition.limit:
        return 0.0
    if condition.by_regime and view.regime is None:
        raise Unknown("the regime of the bar is not known")
    name = f"{condition.limit}_{view.regime.value}" if condition.by_regime and view.regime else condition.limit
    return limit_of(limits, name)


def _ends(condition: Condition, view: EntryView, limits: Limits, limit: float) -> tuple[int | None, int | None]:
    """The bar or the time at which a block ends by itself."""
    if condition.release == _NEXT_DAY:
        return None, (view.now_ms // DAY_MS + 1) * DAY_MS
    if condition.name == "cooldown" and view.last_exit_bar is not None:
        return view.last_exit_bar + int(limit), None
    if condition.name == "losses_in_row" and view.last_loss_bar is not None:
        return view.last_loss_bar + int(limits.value("filter.losses_wait")), None
    return None, None
