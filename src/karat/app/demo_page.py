"""The page, asked once: a real server on a free port, a real request with the token."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from karat.api.app import create_app
from karat.api.server import ApiServer, bind_socket
from karat.app.settings import HOST, api_token
from karat.bots.system_clock import SystemClock
from karat.control.cockpit import JournalCockpit
from karat.journal.store import open_journal

_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """What the API answered."""

    label: str
    bots: int
    positions: int
    trades: int


def seen_on_page() -> Seen:
    """Serve the journal for a moment and ask for the fleet."""
    with bind_socket(HOST, 0) as listener:
        journal = open_journal()
        try:
            token = api_token()
            server = ApiServer(create_app(JournalCockpit(journal, SystemClock().now_ms()), token), listener)
            url = f"http://{HOST}:{listener.getsockname()[1]}/api/v1/fleet"
            return _seen(asyncio.run(_asked(server, url, token)))
        finally:
            journal.close()


async def _asked(server: ApiServer, url: str, token: str) -> dict[str, Any]:
    serving = asyncio.create_task(server.run_until_stopped())
    try:
        return await asyncio.to_thread(_get, url, token)
    finally:
        server.stop()
        await serving


def _get(url: str, token: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=_SECONDS_MAX) as answer:
        return json.load(answer)


def _seen(fleet: dict[str, Any]) -> Seen:
    totals = fleet["totals"]
    return Seen(
        label=fleet["data_label"],
        bots=len(fleet["bots"]),
        positions=sum(one["positions"] for one in totals),
        trades=sum(one["trades"] for one in totals),
    )
