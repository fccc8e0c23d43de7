"""From the kernel's log of a bar to fills, and from the fills of a trade to the trade."""

from __future__ import annotations

from typing import Any

from karat.bots.intents import PROTECTION, client_order_id, part_of
from karat.core.calc.money import result
from karat.core.ids import BotId
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.reasons import Reason
from karat.kernel.records import FILL_FLOATS, FILL_INTS, NO_LEVEL, Log
from karat.kernel.state import State
from karat.ports.journal import FillRecord, TradeRecord


class FillBook:
    """Numbers the fills of one bot and remembers those of its open trade."""

    def __init__(self, bot: BotId, instrument: Instrument, fills: int, trades: int, open_: list[FillRecord]) -> None:
        self._bot = bot
        self._instrument = instrument
        self.fills = fills
        self.trades = trades  # begun, the open one included
        self._open = open_

    def take(
        self, log: Log, after: State, ts_of_bar: dict[int, int]
    ) -> tuple[tuple[FillRecord, ...], tuple[TradeRecord, ...]]:
        """The fills in `log` and the trades they closed. `after` is the state after them, `ts_of_bar` the open times of
        the bars that decided them."""
        fills: list[FillRecord] = []
        trades: list[TradeRecord] = []
        for row in range(int(log.counts[0])):
            given: dict[str, Any] = dict(zip(FILL_INTS, log.ints[row].tolist(), strict=True))
            given |= dict(zip(FILL_FLOATS, log.floats[row].tolist(), strict=True))
            fill = self._fill(given, after, ts_of_bar)
            fills.append(fill)
            self._open.append(fill)
            self.fills += 1
            if fill.position_before + fill.side * fill.lots == 0:
                trades.append(closed_trade(self._open, self._instrument))
                self._open.clear()
        self.trades = int(log.counts[1])
        return tuple(fills), tuple(trades)

    def _fill(self, given: dict[str, Any], after: State, ts_of_bar: dict[int, int]) -> FillRecord:
        reason = Reason(int(given["reason"]))
        opening = given["position_before"] == 0
        if reason in PROTECTION:
            order = self._open[0].order
        else:
            order = client_order_id(self._bot, ts_of_bar[int(given["decision_bar"])], part_of(reason))
        values: dict[str, Any] = {
            **given,
            "reason": reason,
            "level_ticks": None if given["level_ticks"] == NO_LEVEL else given["level_ticks"],
            "stop_ticks": after.levels.stop if opening and after.levels.has_stop else None,
        }
        return FillRecord(bot=self._bot, number=self.fills, order=order, **values)


def closed_trade(fills: list[FillRecord], instrument: Instrument) -> TradeRecord:
    """The trade made of `fills`, the last of which closed it. `sequence` is 0: the journal gives it."""
    first, last = fills[0], fills[-1]
    entries = [fill for fill in fills if fill.side == first.side]
    exits = [fill for fill in fills if fill.side != first.side]
    lots = sum(fill.lots for fill in entries)
    fees = sum(fill.fee for fill in fills)
    gain = sum(fill.gain for fill in fills)
    return TradeRecord(
        sequence=0,
        bot=first.bot,
        trade=first.trade,
        side=first.side,
        entry_ts=first.ts,
        exit_ts=last.ts,
        lots=lots,
        entry_price=_mean_price(entries),
        exit_price=_mean_price(exits),
        fees=fees,
        funding=last.trade_funding,
        borrow=last.trade_borrow,
        pnl=gain - fees - last.trade_funding - last.trade_borrow,
        risk=_risk(first, lots, instrument),
        reason=last.reason,
    )


def _mean_price(fills: list[FillRecord]) -> float:
    return sum(fill.lots * fill.price for fill in fills) / sum(fill.lots for fill in fills)


def _risk(first: FillRecord, lots: int, instrument: Instrument) -> float | None:
    if first.stop_ticks is None:
        return None
    inverse, stop = instrument.kind == Kind.INVERSE, first.stop_ticks * instrument.tick
    return -result(inverse, first.side, lots * instrument.lot, instrument.contract_size, first.price, stop)
