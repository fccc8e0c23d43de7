"""S17 and S18: what decisions stand on, and what opinions of a model may move."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tests.chaos.storm.invariants.base import Check, Found, Known
from tests.chaos.storm.tape import Committed, Entry

from karat.core.ids import BotId
from karat.ports.journal_columns import QuietBars


class Decisions(Check):
    """S17: bars that have closed, as they truly were, each decided once, in their order. S10: a mark is a price."""

    hears = (Committed,)

    def __init__(self) -> None:
        self._newest: dict[BotId, int] = {}

    def on(self, entry: Entry, known: Known) -> Found:
        if not isinstance(entry, Committed):
            return
        for bars in entry.transaction.bars:
            columns = zip(bars.ts, bars.close, strict=True) if isinstance(bars, QuietBars) else [(bars.ts, bars.close)]
            for ts, close in columns:
                yield from self._bar(bars.bot, ts, close, known)

    def _bar(self, bot: BotId, ts: int, close: float, known: Known) -> Found:
        record, newest = known.bots.get(bot), self._newest.get(bot)
        if record is not None and known.now_ms < ts + record.timeframe_ms:
            yield "S17", f"{bot} decided on its bar of {ts} before that had closed"
        if newest is not None and ts <= newest:
            yield "S17", f"{bot} decided on its bar of {ts} after the one of {newest}"
        if record is not None and newest is not None and ts > newest + record.timeframe_ms:
            yield "S17", f"{bot} left out what lies between its bars of {newest} and {ts}"
        self._newest[bot] = ts
        if not (math.isfinite(close) and close > 0):
            yield "S10", f"{bot} marked its bar of {ts} at {close}"
        true = None if record is None else known.true_close(record.market, record.timeframe_ms, ts)
        if true is not None and close != true:
            yield "S17", f"{bot} decided on its bar of {ts} at {close}, in truth that closed at {true}"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, as far as a model may not touch it, and its confidence, which it may by the cap."""

    bot: BotId
    ts: int
    market: str
    side: int
    stop_ticks: int | None
    limits_hash: str
    mode: str
    confidence: float


def bounded(neutral: Sequence[Decided], other: Sequence[Decided], cap: float) -> Iterator[tuple[str, str]]:
    """S18: the same inputs, once with the model neutral, once with it hostile."""
    if len(neutral) != len(other):
        yield "S18", f"{len(neutral)} decisions became {len(other)}"
    for one, two in zip(neutral, other, strict=False):
        if replace(one, confidence=0.0) != replace(two, confidence=0.0):
            yield "S18", f"the model changed more than the confidence of {one.bot} at {one.ts}"
        elif abs(one.confidence - two.confidence) > cap:
            yield "S18", f"the model moved the confidence of {one.bot} at {one.ts} beyond {cap}"
