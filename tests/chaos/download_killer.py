"""Download, killed at one request after the other. Run as a program by test_download_killed.

A fake Binance runs in this process, on a thread. For every request that a whole download makes, a forked child
downloads into a home of its own and is killed by SIGKILL when the fake gets that request; then this process downloads
the rest.

Arguments: folder. One JSON object: {"requests": of a whole download, "lives": [{"killed", "asked_again", "equal"}]}.
`asked_again` counts bars that a life had been given and the next one was given again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from tests.fakes.binance import USDM, Binance
from tests.fakes.certificates import Certificates
from tests.fakes.desk import Desk, same
from tests.fakes.server import Internet, Trouble
from tests.fakes.tape import Tape

from karat.core.time import HOUR_MS

MARKET = "binance_perp:BTCUSDT"
FIRST_MS = 1_704_067_200_000
BARS = 400
PAGE_BARS = 60
NOW_MS = FIRST_MS + BARS * HOUR_MS + 5_000


class World:
    """The fake and its tape; a page is short, so that a download takes many requests."""

    def __init__(self, internet: Internet) -> None:
        self.internet = internet
        self.tape = Tape(FIRST_MS, HOUR_MS, BARS + 5, page_max=PAGE_BARS)
        Binance(internet, USDM, {("BTCUSDT", "1h"): self.tape}, NOW_MS)

    def questions(self) -> list[tuple[int, int]]:
        """From when to when each question for bars went."""
        asked = (one.query for one in self.internet.asked(USDM, "klines") if one.query["limit"] != "1")
        return [(int(query["startTime"]), int(query["endTime"])) for query in asked]

    def finish(self, home: Path) -> bool:
        """Download what is left. Returns whether the lake holds the truth."""
        desk = Desk(home, self.internet, NOW_MS)
        desk.download(MARKET)
        return same(desk.stored(MARKET), self.tape.truth(NOW_MS))


def one_life(world: World, home: Path, killed_at: int) -> dict[str, object]:
    """Kill a child at its request `killed_at` (from 0), then go on."""
    world.internet.calm()
    world.internet.requests.clear()
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ready, 1)
        Desk(home, world.internet, NOW_MS).download(MARKET)
        os._exit(0)
    kill = Trouble(before=lambda: os.kill(child, signal.SIGKILL))
    world.internet.script(USDM, *[None] * killed_at, kill)
    os.write(go, b"!")
    _, status = os.waitpid(child, 0)
    os.close(ready)
    os.close(go)
    before = world.questions()
    world.internet.requests.clear()
    equal = world.finish(home)
    answered = before[:-1] if killed_at >= 3 else []
    reached_ms = FIRST_MS + len(answered) * PAGE_BARS * HOUR_MS
    began_ms = world.questions()[0][0]
    return {
        "killed": os.WIFSIGNALED(status),
        "asked_again": max(0, (min(reached_ms, FIRST_MS + BARS * HOUR_MS) - began_ms) // HOUR_MS),
        "equal": equal,
    }


def main(folder: Path) -> None:
    """Learn how many requests a whole download takes; then die at each of them."""
    with Internet(Certificates(folder)).running() as internet:
        world = World(internet)
        assert world.finish(folder / "whole")
        requests = len(internet.requests)
        lives = [one_life(world, folder / f"home-{at}", at) for at in range(requests)]
        print(json.dumps({"requests": requests, "lives": lives}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
