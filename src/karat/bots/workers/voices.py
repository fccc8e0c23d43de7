"""Voices for bots: one for all that ask the same, and a worker for each strategy that is not Karat's own.

1. Bots with equal code and parameters over one history share one voice. It answers once a bar; so a hundred of them
   cost one evaluation.
2. Strategies of the catalogue are evaluated in this process, any other in its worker, from the anchor: carried state
   would run its code here.
3. An error is an answer too: all who share the voice get it at that bar. A bot that is taken up again asks anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable
from typing import Protocol
from weakref import WeakKeyDictionary, WeakValueDictionary

from karat.bots.history import History
from karat.bots.voice import Voice
from karat.bots.workers.memory import Mirror
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.worker import Question, Worker
from karat.core.errors import KaratError
from karat.core.model.signals import Signals
from karat.strategies import Market, Strategy, Values, code_hash, evaluate

_CATALOGUE = "karat.strategies.catalogue."


class Said(Protocol):
    """What can be asked about the last bar of a history."""

    @property
    def is_here(self) -> bool: ...

    @property
    def carries(self) -> bool: ...

    def say(self) -> Signals: ...

    async def said(self) -> Signals: ...

    def whole(self, market: Market) -> Signals: ...


class Spoken:
    """A voice and what it said of the last bar. For one event loop or thread; the worker behind it may have another."""

    def __init__(self, voice: Said, history: History) -> None:
        self._voice = voice
        self._history = history
        self._bars = -1
        self._said: Signals | KaratError | None = None
        self._under_way: asyncio.Task[Signals] | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is evaluated in this process, at once."""
        return self._voice.is_here

    @property
    def carries(self) -> bool:
        """As `Voice.carries`."""
        return self._voice.carries

    def say(self) -> Signals:
        """As `Voice.say`; computed once for each bar of the history."""
        if self._bars != self._history.bars:
            bars = self._history.bars
            try:
                self._keep(bars, self._voice.say())
            except KaratError as error:
                self._keep(bars, error)
        return self._told()

    async def said(self) -> Signals:
        """`say`, while the event loop goes on. Being cancelled ends the wait, not the evaluation that others share."""
        if self._bars == self._history.bars:
            return self._told()
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._compute(self._history.bars))
        await asyncio.wait({self._under_way})
        return self._under_way.result()

    def whole(self, market: Market) -> Signals:
        """As `Voice.whole`."""
        return self._voice.whole(market)

    def ask_anew(self) -> None:
        """Forget an error, so that who is taken up again gets a new answer."""
        if isinstance(self._said, KaratError):
            self._bars = -1

    async def _compute(self, bars: int) -> Signals:
        try:
            self._keep(bars, await self._voice.said())
        except KaratError as error:
            self._keep(bars, error)
        return self._told()

    def _keep(self, bars: int, said: Signals | KaratError) -> None:
        self._bars, self._said = bars, said

    def _told(self) -> Signals:
        if isinstance(self._said, KaratError):
            raise self._said
        assert self._said is not None, "it was said or refused"
        return self._said


class Voices:
    """Makes and shares voices. `settings` are those of workers; None evaluates every strategy in this process."""

    def __init__(self, settings: WorkerSettings | None) -> None:
        self._settings = settings
        self._spoken: WeakValueDictionary[Hashable, Spoken] = WeakValueDictionary()
        self._mirrors: WeakKeyDictionary[History, Mirror] = WeakKeyDictionary()
        self._workers: dict[str, Worker] = {}

    def runs_here(self, strategy: Strategy) -> bool:
        """Whether `strategy` is evaluated in this process."""
        return self._settings is None or type(strategy).__module__.startswith(_CATALOGUE)

    def voice(self, strategy: Strategy, values: Values, history: History, *, carried: bool) -> Spoken:
        """What `strategy` says over `history`, shared with all who ask for the same. `carried` counts for what runs
        in this process only."""
        here = self.runs_here(strategy)
        carried = carried and here
        key = (id(history), code_hash(strategy), values, carried)  # the voice keeps its history alive, so the id is its
        spoken = self._spoken.get(key)
        if spoken is None:
            seat = None if here else _Seat(self, strategy, values, history)
            spoken = self._spoken[key] = Spoken(Voice(strategy, values, history, carried=carried, seat=seat), history)
        spoken.ask_anew()
        return spoken

    def whole(self, strategy: Strategy, values: Values, history: History) -> Signals:
        """What `strategy` says of every bar of `history`: in its worker, with the deadline of a first evaluation, or in
        this process where it runs here. Raises as `Worker.evaluate`, or as `evaluate`."""
        if self.runs_here(strategy):
            return evaluate(strategy, history.market(), values)
        return _Seat(self, strategy, values, history).say_all()

    async def ask(self, voices: Iterable[Spoken]) -> None:
        """Have those answer that are evaluated elsewhere, all at the same time. Who asks them after that hears at once
        what each said, an error included."""
        elsewhere = {id(voice): voice for voice in voices if not voice.is_here}
        if elsewhere:
            await asyncio.gather(*(voice.said() for voice in elsewhere.values()), return_exceptions=True)

    def worker(self, strategy: Strategy) -> Worker:
        """The worker of this code; its process starts with the first question."""
        assert self._settings is not None, "strategies that run here have no worker"
        code = code_hash(strategy)
        if code not in self._workers:
            self._workers[code] = Worker(strategy, self._settings)
        return self._workers[code]

    def mirror(self, history: History) -> Mirror:
        """What workers see of `history`."""
        return self._mirrors.setdefault(history, Mirror())

    def close(self) -> None:
        """End every worker, from any thread. A voice that is asked after that starts a new one."""
        for code in tuple(self._workers):
            worker = self._workers.pop(code, None)
            if worker is not None:
                worker.close()


class _Seat:
    """Where one strategy with one set of parameters over one history is evaluated: in its worker."""

    def __init__(self, voices: Voices, strategy: Strategy, values: Values, history: History) -> None:
        self._voices = voices
        self._strategy = strategy
        self._values = values
        self._history = history

    def say(self) -> Signals:
        return self._voices.worker(self._strategy).evaluate(self._question())

    async def said(self) -> Signals:
        return await self._voices.worker(self._strategy).evaluated(self._question())

    def say_all(self) -> Signals:
        return self._voices.worker(self._strategy).evaluate(self._question(is_whole=True))

    def _question(self, *, is_whole: bool = False) -> Question:
        told, tables = self._voices.mirror(self._history).shown(self._history)
        told |= {"do": "say all" if is_whole else "say", "values": self._values.as_dict()}
        return Question(told, tables, (told["mirror"], self._values), self._history.bars, is_whole)
