"""The part of `karat doctor` that asks venues: whether each answers, and how far our clock is from its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from karat.app.doctor import Line, State
from karat.core.errors import KaratError
from karat.core.home import karat_home
from karat.core.ids import venue_of
from karat.ports.cockpit import Mode
from karat.ports.history import History
from karat.ports.journal import BotRecord

ANSWER_SECONDS = 10.0


def venues(records: Sequence[BotRecord]) -> tuple[Line, ...]:
    """Two lines for each venue that a bot follows. Bots on replayed candles need none."""
    wanted = sorted({venue_of(one.market) for one in records if one.mode is not Mode.SIMULATED})
    if not wanted:
        return (
            Line("venues", State.NONE, "no bot follows a live market"),
            Line("clock", State.NONE, "no venue to compare it with"),
        )
    return tuple(line for venue in wanted for line in asyncio.run(_asked(venue)))


async def _asked(venue: str) -> tuple[Line, Line]:
    from karat.app.vendors import history_opener, network
    from karat.bots.system_clock import SystemClock
    from karat.ingest.budget import FolderBudget

    try:
        history = history_opener(network(), FolderBudget(karat_home() / "budget", SystemClock()))(venue)
        try:
            took, skew = await asyncio.wait_for(_skew_ms(history), ANSWER_SECONDS)
        finally:
            await history.close()
    except (KaratError, TimeoutError, OSError) as error:
        words = error.message if isinstance(error, KaratError) else f"no answer ({type(error).__name__})"
        return (
            Line("venues", State.RED, f"{venue}: {words}", "Look at the network, then at the venue's own status."),
            Line("clock", State.RED, f"{venue}: not known, because it did not answer", "Ask again when it answers."),
        )
    return Line("venues", State.OK, f"{venue} answers in {took:,.0f} ms"), clock_line(venue, skew, took)


async def _skew_ms(history: History) -> tuple[float, float]:
    """How long the venue took, and how far our clock is ahead of its own: of two questions, the quicker. The first may
    pay for a connection."""
    best: tuple[float, float] | None = None
    for _ in range(2):
        began, started = time.monotonic(), time.time()
        theirs = await history.now_ms()
        took = 1000.0 * (time.monotonic() - began)
        if best is None or took < best[0]:
            best = took, 1000.0 * started + took / 2 - theirs
    assert best is not None, "it was asked twice"
    return best


def clock_line(venue: str, skew_ms: float, took_ms: float) -> Line:
    """Whether our clock may be trusted: the error of the comparison, half of the time it took, counts against it."""
    from karat.risk.limits import default_limits

    most = default_limits().value("limits.clock_skew")
    text = f"{venue}: {skew_ms:+,.0f} ms, known to {took_ms / 2:,.0f} ms; {most:,.0f} are let through"
    if abs(skew_ms) > most:
        return Line("clock", State.RED, text, "Let the system keep its time: timedatectl set-ntp true.")
    if abs(skew_ms) + took_ms / 2 > most:
        return Line("clock", State.RED, text, "It answers too slowly to tell. Ask again, or from a better network.")
    return Line("clock", State.OK, text)
