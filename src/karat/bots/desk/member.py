"""One bot, one bar: from a closed candle to everything the journal keeps of it.

1. A venue that simulates walks the bar first; its fills are booked while it does.
2. The strategy is called on the candles so far; its last row is the signal of this bar.
3. The bot marks its equity and decides (step 9 of a bar, the kernel's own). What it wishes passes the gates; exits
   always pass. What is left becomes orders.
4. All of it is gathered; the desk writes it. In memory the bot has moved on; if it can never be written, the bot must
   be recovered from the journal.
5. A carried bot holds its bars back while more of them are waiting. Bars in which nothing can happen it runs together,
   as a backtest does, sees that nothing happened, and makes them one entry. One under limits does so only where
   somebody marks its money meanwhile (`passing`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from karat.bots.calm import calm_until, wants
from karat.bots.columns import KernelColumns
from karat.bots.desk.book import Book
from karat.bots.desk.filling import Kind
from karat.bots.desk.foretelling import Binding, Foretold, decided_at, foretell, shown
from karat.bots.desk.gates import Gate, Patient
from karat.bots.desk.gating import gated
from karat.bots.desk.orders import Wish, recalls_limit
from karat.bots.desk.page import Page
from karat.bots.desk.passing import LONGEST_BARS, Passage, happens, passage
from karat.bots.desk.protecting import decided_marked
from karat.bots.desk.tracing import Tracer
from karat.bots.history import History
from karat.bots.telling import refusals_told
from karat.bots.workers.voices import Spoken
from karat.core.ids import ClientOrderId
from karat.core.model.candles import Floats, Ints
from karat.core.model.reasons import Refusal
from karat.core.model.signals import Signals
from karat.kernel.engine import Inputs, Recorder, advance, recorder
from karat.kernel.state import state_bytes
from karat.oms.client_ids import Part as OrderPart
from karat.ports.journal import BarEntry, Decision, Intent, LimitedBy, Part
from karat.ports.journal_columns import QuietBars

UNFORESEEN = (OrderPart.ENTRY, OrderPart.LIMIT, OrderPart.EXIT, OrderPart.FLATTEN)
_PARTS = {OrderPart.ENTRY: Part.ENTRY, OrderPart.LIMIT: Part.LIMIT, OrderPart.EXIT: Part.EXIT}


class Member:
    """A bot under way. `bars` were done, for `reached` the strategy was asked. The history must hold exactly one bar
    more than `reached` when `hear` is called. `walk` has the venue do its part of a bar, where it simulates; `closed`
    is called after each decision, with what caused what follows. `foresees`: its calm bars may be done together."""

    def __init__(
        self, book: Book, voice: Spoken, history: History, bars: int, walk: Callable[[Book, Inputs, int], bool] | None,
        closed: Callable[[Book, str], None], gate: Gate, tracer: Tracer, last_refusal: Refusal, *, foresees: bool,
    ) -> None:  # fmt: skip
        self.book = book
        self.bars = self.reached = bars
        self._history = history
        self.voice = voice
        self._walk = walk
        self._closed = closed
        self._gate = gate
        self._tracer = tracer
        self._columns = KernelColumns(history, book.record.policy, book.record.instrument)
        self._targets = False
        self.foresees = foresees
        self._calm_to = 0  # the bars before it are known to be calm
        self._patient: Patient | None = None  # its gate, where it may be told of calm bars late
        self.passage: Passage | None = None  # of the calm bars that were foreseen last, where its gate is patient
        self._met = -1  # the bar in which the venue has done its part already, before this bot's own step
        self._room: Recorder = recorder(1, 1)
        self._last_refusal = last_refusal
        self._page = Page()
        self.beside: Binding | None = None  # what binds its decisions to those of another bot

    @property
    def simulates(self) -> bool:
        """Whether its venue fills from bars."""
        return self._walk is not None

    def hear(self) -> None:
        """Ask the strategy about the bar that has just closed. Raises InputError when the strategy is at fault; what is
        held back is then still to be settled."""
        assert self._history.bars == self.reached + 1, "a bot steps on every bar of its history, once"
        signals = self.voice.say()
        self._columns.note(signals)
        self._targets = signals.target is not None
        self.reached += 1

    def speak_as(self, voice: Spoken) -> None:
        """Ask another voice from the next decision on."""
        self.voice = voice

    def show_market(self, bar: int | None = None) -> None:
        """Let a simulated venue know the last bar done, or a calm one, so that what is closed now has a price."""
        shown = self.bars - 1 if bar is None else bar
        if self._walk is not None and self.bars and shown < self._history.bars:
            self._columns.extend()
            self._walk(self.book, self._inputs(), shown)

    def know(self, signals: Signals, patient: Patient | None = None) -> None:
        """What the strategy says of every bar of a whole history, from the next one on. `reach` says which are done.
        `patient`: the gate of a bot under limits whose money somebody marks in its calm bars."""
        self._columns.extend()
        self._columns.know(signals, self.reached)
        self._calm_to = 0
        self._targets = signals.target is not None
        self._patient = patient
        self.foresees = self.book.record.limits is LimitedBy.NONE or patient is not None

    def reach(self, bars: int) -> None:
        """The bars before number `bars` have closed; of a member that knows its signals."""
        self.reached = bars

    @property
    def opened(self) -> Ints:
        """When its bars opened, UTC ms."""
        return self._history.columns["ts"].cells[: self._history.bars]

    @property
    def targets(self) -> Floats:
        """What it wants at each of its bars; of a member that knows its signals, which are targets."""
        return self._inputs().signal.target[: self._history.bars]

    def foreseen(self, stop: int) -> int:
        """The first bar before `stop` to be met at its own time, else `stop`. Of a member that knows its signals."""
        self.passage = None
        if self.bars == 0 or any(self.book.live_of(*UNFORESEEN)):
            return self.bars
        if self._patient is not None:
            stop = min(stop, self.bars + LONGEST_BARS)
        found = calm_until(self._inputs(), self.book.kernel, stop, self._ready_room(stop))
        if self._patient is not None:
            found = self._with_patience(found, self._patient)
        self._calm_to = found if self.beside is None else self.beside.calm_until(self.bars, found)
        return self._calm_to

    def _with_patience(self, stop: int, gate: Patient) -> int:
        """The first bar before `stop` of which the gate must be told alone, else `stop`; what is calm is `passage`."""
        if stop <= self.bars or self.book.last_fill_ts is not None:
            return self.bars
        asked = np.asarray(self._asked(self.bars, stop), np.bool_)
        room = self._ready_room(stop)
        self.passage = passage(self._inputs(), self.book.kernel, stop, room, gate, asked)
        return self.bars + len(self.passage.equity)

    def meet(self) -> None:
        """Have a simulated venue do its part of the next bar, before any bot decides, if it can be written."""
        if self._walk is not None and self._met < self.bars < self.reached:
            self._columns.extend()
            inputs = self._inputs()
            self.book.kind = Kind(inputs.rules, inputs.features)
            if self._walk(self.book, inputs, self.bars):
                self._met = self.bars

    def holds_back(self, *, more: bool) -> bool:
        """Whether the bars reached may wait for those that are coming at once."""
        return more and self.voice.carries and self.foresees

    def settle(self, written_ts: int) -> None:
        """Do the bars reached and not yet done, at wall time `written_ts`; those that cannot be written wait."""
        if self.bars < self.reached:
            self._columns.extend()
        while self.bars < self.reached:
            end = self._calm_until()
            if end > self.bars and self._quiet(end, written_ts):
                continue
            self._calm_to = 0
            if not self._act(self.bars, written_ts):
                return

    def _calm_until(self) -> int:
        """The first bar not done in which something may happen. A bot computed from the anchor, or under limits,
        foresees nothing, nor does one in a bar that had begun when the process before died."""
        book = self.book
        if not self.foresees or self.bars in (0, self._met) or book.is_closing or book.last_fill_ts is not None:
            return self.bars
        if self._calm_to > self.bars:
            return min(self._calm_to, self.reached)
        return calm_until(self._inputs(), book.kernel, self.reached, self._ready_room(self.reached))

    def _inputs(self) -> Inputs:
        return self._columns.inputs(targets=self._targets)

    def _quiet(self, end: int, written_ts: int) -> bool:
        """Do bars `self.bars` to `end - 1` together, unless something happens in them after all."""
        first, book = self.bars, self.book
        room = self._ready_room(end)
        after = advance(self._inputs(), book.kernel, end, room)
        if happens(after, first, end, room):
            return False
        columns = self._history.columns
        book.keep_kernel(after)
        self._tracer.quiet(first, int(columns["ts"].cells[first]), bool(after.holding.side), book.gathered)
        book.gathered.bars.append(
            QuietBars(
                bot=book.record.id,
                first=first,
                ts=columns["ts"].cells[first:end].tolist(),
                close=columns["close"].cells[first:end].tolist(),
                equity=room.equity[first:end].tolist(),
                asked=self._asked(first, end),
                position=after.holding.side * after.holding.lots,
                kernel=state_bytes(after),
                written_ts=written_ts,
                marked=self._page.is_told(written_ts),
            )
        )
        self._last_refusal, self.bars = Refusal.NONE, end
        if self._patient is not None:
            self._patient.passed(end - 1, after)
        return True

    def _act(self, bar: int, written_ts: int) -> bool:
        """Steps 1, 3 and 4 of one bar. False, and nothing is done, while the journal cannot be written."""
        book, inputs = self.book, self._inputs()
        book.kind = Kind(inputs.rules, inputs.features)
        if self._walk is not None and bar != self._met and not self._walk(book, inputs, bar):
            return False  # met before, others may have decided since: their orders leave after this decision
        met, room = book.kernel, self._ready_room(bar)
        ts = int(self._history.columns["ts"].cells[bar])
        decided, refusal = decided_at(inputs, met, bar, room)
        (asked,), said = self._asked(bar, bar + 1), ""
        if self.beside is not None:
            decided, said = self.beside.decided(shown(inputs, met, decided, bar, refusal))
        self._tracer.begin(bar, ts, asked, refusal, met, decided, inputs.rules)
        self._tracer.bound(said)
        confidence = float(inputs.signal.confidence[bar]) if asked else None
        self._gate.closed(book, bar, ts, decided, confidence)
        kept, orders, told = gated(book, self._gate, self._tracer, met, decided, ts, written_ts)
        refusal = told or refusal
        book.keep_kernel(kept)
        key = f"{book.record.id}@{ts}"
        recalled = tuple(book.live_of(OrderPart.LIMIT)) if recalls_limit(met, decided) else ()
        made = [self._intend(wish, bar, ts, key) for wish in orders]
        for order in recalled:  # after the orders of the decision, which else had none and were over
            book.cancel(order.id, key)
        unaffordable, book.unaffordable = tuple(book.unaffordable), []
        book.gathered.bars.append(
            BarEntry(
                bot=book.record.id,
                bar=bar,
                ts=ts,
                close=float(self._history.columns["close"].cells[bar]),
                equity=kept.marks.equity,
                position=kept.holding.side * kept.holding.lots,
                kernel=state_bytes(kept),
                decision=Decision(asked, any(wish.part is not OrderPart.EXIT for wish in orders), refusal),
                written_ts=written_ts,
                marked=self._page.is_told(written_ts),
                unaffordable=unaffordable,
                intents=tuple(made),
            )
        )
        for told in refusals_told(len(unaffordable), refusal, self._last_refusal):
            book.gathered.tell(book.record.id, told.kind, told.text, told.payload, key, ts)
        self._tracer.end(book.gathered)
        self._last_refusal, self.bars = refusal, bar + 1
        self._closed(book, key)
        return True

    def foretold(self) -> Foretold | None:
        """What it is about to decide at a bar that the venue has met; None where none is due. Nothing is kept."""
        due = self.bars if self.bars < self.reached and self._met == self.bars else None
        return None if due is None else foretell(self._inputs(), self.book.kernel, due, self._ready_room(due))

    def _intend(self, wish: Wish, bar: int, ts: int, key: str) -> Intent:
        """Write an order of the decision down."""
        close = float(self._history.columns["close"].cells[bar])
        marked = wish.part is OrderPart.EXIT and decided_marked(self.book, wish.lots, close)
        record = self.book.intend(
            wish.part, wish.side, wish.lots, key, decision_bar=bar, decision_ts=ts, reason=wish.reason,
            limit_ticks=wish.limit_ticks, reduce_only=marked, opening=wish.opening,
            post_only=wish.part is OrderPart.LIMIT, timing=wish.timing,
        )  # fmt: skip
        name = ClientOrderId(record.order.id)
        return Intent(
            name, self.book.record.id, bar, ts, _PARTS[wish.part], wish.due_bar, wish.side, wish.lots,
            wish.limit_ticks, wish.reason,
        )  # fmt: skip

    def _ready_room(self, bar: int) -> Recorder:
        """Room for what a close records."""
        if bar >= len(self._room.equity):
            self._room = recorder(2 * bar + 1024, 128)
        self._room.log.counts[:] = 0
        return self._room

    def _asked(self, first: int, stop: int) -> list[bool]:
        """Whether the signals of bars `first` to `stop - 1` wanted an entry."""
        if self._targets:
            return wants(self._inputs().signal, slice(first, stop)).tolist()
        return self._columns.asked(first, stop)
