"""karat serve: the page, the API behind it, and the bots of the journal, in one process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import say, show
from karat.app.key_ring import REDACTION
from karat.app.settings import HOST, PORT, REPLAY_BARS_PER_SECOND, api_token, page_url
from karat.core.errors import InputError

if TYPE_CHECKING:
    from karat.app.live_fleet import LiveSettings

Speed = Annotated[float, Parameter(name="--speed")]
Vendors = Annotated[tuple[str, ...], Parameter(name="--vendor", consume_multiple=True, negative="")]
DELAY_SECONDS = 2.0
DELAY_SECONDS_MAX = 600.0


def serve_command(
    *, port: int = PORT, host: str = HOST, speed: Speed = REPLAY_BARS_PER_SECOND,
    live: Annotated[bool, Parameter(negative="")] = False, vendor: Vendors = (), delay: float = DELAY_SECONDS,
) -> None:  # fmt: skip
    """Serve the page and run the bots, until Ctrl+C: those on replayed candles, or with --live those on live markets.

    Parameters
    ----------
    port
        Where to listen; 0 takes a free port.
    host
        This machine only: 127.0.0.1, localhost or ::1.
    speed
        Bars a second of a replayed market.
    live
        Run the bots that were created with --live: new bars are fetched as they close. Fills stay on paper.
    vendor
        With --live: ask only these vendors for series beside candles; all that need no missing key when left out.
    delay
        With --live: seconds between a close and its round.
    """
    if not speed > 0:
        raise InputError("bad_speed", f"A speed of {speed:g} bars a second never moves.", "Use more than 0.")
    serve_until_stopped(host, port, speed, live_settings(vendor, delay) if live else None)


def live_settings(vendor: tuple[str, ...], delay: float, *, carried: bool = False) -> LiveSettings:
    """How live bots run; tells which vendors are left out. Raises InputError `bad_delay`, `unknown_feed`."""
    from karat.app.feeds import chosen_feeds
    from karat.app.live_fleet import LiveSettings

    if not 0.0 <= delay <= DELAY_SECONDS_MAX:
        hint = f"Use 0 to {DELAY_SECONDS_MAX:g} seconds, for example {DELAY_SECONDS:g}."
        raise InputError("bad_delay", f"{delay:g} seconds is no delay after a close.", hint)
    feeds, left_out = chosen_feeds(vendor)
    for line in left_out:
        say(line)
    return LiveSettings(delay, feeds, carried)


def serve_until_stopped(host: str, port: int, speed: float, live: LiveSettings | None = None) -> None:
    """Print the page's address, then run and serve. Raises InputError `port_in_use`, RetryLater `lease_held`."""
    from karat.api.app import create_app
    from karat.api.server import bind_socket
    from karat.app.bot_looks import charge_looks
    from karat.app.data_desk import open_desk
    from karat.app.event_log import logging_events
    from karat.app.job_keeper import keeping
    from karat.app.job_work import open_jobs
    from karat.app.logs import keeping_logs
    from karat.app.serve_fleet import bots_to_run, live_bots, run_and_serve, runner_of
    from karat.app.settings_check import check_settings
    from karat.bots.bus import Bus
    from karat.bots.system_clock import SystemClock
    from karat.control.cockpit import JournalCockpit
    from karat.journal.store import open_journal
    from karat.lake.store import open_lake

    check_settings(say)
    jobs = open_jobs()
    with bind_socket(host, port) as listener, keeping_logs("serve"), keeping(jobs):
        token, lake, journal = api_token(), open_lake(), open_journal()
        REDACTION.register(token)
        try:
            others = len(live_bots(journal))
            bots = live_bots(journal) if live else bots_to_run(journal, lake)
            bus = Bus()
            cockpit = JournalCockpit(journal, SystemClock().now_ms(), bus=bus)
            app = create_app(cockpit, token, desk=open_desk(journal), jobs=jobs)
            show(page_url(host, listener.getsockname()[1], token))
            with logging_events(journal):
                if live is None:
                    say(_words(len(bots), others))
                    charge_looks(journal, lake, bots)
                    asyncio.run(
                        run_and_serve(app, listener, lambda: runner_of(journal, lake, speed, bus=bus).run(bots))
                    )
                else:
                    from karat.app.live_fleet import run_live

                    say(_live_words(len(bots)))
                    asyncio.run(run_and_serve(app, listener, lambda: run_live(journal, lake, bots, live, bus=bus)))
        finally:
            journal.close()
    say("Stopped. The bots go on from here when you serve again.")


def _words(bots: int, live: int) -> str:
    told = f" {live} live bots are not run: karat serve --live." if live else ""
    if bots == 0:
        return f"No bot has anything to do: karat demo makes some.{told} Ctrl+C ends."
    return f"{bots} bots are running on replayed candles, on paper.{told} Ctrl+C ends."


def _live_words(bots: int) -> str:
    if bots == 0:
        return "There is no live bot: karat bots create NAME --live. Ctrl+C ends."
    return f"{bots} bots follow live markets, bar by bar as they close, on paper. Ctrl+C ends."
