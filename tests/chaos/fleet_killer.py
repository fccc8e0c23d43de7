"""Kill a process that runs two bots, again and again, and prove after each death that nothing is lost or doubled.

Run as a program by test_fleet_killed: `fleet_killer.py HOME SEED DEATHS [URL]`; with URL the journal is on that server.
Each life is a forked child with a runner of its own. It dies by SIGKILL: from itself at a chosen point (`kill_points`),
or from this process after a drawn time. Each round takes new bots; a round ends when a life reaches the last candle,
and then the bots are compared with their backtests in one call: every fill, mark and refusal, to the bit. The venue is
simulated, so the backtest is its truth. Prints {"deaths": {point: count}, "rounds": how many}.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from tests.chaos.kill_points import CARRIED_SHARE, POINTS, Death, DyingVenue, mortal
from tests.unit.bots.fleet import POLICY, Desk, demo, kept

from karat.control.parity import ParityCase, compared
from karat.core.errors import RetryLater
from karat.core.ids import BotId
from karat.feeds.demo.symbols import demo_instrument
from karat.journal import open_journal
from karat.kernel.state import state_from_bytes
from karat.ports.cockpit import EventKind
from karat.strategies import find_strategy

BARS = 260
STRATEGIES = {"ada": "bollinger_mean_reversion", "bea": "rsi_macd_momentum"}
BY_TIME = "at any time"
SECONDS_MAX = 0.35
ENTERS_MAX = 2_000  # tries to get the lease of one that has just died: its server may not have seen it yet


class Killer:
    """One journal, and what dies over it."""

    def __init__(self, home: Path, url: URL | None, seed: int) -> None:
        self.home, self.url = home, url
        self.chance = random.Random(seed)
        self.deaths: Counter[str] = Counter()
        self.rounds = 0
        self.bots: dict[BotId, str] = {}
        self.carried = False
        self.undisturbed: dict[str, dict[str, str]] = {}

    def desk(self) -> Desk:
        desk = Desk(self.home, *demo(BARS), carried=self.carried)
        if self.url is not None:
            desk.journal.close()
            desk.journal = open_journal(url=self.url)
        return desk

    def begin(self, *, carried: bool) -> None:
        """A round: new bots."""
        self.rounds += 1
        self.carried = carried
        desk = self.desk()
        self.bots = {desk.create(f"{name}-{self.rounds}", kind): name for name, kind in STRATEGIES.items()}
        desk.journal.close()

    def live(self, death: Death) -> None:
        """One life, to the last candle or to its death."""
        desk = self.desk()
        desk.journal = mortal(desk.journal, death)
        for tries in range(ENTERS_MAX):
            try:
                asyncio.run(desk.runner(DyingVenue(death)).run(list(self.bots)))
                break
            except RetryLater as error:
                if error.code != "lease_held" or tries == ENTERS_MAX - 1:
                    raise
                os.sched_yield()
        desk.journal.close()

    def kill_once(self) -> bool:
        """Whether the life died; else it has reached the end."""
        point = self.chance.choice([*POINTS, BY_TIME, BY_TIME])
        often = POINTS.get(point, 1)
        if self.carried and often > 4 * CARRIED_SHARE:
            often //= CARRIED_SHARE
        left, seconds = self.chance.randint(1, often), self.chance.uniform(0.0, SECONDS_MAX)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                self.live(Death(point, left))
                code = 0
            finally:
                os._exit(code)
        if point == BY_TIME:
            self._kill_after(child, seconds)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            self.deaths[point] += 1
            return True
        assert os.WEXITSTATUS(status) == 0, f"a life that was to die {point}, at {left}, broke"
        return False

    def _kill_after(self, child: int, seconds: float) -> None:
        handle = os.pidfd_open(child)
        try:
            ended, _, _ = select.select([handle], [], [], seconds)
            if not ended:
                os.kill(child, signal.SIGKILL)
        finally:
            os.close(handle)

    def check(self, *, at_the_end: bool) -> None:
        """What must hold after any death, and what must hold in the end."""
        desk = self.desk()
        try:
            check_log(desk.journal)
            for bot, name in self.bots.items():
                check_bot(desk.journal, bot)
                if at_the_end:
                    self._compare(desk, bot, name)
        finally:
            desk.journal.close()

    def _compare(self, desk: Desk, bot: BotId, name: str) -> None:
        instrument = demo_instrument(desk.candles.market)
        case = ParityCase(find_strategy(STRATEGIES[name]), {}, POLICY, instrument, desk.candles, desk.funding)
        result = compared(case, desk.journal, bot)
        assert result.equal, [one.text() for one in result.differences]
        assert result.fills > 5
        rows = desk.journal.traces(bot, 0, 10**15)
        kinds = {**kept(desk.journal, bot), "traces": [(one.bar, one.first, one.reason) for one in rows]}
        found = {kind: repr(value).replace(f"'{bot}'", f"'{name}'") for kind, value in kinds.items()}
        for kind, undisturbed in self.undisturbed.setdefault(name, found).items():
            assert found[kind] == undisturbed, f"{kind} of {bot} are not as they are when nobody dies"


def check_log(journal: Any) -> None:
    """The log has no gap, and an order is intended once."""
    log = journal.log(0, 10**9)
    assert [one.sequence for one in log] == list(range(1, len(log) + 1))
    intended = [one.payload["order"]["id"] for one in log if one.kind == EventKind.INTENT]
    assert len(intended) == len(set(intended)), "an order's name was used twice"


def check_bot(journal: Any, bot: BotId) -> None:
    """Orders, exact book, fills, kernel and marks say the same."""
    status, fills, orders = journal.status(bot), journal.fills(bot), journal.orders_of(bot)
    of_fills = sum(one.side * one.lots for one in fills)
    of_orders = sum(one.order.side * one.order.filled_lots for one in orders)
    of_words = sum(one.order.side * fill.lots for one in orders for fill in one.order.fills)
    accounts = [one.lots for one in journal.accounts() if one.bot == bot]
    held = 0
    if status.kernel:
        holding = state_from_bytes(status.kernel).holding
        held = holding.side * holding.lots
    assert of_fills == of_orders == of_words == held == (accounts[0] if accounts else 0)
    marks = journal.marks(bot)
    assert len(marks.ts) == status.bars and [one.number for one in fills] == list(range(len(fills)))
    assert all(one.bar <= status.bars for one in fills)
    names = [one.order.id for one in orders]
    assert len(names) == len(set(names)) and {fill.order for fill in fills} <= set(names)


def main(home: Path, seed: int, deaths: int, url: URL | None) -> None:
    """Until so many have died."""
    killer = Killer(home, url, seed)
    for carried in (False, True):  # undisturbed, which is also what loads everything before the first fork
        killer.begin(carried=carried)
        killer.live(Death("never", 1))
        killer.check(at_the_end=True)
    while killer.deaths.total() < deaths:
        killer.begin(carried=killer.rounds % 3 == 0)
        while killer.kill_once():
            killer.check(at_the_end=False)
        killer.check(at_the_end=True)
    print(json.dumps({"deaths": killer.deaths, "rounds": killer.rounds - 2}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), make_url(sys.argv[4]) if sys.argv[4:] else None)
