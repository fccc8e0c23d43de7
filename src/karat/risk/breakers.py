"""Circuit breakers of one bot, as a pure reducer: state and event in, state out. They block entries, never exits.

1. An event that shows a breaker's condition latches it, with the reason and with the rule that will release it: the
   next UTC day, after k bars, or data that is whole again. A latched breaker is not moved by more of the same.
2. Bars release. What was counted towards a breaker starts again at zero when it is released.
3. What is unknown, NaN or negative where it cannot be counts as the condition shown.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from karat.risk.case import Unknown, drawdown, not_negative, number, positive
from karat.risk.limits import Limits

DAY_MS = 86_400_000
_NOT_KNOWN = "the data is not known to be whole"


class Breaker(StrEnum):
    """What may break."""

    DAILY_DRAWDOWN = "daily_drawdown"
    LOSSES_IN_ROW = "losses_in_row"
    CONFIDENCE = "confidence"
    DATA = "data"
    REJECTIONS = "rejections_in_row"
    TRADE_VOLUME = "trade_volume"
    LEVERAGE_OVER_DEPTH = "leverage_over_depth"


@dataclass(frozen=True, slots=True)
class Latch:
    """One breaker that is latched. It is released at `until_ms`, at `until_bar`, or, both None, by whole data."""

    breaker: Breaker
    reason: str
    at_ms: int
    until_ms: int | None = None
    until_bar: int | None = None


@dataclass(frozen=True, slots=True)
class BreakerState:
    """Latches in the order in which they fell, the last bar that was seen, and what is being counted."""

    latches: tuple[Latch, ...] = ()
    bar: int = 0
    now_ms: int = 0
    losses: int = 0
    low_confidences: int = 0
    rejections: int = 0

    @property
    def latched(self) -> tuple[str, ...]:
        """The names, as a snapshot's `breakers_latched` wants them."""
        return tuple(one.breaker.value for one in self.latches)

    def as_dict(self) -> dict[str, Any]:
        """For the journal; `breaker_state_of` reads it back after a restart."""
        return {**asdict(self), "latches": [{**asdict(one), "breaker": one.breaker.value} for one in self.latches]}


@dataclass(frozen=True, slots=True)
class BarClosed:
    """A bar. `confidence` None: no model spoke, which counts neither way; what is no share counts as low. `damage` says
    in words what is wrong with data that is not intact."""

    bar: int
    now_ms: int
    equity: float | None
    equity_day_start: float | None
    data_intact: bool | None
    confidence: float | None = None
    damage: str = ""


@dataclass(frozen=True, slots=True)
class TradeClosed:
    """A trade and its result after costs."""

    result: float | None


@dataclass(frozen=True, slots=True)
class OrderAnswered:
    """The venue took an order or rejected it. A time-out is neither."""

    rejected: bool


@dataclass(frozen=True, slots=True)
class OrderMeant:
    """An entry that is about to be sent: its notional against the market's usual volume of a bar and its book."""

    notional: float | None
    leverage: float | None
    volume_usual: float | None
    depth: float | None


BreakerEvent = BarClosed | TradeClosed | OrderAnswered | OrderMeant


def after(state: BreakerState, event: BreakerEvent, limits: Limits) -> BreakerState:
    """The state after an event. Raises nothing for what an event holds or lacks."""
    if isinstance(event, BarClosed):
        return _after_bar(state, event, limits)
    if isinstance(event, TradeClosed):
        return _after_trade(state, event, limits)
    if isinstance(event, OrderAnswered):
        rejections = state.rejections + 1 if event.rejected else 0
        state = replace(state, rejections=rejections)
        many = rejections >= limits.value("breakers.rejections_in_row")
        return _wait(state, Breaker.REJECTIONS, f"{rejections} rejections in a row", "rejections_wait", limits, many)
    return _after_order(state, event, limits)


