"""Parity: the same bot as one call, through the runner, and as a row of a sweep (simulation.md, "Parity").

1. One call: the strategy over the whole market, the kernel over its signals. This is the meaning.
2. Through the runner: what the journal kept of a bot that was given one bar after the other. Every fill, in every
   column, equity at every close and every refusal are equal, to the bit. A strategy that looks into the future decides
   otherwise here, because the future is not there.
3. A sweep's row: the fastest kernel, without a record. Trades are equal, sums to 1e-12 relative.

Only the first difference of each way is kept: what follows it says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.bots.creation import new_bot
from karat.core.ids import BotId, MarketId
from karat.core.model.candles import Candles, Funding, Series
from karat.core.model.instrument import Instrument
from karat.core.model.policy import Policy
from karat.core.model.reasons import Refusal
from karat.core.time import iso
from karat.kernel.engine import Record, advance, prepare, run
from karat.kernel.features import features_of, tier_of
from karat.kernel.loop import closing_day
from karat.kernel.prepare import Extras
from karat.kernel.records import FILL_FLOATS, FILL_INTS, NO_LEVEL
from karat.kernel.state import State, fresh_state
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, FillRecord, JournalReader
from karat.strategies import Market, Signals, Strategy, evaluate, resolve

SUM_TOLERANCE = 1e-12  # relative; simulation.md, "Parity"


@dataclass(frozen=True, slots=True, eq=False)
class ParityCase:
    """One bot on one market: what is simulated three ways. `funding` None: the market pays none. `series` are those
    that the strategy declares."""

    strategy: Strategy
    parameters: Mapping[str, object]
    policy: Policy
    instrument: Instrument
    candles: Candles
    funding: Funding | None
    series: tuple[Series, ...] = ()

    def bot(self, name: str) -> BotRecord:
        """The bot of this case. Raises what `karat.bots.creation.new_bot` raises."""
        return new_bot(
            name, self.strategy, self.parameters, self.policy, self.instrument, self.candles, self.funding,
            Mode.SIMULATED, int(self.candles.ts[0]), self.series,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that is not equal. `way` is runner or sweep; `ts` the bar's open time, None for a sum."""

    way: str
    field: str
    ts: int | None
    expected: object
    found: object

    def text(self) -> str:
        """One line."""
        where = "" if self.ts is None else f" at {iso(self.ts)}"
        return f"{self.way}{where}: {self.field} is {self.found}, and {self.expected} in one call"


@dataclass(frozen=True, slots=True)
class ParityResult:
    """How the three ways of one case compare."""

    strategy: str
    market: MarketId
    timeframe_ms: int
    bars: int
    fills: int
    trades: int
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        return not self.differences


def compared(case: ParityCase, journal: JournalReader, bot: BotId) -> ParityResult:
    """Compare the journal of a finished `bot`, and a sweep's row, with one call."""
    market = Market(case.candles, case.funding, case.series)
    signals = evaluate(case.strategy, market, resolve(case.strategy, case.parameters))
    inputs = prepare(case.candles, signals, case.policy, case.instrument, Extras(funding=case.funding))
    record = run(inputs)
    found = (
        next(_runner_differences(case.candles, record, journal, bot), None),
        next(_sweep_differences(record.state, sweep_row(case, signals)), None),
    )
    return ParityResult(
        strategy=case.strategy.name,
        market=case.candles.market,
        timeframe_ms=case.candles.timeframe_ms,
        bars=len(case.candles),
        fills=len(record.fills["ts"]),
        trades=record.state.money.closed_trades,
        differences=tuple(one for one in found if one is not None),
    )


def sweep_row(case: ParityCase, signals: Signals) -> State:
    """The state after the last bar, by the kernel that a sweep chooses for this policy."""
    extras = Extras(funding=case.funding)
    features = tier_of(features_of(case.policy, case.instrument, signals, extras, sparse=True))
    inputs = prepare(case.candles, signals, case.policy, case.instrument, extras, features=features)
    return advance(inputs, fresh_state(inputs.rules), len(case.candles), None)


def _runner_differences(candles: Candles, record: Record, journal: JournalReader, bot: BotId) -> Iterator[Difference]:
    """The earliest first, by bar."""
    found = [
        *_fill_difference(record, journal.fills(bot)),
        *_equity_difference(candles, record, journal, bot),
        *_refusal_difference(candles, record, dict(journal.refusals(bot))),
    ]
    yield from sorted(found, key=lambda one: -math.inf if one.ts is None else one.ts)


def _fill_difference(record: Record, fills: tuple[FillRecord, ...]) -> Iterator[Difference]:
    columns = record.fills
    total = len(columns["ts"])
    for row, fill in enumerate(fills[:total]):
        for name in (*FILL_INTS, *FILL_FLOATS):
            expected, found = _plain(name, columns[name][row].item()), getattr(fill, name)
            if expected != found:
                yield Difference("runner", f"{name} of fill {row}", int(columns["ts"][row]), expected, found)
                return
    if total != len(fills):
        one = int(columns["ts"][len(fills)]) if total > len(fills) else fills[total].ts
        yield Difference("runner", "the number of fills", one, total, len(fills))


def _plain(name: str, value: Any) -> Any:
    return None if name == "level_ticks" and value == NO_LEVEL else value


def _equity_difference(candles: Candles, record: Record, journal: JournalReader, bot: BotId) -> Iterator[Difference]:
    marks = journal.marks(bot)
    if len(marks.ts) != len(candles):
        yield Difference("runner", "the number of bars", None, len(candles), len(marks.ts))
        return
    for name, expected, found in (
        ("equity", record.equity, marks.equity),
        ("position", record.position, marks.position),
    ):
        wrong = np.flatnonzero(expected != found)
        if len(wrong):
            bar = wrong[0]
            yield Difference("runner", name, int(candles.ts[bar]), expected[bar].item(), found[bar].item())


def _refusal_difference(candles: Candles, record: Record, found: dict[int, Refusal]) -> Iterator[Difference]:
    for bar, code in enumerate(record.refusals.tolist()):
        refusal = found.get(bar, Refusal.NONE)
        if code != refusal:
            yield Difference("runner", "the refusal", int(candles.ts[bar]), Refusal(code).name, refusal.name)
            return


def _sweep_differences(expected: State, found: State) -> Iterator[Difference]:
    counts = {"closed trades": expected.money.closed_trades, "won trades": expected.money.won_trades}
    other = {"closed trades": found.money.closed_trades, "won trades": found.money.won_trades}
    for name, count in counts.items():
        if count != other[name]:
            yield Difference("sweep", name, None, count, other[name])
    for name, one, two in zip(_SUMS, _sums(expected), _sums(found), strict=True):
        if not _close(one, two):
            yield Difference("sweep", name, None, one, two)


_SUMS = ("equity", "the deepest drawdown", "days", "the sum of daily returns", "the sum of their squares")


def _sums(state: State) -> tuple[float, ...]:
    """What a sweep's four figures are made of."""
    return (state.marks.equity, state.marks.max_drawdown, *closing_day(state.marks))


def _close(one: float, two: float) -> bool:
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return abs(one - two) <= SUM_TOLERANCE * max(1.0, abs(one))
