"""Parity of one running bot: its trades beside those of its backtest, re-run over the bars it was given.

1. As received: the backtest over the bars the bot has marked, at the closes it saw. Its trades are matched one to one
   with the bot's: the same side and decision bar first, then the nearest within NEAR_BARS.
2. As it stands: the backtest over all bars that the lake holds of that window now. Where a bar came later, or was
   revised, the two backtests differ: the gap `data_revision`.
3. Every gap is money, bot minus backtest. Of a matched trade: `risk` what another size makes of the backtest's result,
   `timing` where a fill fell into another bar, else `fill_price` (spread and slippage are in the price) and `cost`
   (fees, funding, borrow). A trade of one side alone is `signal`; `risk` where the desk had refused the entry, and
   `fill_price` where its order was not filled. `rest` is the open position and what followed from smaller equity.
4. Parity % is 100 less the share of the trades' results that is gap: sum of |bot - backtest| over the sum of the larger
   of both, trade by trade. Without a closed trade it is undefined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from karat.bots.fills import closed_trade
from karat.bots.history import History
from karat.bots.workers.voices import Voices
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId, ClientOrderId
from karat.core.model.candles import Candles, Funding, Series, no_funding
from karat.core.model.reasons import Reason, Refusal
from karat.kernel.engine import Record, prepare, run
from karat.kernel.prepare import Extras
from karat.kernel.records import FILL_FLOATS, FILL_INTS, NO_LEVEL
from karat.ports.feed import Past
from karat.ports.journal import BotRecord, FillRecord, TradeRecord
from karat.ports.trading import TradingJournal
from karat.stats.figure import NO_TRADES, Figure, to_json
from karat.strategies import Strategy, code_hash, resolve

NEAR_BARS = 3
GOOD_PERCENT = 99.0
_HOUSE = (Refusal.SWITCH, Refusal.FILTER, Refusal.RISK)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Money, bot minus backtest, in the bot's currency."""

    signal: float = 0.0
    data_revision: float = 0.0
    timing: float = 0.0
    fill_price: float = 0.0
    cost: float = 0.0
    risk: float = 0.0
    rest: float = 0.0

    def plus(self, **more: float) -> Gaps:
        return Gaps(**{one.name: getattr(self, one.name) + more.get(one.name, 0.0) for one in fields(self)})

    @property
    def total(self) -> float:
        return sum(getattr(self, one.name) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed trade with its fills' bars."""

    decision_bar: int
    bars: tuple[int, ...]
    record: TradeRecord


@dataclass(frozen=True, slots=True)
class Pair:
    """A trade of the bot and that of the backtest, or one alone. `why` names the gap, "" where there is none."""

    bot: TradeRecord | None
    backtest: TradeRecord | None
    why: str

    @property
    def results(self) -> tuple[float, float]:
        return _result(self.bot), _result(self.backtest)


@dataclass(frozen=True, slots=True)
class BotParity:
    """How a bot compares. `revised_bars`: of those it saw, closes that are others now; `later_bars`: in the lake now,
    never seen."""

    bot: BotId
    currency: str
    bars: int
    first_ts: int
    last_ts: int
    revised_bars: int
    later_bars: int
    pairs: tuple[Pair, ...]
    gaps: Gaps
    percent: Figure

    @property
    def is_good(self) -> bool:
        """Nothing to tell: GOOD_PERCENT or more, or nothing to judge by yet."""
        return not isinstance(self.percent, float) or self.percent >= GOOD_PERCENT

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "percent": to_json(self.percent),
            "trades": len(self.pairs),
            "bars": self.bars,
            "first_ts": self.first_ts,
            "last_ts": self.last_ts,
            "revised_bars": self.revised_bars,
            "later_bars": self.later_bars,
            "currency": self.currency,
            "gap": self.gaps.total,
            "gaps": {one.name: getattr(self.gaps, one.name) for one in fields(self.gaps)},
        }


