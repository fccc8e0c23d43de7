"""Ask a vendor for bars until each was given or refused, whatever the vendor's idea of a page is.

An answer may stop early, begin late, skip bars or hold none. So an answer settles only what it shows:

1. Nothing came: the vendor has none of the bars asked for.
2. Bars came: what lies before the first of them or after the last is asked for again, by itself.
3. What is missing between them is asked for once more; what is missing then, the vendor has not got.

Each question is for less than the one before, so this ends.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import NamedTuple

from karat.core.model.candles import Ints
from karat.ingest.page import Bars


class _Question(NamedTuple):
    """Bars to ask for. `again`: an answer has skipped them before."""

    ts: Ints
    again: bool


class Answer(NamedTuple):
    """Bars that came, and the open times that are settled by them, given or not."""

    bars: Bars
    settled: int


Ask = Callable[[int, int], Awaitable[tuple[Bars, int]]]  # from_ms, to_ms -> bars, up to where was really asked


async def ask_for(ts: Ints, timeframe_ms: int, ask: Ask) -> AsyncGenerator[Answer]:
    """Every bar of these open times that the vendor has, in as many answers as it takes."""
    questions = [_Question(ts, False)]
    while questions:
        question = questions.pop()
        wanted = question.ts
        bars, asked_to_ms = await ask(int(wanted[0]), int(wanted[-1]) + timeframe_ms)
        later = wanted[wanted >= asked_to_ms]
        rest = _unsettled(_Question(wanted[wanted < asked_to_ms], question.again), bars)
        if len(later):
            rest.append(_Question(later, question.again))
        questions += reversed(rest)  # the oldest is asked next
        yield Answer(bars, len(wanted) - sum(len(question.ts) for question in rest))


def _unsettled(question: _Question, bars: Bars) -> list[_Question]:
    if not len(bars):
        return []
    lacks = question.ts[~bars.has(question.ts)]
    came = len(question.ts) - len(lacks)
    first, last = bars.ts[0], bars.ts[-1]
    between = lacks[(lacks > first) & (lacks < last)]
    if question.again and came == 0:
        between = between[:0]
    parts = (
        _Question(lacks[lacks < first], question.again),
        _Question(between, True),
        _Question(lacks[lacks > last], question.again),
    )
    return [part for part in parts if len(part.ts)]
