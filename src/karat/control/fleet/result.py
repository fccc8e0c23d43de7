"""What came of a fleet: one equity curve on a common clock, exposure over time, correlations, refusals by layer.

1. The clock is every close of any bot. Between two closes of its own a bot is marked as at the last one; before its
   first bar it is its capital. What no bot has a share of stays as it is.
2. Exposure is notional over the fleet's equity at that moment: gross sums sizes, net sums signs. Where equity is gone
   there is none: NaN.
3. A correlation is Pearson's over the daily returns of days that both bots have, and undefined where one never moved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from karat.control.fleet.bot_result import BotResult
from karat.control.fleet.halts import Halt, halts_of
from karat.control.fleet.pair_result import PairResult, pair_result
from karat.control.fleet.run import FleetRun
from karat.core.model.candles import Floats, Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.reasons import Refusal
from karat.stats import Figure, SummaryInput, TradeColumns, Undefined, daily_returns, summary

DAYS_MIN = 3
_ROWS_MAX = 10**9
_NO_GATE = ("", "signal")  # nothing was asked for
_NO_REFUSAL = ("the position is held already", "nothing was ordered")  # and nobody said no


@dataclass(frozen=True, slots=True, eq=False)
class FleetResult:
    """The whole. `close_ts` UTC ms; `equity`, `gross`, `net` at those closes, the last two fractions of equity.
    `correlations` between bots in their order, a `Figure` each."""

    close_ts: Ints
    equity: Floats
    gross: Floats
    net: Floats
    bots: tuple[BotResult, ...]
    metrics: Mapping[str, Figure]
    correlations: tuple[tuple[Figure, ...], ...]
    refusals: Mapping[str, int]
    first_noes: Mapping[str, int]
    pairs: tuple[PairResult, ...] = ()
    halts: tuple[Halt, ...] = ()


def fleet_result(run: FleetRun) -> FleetResult:
    """Read it out of the journal of a fleet that has run."""
    plan, journal = run.ground.plan, run.journal
    marks = {one.id: journal.marks(one.id) for one in run.bots}
    closes = {one.id: marks[one.id].ts + one.timeframe_ms for one in run.bots}
    clock = np.unique(np.concatenate(list(closes.values())))
    bots: list[BotResult] = []
    for record, planned in zip(run.bots, plan.bots, strict=True):
        own, at = marks[record.id], np.searchsorted(closes[record.id], clock, side="right") - 1
        begun = at >= 0
        equity = np.where(begun, own.equity[at], record.policy.capital)
        notional = np.where(begun, _notional(record.instrument, own.position[at], own.close[at]), 0.0)
        traces = journal.traces(record.id, record.anchor_ts, int(clock[-1]))
        bots.append(
            BotResult(
                record, planned.share, equity, notional, journal.fills(record.id),
                journal.trades(_ROWS_MAX, bot=record.id)[::-1],
                Counter(code.name.lower() for _, code in journal.refusals(record.id) if code is not Refusal.NONE),
                Counter(one.first for one in traces if one.first not in _NO_GATE and one.reason not in _NO_REFUSAL),
            )
        )  # fmt: skip
    idle = plan.capital - sum(one.record.policy.capital for one in bots)
    equity = idle + np.sum([one.equity for one in bots], axis=0)
    held = np.array([one.notional for one in bots])
    worth = np.where(equity > 0.0, equity, np.nan)
    gross, net = np.abs(held).sum(axis=0) / worth, held.sum(axis=0) / worth
    return FleetResult(
        clock, equity, gross, net, tuple(bots), _metrics(run, clock, equity, held, bots),
        correlations([_days(clock, one.equity, one.record.policy.capital) for one in bots]),
        _sum(one.refusals for one in bots), _sum(one.first_noes for one in bots), _pairs(run, bots),
        halts_of(journal),
    )  # fmt: skip


def _pairs(run: FleetRun, bots: list[BotResult]) -> tuple[PairResult, ...]:
    by_name = {one.record.name: one for one in bots}
    return tuple(
        pair_result(pair.name, by_name[pair.legs[0].name], by_name[pair.legs[1].name]) for pair in run.ground.plan.pairs
    )


def correlations(returns: list[Floats]) -> tuple[tuple[Figure, ...], ...]:
    """Pearson's, of columns of one length, no NaN; undefined below `DAYS_MIN` days or where one never moved."""
    return tuple(tuple(_correlation(one, other) for other in returns) for one in returns)


def _correlation(one: Floats, other: Floats) -> Figure:
    if len(one) < DAYS_MIN:
        return Undefined(f"fewer than {DAYS_MIN} days")
    if np.isnan(one).any() or np.isnan(other).any():
        return Undefined("a day began without equity")
    apart = one - one.mean(), other - other.mean()
    spread = float(np.sqrt(np.sum(apart[0] ** 2) * np.sum(apart[1] ** 2)))
    if spread == 0.0:
        return Undefined("one of the two never moved")
    return float(np.clip(np.sum(apart[0] * apart[1]) / spread, -1.0, 1.0))


def _days(clock: Ints, equity: Floats, start: float) -> Floats:
    return daily_returns(clock, equity, start)[1]


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total.most_common())


def _notional(instrument: Instrument, lots: Ints, close: Floats) -> Floats:
    """Signed, in the settlement currency."""
    size = lots * instrument.lot * instrument.contract_size
    return size / close if instrument.kind == Kind.INVERSE else size * close


def _metrics(run: FleetRun, clock: Ints, equity: Floats, held: Floats, bots: list[BotResult]) -> dict[str, Figure]:
    rows = sorted(
        ((trade, one) for one in bots for trade in one.trades), key=lambda row: (row[0].exit_ts, row[0].sequence)
    )
    paid: defaultdict[tuple[str, int], Floats] = defaultdict(lambda: np.zeros(2))
    for one in bots:
        for fill in one.fills:
            paid[one.record.id, fill.trade] += fill.spread_cost, fill.slippage_cost
    moved = np.array([paid[one.record.id, trade.trade] for trade, one in rows]).reshape(len(rows), 2)

    def column(name: str) -> Floats:
        return np.array([getattr(trade, name) for trade, _ in rows], np.float64)

    trades = TradeColumns(
        net_pnl=column("pnl"),
        fees=column("fees"),
        funding=column("funding"),
        borrow=column("borrow"),
        spread=moved[:, 0],
        slippage=moved[:, 1],
        bars_held=np.array([(t.exit_ts - t.entry_ts) // one.record.timeframe_ms for t, one in rows], np.int64),
        entry_notional=np.array([_size(one, trade.lots, trade.entry_price) for trade, one in rows], np.float64),
        risk=np.array([np.nan if trade.risk is None else trade.risk for trade, _ in rows], np.float64),
    )
    traded = sum(_size(one, fill.lots, fill.price) for one in bots for fill in one.fills)
    return summary(
        SummaryInput(
            clock, equity, run.ground.plan.capital, run.ground.first_ms, np.abs(held).sum(axis=0), trades, traded
        )
    )


def _size(one: BotResult, lots: int, price: float) -> float:
    """Notional of one fill or trade."""
    return abs(float(_notional(one.record.instrument, np.array([lots]), np.array([price]))[0]))