def parity_of(
    journal: TradingJournal, record: BotRecord, strategy: Strategy, candles: Candles, funding: Funding | None,
    series: Sequence[Series] = (), voices: Voices | None = None,
) -> BotParity:  # fmt: skip
    """Compare a bot, running or not, with its backtest. `candles`, `funding` and `series` are the lake's, from the
    bot's anchor on; `voices` says where its strategy is evaluated, by default in this process. Raises InputError
    `no_bar`, NeedsOperator `strategy_changed` or `history_missing`, and what `Voices.whole` raises."""
    marks = journal.marks(record.id)
    bars = len(marks.ts)
    if not bars:
        raise InputError("no_bar", f"{record.name} has not done a bar yet.", f"Run it: karat bots run {record.name}.")
    if code_hash(strategy) != record.code_hash:
        told = f"The code of {record.strategy} has changed since the bot '{record.name}' was created."
        raise NeedsOperator("strategy_changed", told, "Put the old code back to compare.")
    known = candles[: int(np.searchsorted(candles.ts, marks.ts[-1], side="right"))]
    received = _as_received(record, known, marks.ts, marks.close)
    values, asked = resolve(strategy, record.parameters), voices or Voices(None)

    def backtest(candles: Candles) -> Record:
        history = History(candles.market, candles.timeframe_ms, has_funding=funding is not None)
        history.begin(Past(candles, no_funding() if funding is None else funding, tuple(series)))
        signals = asked.whole(strategy, values, history)
        return run(prepare(candles, signals, record.policy, record.instrument, Extras(funding=funding)))

    revised = int(np.count_nonzero(known.close[np.isin(known.ts, marks.ts)] != marks.close))
    as_received = backtest(received)
    changed = revised or len(known) != bars
    as_it_stands = backtest(known) if changed else as_received
    fills = [one for one in journal.fills(record.id) if one.bar < bars]
    unfilled = {
        one.decision_bar for one in journal.orders_of(record.id) if one.order.is_over and not one.order.filled_lots
    }
    matched = _matched(_trades(fills, record), _trades(_fills_of(as_received, record.id), record))
    refusals = dict(journal.refusals(record.id))
    pairs, gaps = _split(matched, refusals, unfilled)
    equity = float(marks.equity[-1])
    gaps = gaps.plus(data_revision=float(as_received.equity[-1] - as_it_stands.equity[-1]))
    rest = equity - float(as_received.equity[-1]) - (gaps.total - gaps.data_revision)
    return BotParity(
        bot=record.id,
        currency=record.currency,
        bars=bars,
        first_ts=int(marks.ts[0]),
        last_ts=int(marks.ts[-1]),
        revised_bars=revised,
        later_bars=len(known) - bars,
        pairs=pairs,
        gaps=gaps.plus(rest=rest if abs(rest) > 1e-9 * record.policy.capital else 0.0),
        percent=percent_of(pairs),
    )


def percent_of(pairs: Iterable[Pair]) -> Figure:
    """100 less the share of results that is gap; see the module."""
    gap = whole = 0.0
    count = 0
    for pair in pairs:
        bot, backtest = pair.results
        larger = max(abs(bot), abs(backtest))
        gap, whole, count = gap + min(abs(bot - backtest), larger), whole + larger, count + 1
    if not count:
        return NO_TRADES
    return 100.0 if gap == 0.0 else 100.0 * (1.0 - gap / whole)


def _as_received(record: BotRecord, known: Candles, ts: Any, close: Any) -> Candles:
    """The bars the bot saw, with the closes it saw; the rest of a revised bar is the lake's, made to hold its close."""
    seen = np.isin(known.ts, ts)
    if int(seen.sum()) != len(ts):
        missing = len(ts) - int(seen.sum())
        told = f"{missing} bars of {record.market} that '{record.name}' has seen are not in the lake any more."
        raise NeedsOperator("history_missing", told, "Import the market again, whole.")
    if bool(seen.all()) and np.array_equal(known.close, close):
        return known
    high, low = np.maximum(known.high[seen], close), np.minimum(known.low[seen], close)
    return Candles(
        known.market, known.timeframe_ms, known.ts[seen], known.open[seen], high, low, np.array(close),
        known.volume[seen],
    )  # fmt: skip


