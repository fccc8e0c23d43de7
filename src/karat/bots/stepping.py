"""One bot, one bar: from a closed candle to everything the journal keeps of it. No clock, no disk.

1. The venue acts on what rests and on what is due: fills.
2. The strategy is called on the candles so far; its last row is the signal of this bar.
3. The bot marks its equity and decides (step 9 of a bar, the kernel's own): intents.
4. All of it is one entry for the journal. In memory the bot has moved on; if the entry cannot be written, the bot must
   be recovered from the journal.
5. A carried bot holds its entries back while more bars are waiting. Bars in which nothing can happen it runs together,
   as a backtest does, sees that nothing happened, and makes them one entry. Until they are written these bars have not
   been done, for the journal and for every reader.
"""

from __future__ import annotations

from collections.abc import Sequence

from karat.bots.calm import calm_of
from karat.bots.columns import KernelColumns
from karat.bots.fills import FillBook
from karat.bots.history import History
from karat.bots.intents import new_intents
from karat.bots.telling import fill_told, refusal_told
from karat.bots.workers.voices import Voices
from karat.core.model.reasons import Refusal
from karat.kernel.deciding import ENTRY_BITS
from karat.kernel.engine import Inputs, Recorder, advance, recorder
from karat.kernel.loop import CLOSE_ONLY
from karat.kernel.state import State, fresh_state, state_bytes, state_from_bytes
from karat.ports.bar_venue import BarVenue as Venue
from karat.ports.journal import BarEntry, BotRecord, BotStatus, Decision, FillRecord, Happening, Part, TradeRecord
from karat.ports.journal_columns import QuietBars
from karat.strategies import Strategy, Values

MARK_EVERY_MS = 200  # how often the page may learn that figures moved while bars come in faster than that
_FILLS_PER_BAR = 128  # a bar without finer bars makes a handful
_ORDERS = (Part.ENTRY, Part.LIMIT)


class Stepper:
    """A bot under way. `bars` were done, for `reached` the strategy was asked. The history must hold exactly one bar
    more than `reached` when `take` is called."""

    def __init__(
        self, record: BotRecord, strategy: Strategy, values: Values, history: History, venue: Venue, book: FillBook,
        status: BotStatus, last_refusal: Refusal, voices: Voices, *, carried: bool,
    ) -> None:  # fmt: skip
        self.record = record
        self._history = history
        self._venue = venue
        self._book = book
        self._voice = voices.voice(strategy, values, history, carried=carried)
        self._columns = KernelColumns(history, record.policy, record.instrument)
        self._targets = False
        self._state = state_from_bytes(status.kernel) if status.kernel else None
        self._foresees = carried
        self._room: Recorder = recorder(1, _FILLS_PER_BAR)
        self._last_refusal = last_refusal
        self.bars = status.bars
        self.reached = status.bars
        self._marked_ts = -MARK_EVERY_MS

    def take(self, written_ts: int, *, more: bool) -> Sequence[BarEntry | QuietBars]:
        """Entries for the journal, in order, after the bar that has just closed, at wall time `written_ts`. A carried
        bot holds them back while `more` bars are waiting. Raises InputError when the strategy is at fault; what is held
        back is then still to be settled."""
        bar = self.reached
        assert self._history.bars == bar + 1, "a bot steps on every bar of its history, once"
        signals = self._voice.say()
        self._columns.note(signals)
        self._targets = signals.target is not None
        self.reached = bar + 1
        return () if more and self._voice.carries else self.settle(written_ts)

    def settle(self, written_ts: int) -> Sequence[BarEntry | QuietBars]:
        """The entries of the bars reached and not yet done."""
        held: list[BarEntry | QuietBars] = []
        if self.bars < self.reached:
            self._columns.extend()
        while self.bars < self.reached:
            end = self._calm_until()
            quiet = self._quiet(end, written_ts) if end > self.bars else None
            held.append(quiet or self._act(self.bars, written_ts))
        return held

    def _calm_until(self) -> int:
        """The first bar not done in which something may happen, as far as can be foreseen. A bot that is computed from
        the anchor foresees nothing: each of its bars is asked of the venue."""
        if not self._foresees or self._state is None:
            return self.bars
        inputs = self._inputs()
        calm = calm_of(inputs, self._state)
        return self.bars if calm is None else calm.lasts_until(inputs, self.bars, self.reached)

    def _inputs(self) -> Inputs:
        return self._columns.inputs(targets=self._targets)

    def _quiet(self, end: int, written_ts: int) -> QuietBars | None:
        """Do bars `self.bars` to `end - 1` together. None, and nothing is done, if something happens in them after
        all."""
        first, before = self.bars, self._state
        assert before is not None, "only a bot that has a state can foresee"
        room = self._ready_room(end)
        after = advance(self._inputs(), before, end, room)
        happened = room.log.counts[0] or room.log.refusals[first:end].any() or after.order.due >= 0 or after.limit.side
        if happened:
            room.log.refusals[first:end] = Refusal.NONE
            return None
        columns = self._history.columns
        quiet = QuietBars(
            bot=self.record.id,
            first=first,
            ts=columns["ts"].cells[first:end].tolist(),
            close=columns["close"].cells[first:end].tolist(),
            equity=room.equity[first:end].tolist(),
            asked=self._columns.asked(first, end),
            position=after.holding.side * after.holding.lots,
            kernel=state_bytes(after),
            written_ts=written_ts,
            marked=self._is_marked(written_ts),
        )
        self._state, self._last_refusal, self.bars = after, Refusal.NONE, end
        return quiet

    def _act(self, bar: int, written_ts: int) -> BarEntry:
        """Steps 1, 3 and 4 of one bar."""
        columns, inputs = self._history.columns, self._inputs()
        ts, close = int(columns["ts"].cells[bar]), float(columns["close"].cells[bar])
        state = self._state or fresh_state(inputs.rules)
        room = self._ready_room(bar)
        met, unaffordable, fills, trades = self._trade(inputs, state, room)
        state = advance(inputs, met, bar + 1, room, CLOSE_ONLY)
        refusal = Refusal(int(room.log.refusals[bar]))
        intents = new_intents(self.record.id, bar, ts, met, state)
        entry = BarEntry(
            bot=self.record.id,
            bar=bar,
            ts=ts,
            close=close,
            equity=state.marks.equity,
            position=state.holding.side * state.holding.lots,
            kernel=state_bytes(state),
            decision=Decision(self._asked(bar), any(i.part in _ORDERS for i in intents), refusal),
            written_ts=written_ts,
            marked=self._is_marked(written_ts),
            unaffordable=unaffordable,
            intents=intents,
            fills=fills,
            trades=trades,
            happenings=self._told(fills, unaffordable, refusal),
        )
        self._state, self._last_refusal, self.bars = state, refusal, bar + 1
        return entry

    def _is_marked(self, written_ts: int) -> bool:
        """Whether the page is to learn of figures that moved; remembers that it was told."""
        if 0 <= written_ts - self._marked_ts < MARK_EVERY_MS:
            return False
        self._marked_ts = written_ts
        return True

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

    def _asked(self, bar: int) -> bool:
        if self._targets:
            return bool(self._inputs().signal.target[bar] != 0.0)
        return self._columns.code(bar) & ENTRY_BITS != 0

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
