"""Run two bots to the end of their replay, killed again and again on the way. Run as a program by test_bot_killed.

Each life is a forked child that takes the bots up from the journal. Odd lives die, by SIGKILL from themselves, just
before a statement reaches the database: anywhere in a transaction, its commit included. Even lives are killed by this
process as soon as the journal has got further by some bars, at whatever the child is doing then. Where each life ends
is drawn from the seed. A life that reaches the end of the replay is the last.

Arguments: home of the journal, seed, and `carried` where the bots are. One JSON object: {"deaths": bars done by both
bots at each death}.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path

from tests.unit.bots.fleet import Desk, demo

from karat.core.ids import BotId
from karat.journal import open_journal

BARS = 400
BOTS = {"ada": "bollinger_mean_reversion", "bea": "rsi_macd_momentum"}
STATEMENTS_MAX = 500
CARRIED_STATEMENTS_MAX = 150  # bars that come at once share a transaction, and those without events a statement
BARS_MAX = 60


def desk_at(home: Path, *, carried: bool = False) -> Desk:
    return Desk(home, *demo(BARS), carried=carried)


def begin(home: Path) -> None:
    """A journal with both bots, not yet run."""
    desk = desk_at(home)
    for name, strategy in BOTS.items():
        desk.create(name, strategy)
    desk.journal.close()


def live(home: Path, die_before: int | None, *, carried: bool) -> None:
    """One life: run until the end, or until the statement `die_before`."""
    desk = desk_at(home, carried=carried)
    left = die_before or 0

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if die_before is not None:
        desk.journal._writer._connection.driver_connection.set_trace_callback(count)
    asyncio.run(desk.runner().run([BotId(name) for name in BOTS]))
    desk.journal.close()


def bars_done(home: Path) -> int:
    journal = open_journal(home)
    done = sum(status.bars for status in journal.statuses())
    journal.close()
    return done


def one_life(home: Path, chance: random.Random, *, by_itself: bool, carried: bool) -> bool:
    """Whether the child was killed; else it has reached the end."""
    statements = CARRIED_STATEMENTS_MAX if carried else STATEMENTS_MAX
    die_before = chance.randint(1, statements) if by_itself else None
    enough = bars_done(home) + chance.randint(0, BARS_MAX)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            live(home, die_before, carried=carried)
            code = 0
        finally:
            os._exit(code)
    if not by_itself:
        while bars_done(home) < enough and is_alive(child):
            os.sched_yield()
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "a life that was not killed must reach the end"
    return False


def is_alive(child: int) -> bool:
    """Whether it still runs; it is left to be waited for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def main(home: Path, seed: int, *, carried: bool) -> None:
    """Live until a life reaches the end."""
    begin(home / "warm")  # everything is loaded before the first fork
    live(home / "warm", None, carried=carried)
    chance = random.Random(seed)
    begin(home)
    deaths: list[int] = []
    while one_life(home, chance, by_itself=len(deaths) % 2 == 0, carried=carried):
        deaths.append(bars_done(home))
    print(json.dumps({"deaths": deaths}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), carried=sys.argv[3:] == ["carried"])