def _after_bar(state: BreakerState, event: BarClosed, limits: Limits) -> BreakerState:
    if event.bar < state.bar or event.now_ms < state.now_ms:
        return state  # a bar that was seen before, told again after a restart, releases nothing
    state = _released(replace(state, bar=event.bar, now_ms=event.now_ms), event.data_intact is True)
    if event.data_intact is not True:
        state = _latched(state, Latch(Breaker.DATA, event.damage or _NOT_KNOWN, event.now_ms))
    state = _after_equity(state, event, limits)
    if event.confidence is None:
        return state
    low = not limits.value("breakers.confidence") <= event.confidence <= 1.0  # NaN is low, and so is nonsense
    state = replace(state, low_confidences=state.low_confidences + 1 if low else 0)
    many = state.low_confidences >= limits.value("breakers.confidence_times")
    words = f"confidence was low {state.low_confidences} times in a row"
    return _wait(state, Breaker.CONFIDENCE, words, "confidence_wait", limits, many)


def _after_equity(state: BreakerState, event: BarClosed, limits: Limits) -> BreakerState:
    """The day's drawdown latches until the day is over; equity that nobody knows does too."""
    try:
        lost = drawdown(event.equity, event.equity_day_start, "the bot", "equity at the day's start")
        words = f"the day lost {lost:.4g} of its start"
        wrong = lost > limits.value("breakers.daily_drawdown")
    except Unknown as unknown:
        words, wrong = str(unknown), True
    tomorrow = (event.now_ms // DAY_MS + 1) * DAY_MS
    return _latched(state, Latch(Breaker.DAILY_DRAWDOWN, words, event.now_ms, until_ms=tomorrow)) if wrong else state


def _after_trade(state: BreakerState, event: TradeClosed, limits: Limits) -> BreakerState:
    try:
        lost = number(event.result, "the result of a trade") < 0.0
    except Unknown:
        lost = True
    state = replace(state, losses=state.losses + 1 if lost else 0)
    many = state.losses >= limits.value("breakers.losses_in_row")
    return _wait(state, Breaker.LOSSES_IN_ROW, f"{state.losses} losses in a row", "losses_wait", limits, many)


def _after_order(state: BreakerState, event: OrderMeant, limits: Limits) -> BreakerState:
    """An order that is too large for its market stops its bot: whoever sized it was wrong."""
    for breaker in (Breaker.TRADE_VOLUME, Breaker.LEVERAGE_OVER_DEPTH):
        try:
            notional = not_negative(event.notional, "the notional")
            if breaker is Breaker.TRADE_VOLUME:
                value = notional / positive(event.volume_usual, "the usual volume")
            else:
                value = notional * positive(event.leverage, "the leverage") / positive(event.depth, "the depth")
            words, wrong = f"{breaker.value} is {value:.4g}", value > limits.value(f"breakers.{breaker.value}")
        except Unknown as unknown:
            words, wrong = str(unknown), True
        state = _wait(state, breaker, words, f"{breaker.value}_wait", limits, wrong)
    return state


def _wait(state: BreakerState, breaker: Breaker, reason: str, wait: str, limits: Limits, wrong: bool) -> BreakerState:
    """Latch a breaker for the bars of its wait, where something is wrong."""
    until = state.bar + int(limits.value(f"breakers.{wait}"))
    return _latched(state, Latch(breaker, reason, state.now_ms, until_bar=until)) if wrong else state


def _latched(state: BreakerState, latch: Latch) -> BreakerState:
    return state if latch.breaker.value in state.latched else replace(state, latches=(*state.latches, latch))


def _released(state: BreakerState, data_intact: bool) -> BreakerState:
    """Without the latches that are over, and without the counts that led to them."""
    kept = tuple(one for one in state.latches if not _over(one, state, data_intact))
    gone = {one.breaker for one in state.latches} - {one.breaker for one in kept}
    return replace(
        state,
        latches=kept,
        losses=0 if Breaker.LOSSES_IN_ROW in gone else state.losses,
        low_confidences=0 if Breaker.CONFIDENCE in gone else state.low_confidences,
        rejections=0 if Breaker.REJECTIONS in gone else state.rejections,
    )


def _over(latch: Latch, state: BreakerState, data_intact: bool) -> bool:
    if latch.until_ms is not None:
        return state.now_ms >= latch.until_ms
    return data_intact if latch.until_bar is None else state.bar >= latch.until_bar


def breaker_state_of(told: dict[str, Any]) -> BreakerState:
    """The state that `BreakerState.as_dict` told of."""
    rows: list[dict[str, Any]] = told["latches"]
    latches = tuple(replace(Latch(**row), breaker=Breaker(row["breaker"])) for row in rows)
    values: dict[str, Any] = {**told, "latches": latches}
    return BreakerState(**values)
