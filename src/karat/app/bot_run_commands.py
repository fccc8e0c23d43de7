"""karat bots run: on replayed candles, or on live markets; the fills are on paper in both."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.bot_commands import journal_if_any, no_bot
from karat.app.bot_views import bot_json, show_rows
from karat.app.console import say
from karat.app.serve_commands import DELAY_SECONDS, Vendors, live_settings
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.time import parse_time_ms
from karat.ports.cockpit import BotState, Mode

if TYPE_CHECKING:
    from karat.ports.journal import BotRecord, Journal

EXIT_FAILED = 1


def run_bots(
    *names: str, speed: str = "max", until: str | None = None,
    carried: Annotated[bool, Parameter(negative="")] = False,
    live: Annotated[bool, Parameter(negative="")] = False, vendor: Vendors = (), delay: float = DELAY_SECONDS,
) -> int:  # fmt: skip
    """Run bots on paper: on replayed candles until there are no more, or with --live on live markets until Ctrl+C.

    What was done is kept, whole, however it ends.

    Parameters
    ----------
    names
        Bots by name; all but failed ones when left out: those that replay, or with --live those that follow.
    speed
        Bars a second, or max.
    until
        Stop before the bar that opens at this time.
    carried
        Go on from carried indicators instead of computing them from the anchor at every bar, for strategies whose check
        has proved that both say the same. Several times as fast.
    live
        Run bots that were created with --live: after each close the new bars, and what vendors have, are fetched.
    vendor
        With --live: ask only these vendors for series beside candles; all that need no missing key when left out.
    delay
        With --live: seconds between a close and its round.
    """
    from karat.app.bot_looks import charge_looks
    from karat.app.event_log import logging_events
    from karat.app.live_fleet import run_live
    from karat.app.logs import keeping_logs
    from karat.app.serve_fleet import runner_of
    from karat.app.settings_check import check_settings
    from karat.lake.store import open_lake

    check_settings(say)
    pace = None if speed == "max" else _speed(speed)
    end = None if until is None else parse_time_ms(until)
    journal = journal_if_any()
    if journal is None:
        raise no_bot()
    try:
        mode = Mode.PAPER if live else Mode.SIMULATED
        chosen = [_of_mode(journal.bot(BotId(name)), mode) for name in dict.fromkeys(names)] or _able(journal, mode)
        if not chosen:
            raise no_bot()
        if carried:
            _tell_not_carried(journal, chosen)
        with keeping_logs("bots"), logging_events(journal):
            if live:
                settings = live_settings(vendor, delay, carried=carried)
                say(f"{len(chosen)} bots follow live markets, on paper. Ctrl+C ends.")
                asyncio.run(_until_stopped(run_live(journal, open_lake(), chosen, settings, end)))
            else:
                lake = open_lake()
                charge_looks(journal, lake, chosen, end)
                runner = runner_of(journal, lake, pace, carried=carried)
                asyncio.run(_until_stopped(runner.run(chosen, end)))
        failed = [status for status in map(journal.status, chosen) if status.state == BotState.FAILED]
        show_rows([bot_json(journal, journal.bot(bot)) for bot in chosen])
        for status in failed:
            say(f"{status.bot} failed: {status.cause}")
        return EXIT_FAILED if failed else 0
    finally:
        journal.close()


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run; SIGINT and SIGTERM stop every bot after the bar in hand."""
    running = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        say("Stopped. The bots go on from here when they are run again.")


def _able(journal: Journal, mode: Mode) -> list[BotId]:
    states = {status.bot: status.state for status in journal.statuses()}
    modes = (mode,) if mode == Mode.SIMULATED else (Mode.PAPER, Mode.SHADOW)
    for one in journal.bots():
        if one.mode == Mode.LIVE:
            say(f"{one.name} trades with money: it is started by name alone, karat bots run {one.name} --live.")
    return [one.id for one in journal.bots() if one.mode in modes and states[one.id] != BotState.FAILED]


def _of_mode(record: BotRecord, mode: Mode) -> BotId:
    """Its id. Raises InputError `wrong_mode`: live and replayed results never stand under one name; and of a live bot
    what its gate raises."""
    if mode == Mode.PAPER and record.mode == Mode.LIVE:
        from karat.app.live_commands import open_live_gate

        open_live_gate(record)
    if (record.mode == Mode.SIMULATED) == (mode == Mode.SIMULATED):
        return record.id
    if mode == Mode.SIMULATED:
        message, hint = f"{record.name} follows a live market.", f"Run it: karat bots run {record.name} --live."
    else:
        message, hint = f"{record.name} runs on replayed candles.", "Create a bot with --live to follow the market."
    raise InputError("wrong_mode", message, hint)


def _tell_not_carried(journal: Journal, bots: Sequence[BotId]) -> None:
    """A line for each bot whose strategy declares series, or is not Karat's own: only candles are carried, and in
    this process."""
    from karat.strategies import find_strategy
    from karat.strategies.registry import is_builtin

    for record in map(journal.bot, bots):
        needs = find_strategy(record.strategy).needs
        if not is_builtin(record.strategy):
            say(f"{record.name} is computed from the anchor: a strategy of your own runs in a worker.")
        elif needs:
            say(
                f"{record.name} is computed from the anchor: only candles are carried, and it needs {', '.join(needs)}."
            )


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < 1e9:
        raise InputError("bad_speed", f"'{text}' is no speed.", "Give bars a second above 0, for example 50, or max.")
    return value
