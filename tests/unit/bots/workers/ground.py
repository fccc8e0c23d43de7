"""User strategies in workers, over a small history of the simulated market."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from tests.unit.bots.fleet import demo
from tests.unit.strategies.written import written

from karat.bots.history import History
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Spoken, Voices
from karat.core.model.candles import Series
from karat.core.model.signals import Signals
from karat.ports.feed import Arrival, Bar, Past, Stamp
from karat.strategies import Strategy, resolve

SETTINGS = WorkerSettings(seconds_max=0.5, first_seconds_max=20.0, memory_bytes_max=256 * 2**20)
CROSSES = "return signals(len(market), long=market.close > market.sma(p.period), stop=market.atr(14))"
LOOPS = "while len(market) > {bars}:\n    pass\nreturn signals(len(market))"


@dataclass
class Ground:
    """A folder for strategy files, voices with workers, and one history that grows bar by bar."""

    folder: Path
    voices: Voices
    history: History
    bars: int = 900

    def __post_init__(self) -> None:
        self.candles, self.funding = demo(self.bars)

    def begin(self, bars: int, series: tuple[Series, ...] = ()) -> None:
        known = self.funding.ts <= self.candles.ts[bars - 1] + self.candles.timeframe_ms
        funding = type(self.funding)(*(getattr(self.funding, one.name)[known] for one in fields(self.funding)))
        self.history.begin(Past(self.candles[:bars], funding, series))

    def grow(self) -> None:
        """One more bar closes, with the funding that became known in it."""
        bar, candles, funding = self.history.bars, self.candles, self.funding
        closes = int(candles.ts[bar]) + candles.timeframe_ms
        due = np.flatnonzero((funding.ts > closes - candles.timeframe_ms) & (funding.ts <= closes))
        row = (candles.ts, candles.open, candles.high, candles.low, candles.close, candles.volume)
        stamps = tuple(Stamp(int(funding.ts[one]), float(funding.rate[one]), float(funding.mark[one])) for one in due)
        self.history.append(Arrival(Bar(*(column[bar].item() for column in row)), stamps))

    def strategy(self, name: str, body: str, **form: object) -> Strategy:
        return written(self.folder, name, body, **form)

    def voice(self, strategy: Strategy, **parameters: object) -> Spoken:
        return self.voices.voice(strategy, resolve(strategy, parameters), self.history, carried=False)

    def pid(self, strategy: Strategy) -> int | None:
        return self.voices.worker(strategy).pid


def last_row(signals: Signals) -> list[bytes | None]:
    """The last row, bit for bit."""
    columns = [getattr(signals, spec.name) for spec in fields(Signals)]
    return [None if column is None else column[-1:].tobytes() for column in columns]
