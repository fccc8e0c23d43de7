"""karat serve: the page, the API behind it, and the bots of the journal, in one process."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from karat.app.console import say, show
from karat.app.settings import HOST, PORT, REPLAY_BARS_PER_SECOND, api_token, page_url
from karat.core.errors import InputError

Speed = Annotated[float, Parameter(name="--speed")]


def serve_command(*, port: int = PORT, host: str = HOST, speed: Speed = REPLAY_BARS_PER_SECOND) -> None:
    """Serve the page and run the bots, until Ctrl+C.

    Parameters
    ----------
    port
        Where to listen; 0 takes a free port.
    host
        This machine only: 127.0.0.1, localhost or ::1.
    speed
        Bars a second of a replayed market.
    """
    if not speed > 0:
        raise InputError("bad_speed", f"A speed of {speed:g} bars a second never moves.", "Use more than 0.")
    serve_until_stopped(host, port, speed)


def serve_until_stopped(host: str, port: int, speed: float) -> None:
    """Print the page's address, then run and serve. Raises InputError `port_in_use`, RetryLater `bot_busy`."""
    from karat.api.app import create_app
    from karat.api.server import bind_socket
    from karat.app.data_desk import open_desk
    from karat.app.serve_fleet import bots_to_run, run_and_serve, runner_of
    from karat.bots.system_clock import SystemClock
    from karat.control.cockpit import JournalCockpit
    from karat.journal.store import open_journal
    from karat.lake.store import open_lake

    with bind_socket(host, port) as listener:
        token, lake, journal = api_token(), open_lake(), open_journal()
        try:
            bots = bots_to_run(journal, lake)
            app = create_app(JournalCockpit(journal, SystemClock().now_ms()), token, desk=open_desk(journal))
            show(page_url(host, listener.getsockname()[1], token))
            say(_words(len(bots)))
            asyncio.run(run_and_serve(app, listener, runner_of(journal, lake, speed), bots))
        finally:
            journal.close()
    say("Stopped. The bots go on from here when you serve again.")


def _words(bots: int) -> str:
    if bots == 0:
        return "No bot has anything to do: karat demo makes some. Ctrl+C ends."
    return f"{bots} bots are running on replayed candles, on paper. Ctrl+C ends."
