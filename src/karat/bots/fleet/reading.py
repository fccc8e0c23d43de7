"""A voice that reads: the signals of the whole range are known, and at each close it says those of the bars so far."""

from __future__ import annotations

from dataclasses import fields

from karat.bots.history import History
from karat.core.model.signals import Signals
from karat.strategies import Market

_COLUMNS = tuple(spec.name for spec in fields(Signals))


class ReadVoice:
    """Satisfies `karat.bots.workers.voices.Said`, for a strategy that is proved to see no future."""

    is_here = True
    carries = False

    def __init__(self, whole: Signals, history: History) -> None:
        self._columns = {name: getattr(whole, name) for name in _COLUMNS if getattr(whole, name) is not None}
        self._whole = whole
        self._history = history

    def whole(self, market: Market) -> Signals:
        """Of every bar of the range."""
        return self._whole

    def say(self) -> Signals:
        """The signal of the last bar of the history."""
        last = slice(self._history.bars - 1, self._history.bars)
        return Signals(**{name: column[last] for name, column in self._columns.items()})

    async def said(self) -> Signals:
        return self.say()
