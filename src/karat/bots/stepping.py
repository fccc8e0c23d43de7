"""One bot, one bar: from a closed candle to everything the journal keeps of it. No clock, no disk.

1. The venue acts on what rests and on what is due: fills.
2. The strategy is called on the candles so far; its last row is the signal of this bar.
3. The bot marks its equity and decides (step 9 of a bar, the kernel's own): intents.
4. All of it is one entry for the journal. In memory the bot has moved on; if the entry cannot be written, the bot must
   be recovered from the journal.
"""

from __future__ import annotations

from karat.bots.columns import KernelColumns
from karat.bots.fills import FillBook
from karat.bots.history import History
from karat.bots.intents import new_intents
from karat.bots.telling import fill_told, refusal_told
from karat.core.model.reasons import Refusal
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.engine import Inputs, Recorder, advance, recorder
from karat.kernel.loop import CLOSE_ONLY
from karat.kernel.state import State, fresh_state, state_bytes, state_from_bytes
from karat.ports.journal import BarEntry, BotRecord, BotStatus, Decision, FillRecord, Happening, Part, TradeRecord
from karat.ports.venue import Venue
from karat.strategies import Signals, Strategy, Values, evaluate

MARK_EVERY_MS = 200  # how often the page may learn that figures moved while bars come in faster than that
_FILLS_PER_BAR = 128  # a bar without finer bars makes a handful
_ORDERS = (Part.ENTRY, Part.LIMIT)


class Stepper:
    """A bot under way. `bars` were done; the history must hold exactly one more when `step` is called."""

    def __init__(
        self, record: BotRecord, strategy: Strategy, values: Values, history: History, venue: Venue, book: FillBook,
        status: BotStatus, last_refusal: Refusal,
    ) -> None:  # fmt: skip
        self.record = record
        self._strategy = strategy
        self._values = values
        self._history = history
        self._venue = venue
        self._book = book
        self._columns = KernelColumns(history, record.policy, record.instrument)
        self._state = state_from_bytes(status.kernel) if status.kernel else None
        self._room: Recorder = recorder(1, _FILLS_PER_BAR)
        self._last_refusal = last_refusal
        self.bars = status.bars
        self._marked_ts = -MARK_EVERY_MS

    def step(self, written_ts: int) -> BarEntry:
        """The bar that has just closed, at wall time `written_ts`. Raises InputError when the strategy is at fault."""
        bar, history = self.bars, self._history
        assert history.bars == bar + 1, "a bot steps on every bar of its history, once"
        ts, close = int(history.columns["ts"].cells[bar]), float(history.columns["close"].cells[bar])
        signals = evaluate(self._strategy, history.market(), self._values)
        self._columns.extend()
        inputs = self._columns.decide_on(signals)
        state = self._state or fresh_state(inputs.rules)
        room = self._ready_room(bar)
        met, unaffordable, fills, trades = self._trade(inputs, state, room)
        state = advance(inputs, met, bar + 1, room, CLOSE_ONLY)
        refusal = Refusal(int(room.log.refusals[bar]))
        marked = not 0 <= written_ts - self._marked_ts < MARK_EVERY_MS
        intents = new_intents(self.record.id, bar, ts, met, state)
        entry = BarEntry(
            bot=self.record.id,
            bar=bar,
            ts=ts,
            close=close,
            equity=state.marks.equity,
            position=state.holding.side * state.holding.lots,
            kernel=state_bytes(state),
            decision=Decision(self._asked(signals, bar), any(i.part in _ORDERS for i in intents), refusal),
            written_ts=written_ts,
            marked=marked,
            unaffordable=unaffordable,
            intents=intents,
            fills=fills,
            trades=trades,
            happenings=self._told(fills, unaffordable, refusal),
        )
        self._state, self._last_refusal, self.bars = state, refusal, bar + 1
        if marked:
            self._marked_ts = written_ts
        return entry

    def _ready_room(self, bar: int) -> Recorder:
        """Room for the record of one bar: nothing written yet, trades counted on."""
        if bar >= len(self._room.equity):
            self._room = recorder(2 * bar + 1024, _FILLS_PER_BAR)
        counts = self._room.log.counts
        counts[0], counts[1] = 0, self._book.trades
        return self._room

    def _trade(
        self, inputs: Inputs, state: State, room: Recorder
    ) -> tuple[State, tuple[int, ...], tuple[FillRecord, ...], tuple[TradeRecord, ...]]:
        """The venue's part: the state after it, decision bars whose order came to nothing, fills, closed trades."""
        acting = _decision_bars(state)
        refusals = room.log.refusals
        for decided in acting:
            refusals[decided] = Refusal.NONE
        met = self._venue.trade(inputs, state, room)
        unaffordable = tuple(decided for decided in acting if refusals[decided] != Refusal.NONE)
        if room.log.counts[0] == 0:
            return met, unaffordable, (), ()
        ts = self._history.columns["ts"].cells
        fills, trades = self._book.take(room.log, met, {decided: int(ts[decided]) for decided in acting})
        return met, unaffordable, fills, trades

    def _asked(self, signals: Signals, bar: int) -> bool:
        if signals.target is not None:
            return bool(signals.target[bar] != 0.0)
        return self._columns.code() & ENTRY_BITS != 0

    def _told(
        self, fills: tuple[FillRecord, ...], unaffordable: tuple[int, ...], refusal: Refusal
    ) -> tuple[Happening, ...]:
        """Fills, and refusals when they begin: one that stays the same is told once."""
        told = [fill_told(fill, self.record.instrument) for fill in fills]
        told += [refusal_told(Refusal.AFFORD) for _ in unaffordable]
        if refusal not in (Refusal.NONE, self._last_refusal):
            told.append(refusal_told(refusal))
        return tuple(told)


def _decision_bars(state: State) -> tuple[int, ...]:
    """The decisions the venue acts on in bar `state.bar`: an order due, a limit alive."""
    bars: list[int] = []
    if state.order.due == state.bar:
        bars.append(state.order.decision_bar)
    if state.limit.side:
        bars.append(state.limit.decision_bar)
    return tuple(bars)