def _fills_of(record: Record, bot: BotId) -> list[FillRecord]:
    """The backtest's fills in the form of the journal's."""
    columns = {name: record.fills[name].tolist() for name in (*FILL_INTS, *FILL_FLOATS)}
    found: list[FillRecord] = []
    for number in range(len(columns["ts"])):
        row = {name: cells[number] for name, cells in columns.items()}
        row["reason"] = Reason(row["reason"])
        row["level_ticks"] = None if row["level_ticks"] == NO_LEVEL else row["level_ticks"]
        found.append(FillRecord(bot=bot, number=number, stop_ticks=None, order=ClientOrderId(""), **row))
    return found


def _trades(fills: Sequence[FillRecord], record: BotRecord) -> list[Trade]:
    """Those that are closed."""
    by_trade: dict[int, list[FillRecord]] = {}
    for fill in fills:
        by_trade.setdefault(fill.trade, []).append(fill)
    return [
        Trade(of[0].decision_bar, tuple(one.bar for one in of), closed_trade(of, record.instrument))
        for of in by_trade.values()
        if of[-1].position_before + of[-1].side * of[-1].lots == 0
    ]


def _matched(bots: list[Trade], backtests: list[Trade]) -> list[tuple[Trade | None, Trade | None]]:
    """One to one, in the order of their decisions."""
    found: list[tuple[Trade | None, Trade | None]] = []
    left = list(backtests)
    alone: list[Trade] = []
    for exact in (True, False):
        waiting, alone = (bots, []) if exact else (alone, [])
        for one in waiting:
            far = 0 if exact else NEAR_BARS
            near = [
                two for two in left
                if two.record.side == one.record.side and abs(two.decision_bar - one.decision_bar) <= far
            ]  # fmt: skip
            if near:
                best = min(near, key=lambda two: abs(two.decision_bar - one.decision_bar))
                left.remove(best)
                found.append((one, best))
            else:
                alone.append(one)
    found += [(one, None) for one in alone] + [(None, two) for two in left]
    return sorted(found, key=lambda pair: next(one for one in pair if one is not None).decision_bar)


def _split(
    matched: Iterable[tuple[Trade | None, Trade | None]], refusals: Mapping[int, Refusal], unfilled: set[int]
) -> tuple[tuple[Pair, ...], Gaps]:
    """Each pair's gap by its name, and their sums."""
    pairs: list[Pair] = []
    gaps = Gaps()
    for bot, backtest in matched:
        if bot is not None and backtest is not None:
            parts = _parts(bot, backtest)
        elif bot is not None:
            parts = {"signal": bot.record.pnl}
        else:
            assert backtest is not None
            bar = backtest.decision_bar
            name = "fill_price" if bar in unfilled else "signal"
            parts = {"risk" if refusals.get(bar) in _HOUSE else name: -backtest.record.pnl}
        gaps = gaps.plus(**parts)
        largest = max(parts, key=lambda name: abs(parts[name]))
        why = largest if parts[largest] else ""
        pairs.append(Pair(None if bot is None else bot.record, None if backtest is None else backtest.record, why))
    return tuple(pairs), gaps


def _parts(bot: Trade, backtest: Trade) -> dict[str, float]:
    """The gap of two trades that belong together; its parts add up to the difference of their results."""
    one, two = bot.record, backtest.record
    scale = one.lots / two.lots
    parts = {"risk": (scale - 1.0) * two.pnl if scale != 1.0 else 0.0}
    cost = scale * _paid(two) - _paid(one)
    gross = (one.pnl + _paid(one)) - scale * (two.pnl + _paid(two))
    if bot.bars != backtest.bars:
        return {**parts, "timing": gross + cost}
    return {**parts, "fill_price": gross, "cost": cost}


def _paid(trade: TradeRecord) -> float:
    return trade.fees + trade.funding + trade.borrow


def _result(trade: TradeRecord | None) -> float:
    return 0.0 if trade is None else trade.pnl
