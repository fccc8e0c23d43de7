"""The nightly parity of all paper bots: once per UTC day, after 00:10, beside the bots and never in their way.

The work is done in a thread of its own, and strategies that are not Karat's own are evaluated in workers of its own,
within a deadline: one that hangs or fails costs its bot's parity of that night and nothing else. What is found is
written by the desk as the fact `parity:BOT`, and told where it is below 99% or was not evaluated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from karat.bots.desk.desk import Desk
from karat.control.running_parity import GOOD_PERCENT, BotParity
from karat.core.errors import KaratError
from karat.core.ids import BotId
from karat.core.time import MINUTE_MS
from karat.ports.cockpit import EventKind, Mode

DAY_MS = 1440 * MINUTE_MS
AFTER_MS = 10 * MINUTE_MS  # past midnight: the bars of the day before have come by then
LOG = logging.getLogger("karat.bots")
Judge = Callable[[BotId], BotParity]


def fact_of(bot: BotId) -> str:
    """The name under which a bot's newest parity stands."""
    return f"parity:{bot}"


class NightlyParity:
    """Satisfies `karat.bots.watchdog.Chore`. `judge` is called in another thread."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._pool = ThreadPoolExecutor(1, "parity")
        self._under_way: tuple[BotId, Future[BotParity]] | None = None
        self._done_day: dict[BotId, int] | None = None

    def tick(self, desk: Desk, now_ms: int) -> None:
        """Take in what is done, and begin with the next bot that is due."""
        if self._done_day is None:
            self._done_day = _days(desk)
        if self._under_way is not None:
            bot, work = self._under_way
            if not work.done():
                return
            self._under_way = None
            self._keep(desk, bot, work, now_ms)
        day = now_ms // DAY_MS
        if now_ms % DAY_MS < AFTER_MS:
            return
        for book in desk.books.values():
            bot = book.record.id
            if book.record.mode is Mode.PAPER and self._done_day.get(bot, -1) < day:
                self._done_day[bot] = day
                self._under_way = bot, self._pool.submit(self._judge, bot)
                return

    def close(self) -> None:
        """Begin nothing more; what is under way is let go of."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, desk: Desk, bot: BotId, work: Future[BotParity], now_ms: int) -> None:
        value: dict[str, Any] = {"at_ms": now_ms}
        try:
            found = work.result()
        except KaratError as error:
            if error.code == "no_bar":
                return
            value["percent"] = {"undefined": f"not evaluated: {error}"}
            text = f"Parity with the backtest was not evaluated: {error}"
        except Exception as error:
            LOG.exception("the parity of %s could not be computed", bot)
            value["percent"] = {"undefined": f"not evaluated: {type(error).__name__}: {error}"}
            text = "Parity with the backtest was not evaluated; see karat logs."
        else:
            value |= found.plain()
            text = (
                "" if found.is_good else f"Parity with the backtest is {found.percent:.2f}%, below {GOOD_PERCENT:g}%."
            )
        desk.gathered.facts[fact_of(bot)] = value
        if text:
            desk.gathered.tell(bot, EventKind.WARNING, text, {"code": "parity", **value}, "clock")
        desk.flush()


def _days(desk: Desk) -> dict[BotId, int]:
    """For which day each bot was last compared."""
    found: dict[BotId, int] = {}
    for name, told in desk.journal.facts().items():
        kind, _, bot = name.partition(":")
        if kind == "parity" and "at_ms" in told:
            found[BotId(bot)] = int(told["at_ms"]) // DAY_MS
    return found
