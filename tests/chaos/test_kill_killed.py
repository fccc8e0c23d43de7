"""The kill switch of a real process: pulled from outside, killed with SIGKILL while it closes, and it holds."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.chaos.bot_killer import BOTS, begin, desk_at
from tests.redis_server import RedisServer, redis_server
from tests.waiting import comes_true

from karat.app.kill_sources import KillFile, kill_sources
from karat.app.main import main
from karat.bots.desk.switchboard import Safety
from karat.core.ids import BotId
from karat.core.model.reasons import Reason
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.journal import open_journal
from karat.journal.store import SqlJournal
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.risk.kill import kill_state_of

__all__ = ["redis_server"]

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(BotId(name) for name in BOTS)
HELD = 47  # both bots hold something after this many bars
STATEMENTS_MAX = 200


def stocked(home: Path) -> None:
    """A home with both bots and their market."""
    desk = desk_at(home)
    with open_lake(home).change() as change:
        change.put_candles(desk.candles, measure(desk.candles, sessions=False))
        change.put_funding(DEMO_SYMBOLS[0], desk.funding, measure(desk.candles, sessions=False))
    desk.journal.close()
    begin(home)


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A Karat beside us, which ends with the block however that ends."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    running = subprocess.Popen(
        [sys.executable, "-m", "karat.app", *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        assert running.stdout is not None
        running.stdout.close()


def until(running: subprocess.Popen[str], is_so: Callable[[], bool]) -> None:
    assert comes_true(running, is_so), running.communicate()[0]


def held(journal: SqlJournal) -> int:
    return sum(one.lots != 0 for one in journal.accounts())


def state(journal: SqlJournal) -> tuple[bool, bool]:
    found = kill_state_of(journal.facts().get("kill", {}))
    return found.latched, found.flat_seen


def test_a_running_process_is_killed_from_outside_and_released_by_name(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stocked(home)
    with process("bots", "run", *BOTS, "--speed", "40") as running:
        journal = open_journal(home)
        until(running, lambda: held(journal) == 2)
        assert main(("kill", "the market is mad")) == 0
        until(running, lambda: state(journal) == (True, True))
        assert held(journal) == 0 and journal.open_orders() == ()
        assert main(("kill", "--release")) == 2 and "needs a name" in capsys.readouterr().err
        assert main(("kill", "--release", "--by", "grace")) == 0
        assert state(journal) == (False, False) and not (home / "KILL").exists()
        fills = len(journal.fills(NAMES[0]))
        until(running, lambda: len(journal.fills(NAMES[0])) > fills)
        running.send_signal(signal.SIGINT)
        assert "go on from here" in running.communicate()[0]
        journal.close()


@pytest.mark.parametrize("seed", range(2))
def test_killed_in_the_middle_of_killing_it_goes_on_closing_at_the_next_start(seed: int, home: Path) -> None:
    begin(home)
    desk = desk_at(home)
    desk.run(*NAMES, until=HELD)
    assert held(desk.journal) == 2
    desk.journal.close()
    chance, deaths = random.Random(seed), 0
    KillFile(home).raise_flag("drill")
    while one_life(home, chance.randint(1, STATEMENTS_MAX)):
        deaths += 1
        if deaths == 1:
            KillFile(home).clear()  # from now on the journal alone knows, if it does
            journal = open_journal(home)
            if not state(journal)[0]:
                KillFile(home).raise_flag("drill")
            journal.close()
    journal = open_journal(home)
    assert deaths >= 1 and state(journal) == (True, True)
    assert held(journal) == 0 and journal.open_orders() == ()
    for bot in NAMES:
        fills = journal.fills(bot)
        assert [fill.reason for fill in fills].count(Reason.KILL) == 1 and fills[-1].bar <= HELD
    journal.close()


def one_life(home: Path, die_before: int) -> bool:
    """Run two bars in a child that dies before a statement of its own; whether it did."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            desk = desk_at(home)
            left = die_before

            def count(_: str) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            desk.journal._writer._connection.driver_connection.set_trace_callback(count)
            runner = desk.runner(safety=Safety(kill_sources(home)))
            asyncio.run(runner.run(NAMES, int(desk.candles.ts[HELD + 2])))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_it_is_pulled_without_a_process_and_with_a_broken_journal(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(home)
    desk = desk_at(home)
    desk.run(*NAMES, until=HELD)
    desk.journal.close()
    whole = (home / "journal.db").read_bytes()
    (home / "journal.db").write_bytes(b"this is no journal" * 99)
    for name in ("journal.db-wal", "journal.db-shm"):
        (home / name).unlink(missing_ok=True)
    assert main(("kill", "all is broken")) == 0
    told = capsys.readouterr().err
    assert "pulled (file)" in told and "journal was not asked" in told
    assert main(("kill", "--status")) == 0 and "file: all is broken" in capsys.readouterr().err
    (home / "journal.db").write_bytes(whole)
    assert main(("kill", "--release", "--by", "grace")) == 1
    told = capsys.readouterr().err
    assert "not seen flat" in told and "ada, bea" in told
    journal = open_journal(home)
    assert state(journal) == (True, False) and held(journal) == 2
    journal.close()


def test_redis_pulls_for_every_machine_and_is_unknown_when_it_is_gone(
    home: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KARAT_REDIS_URL", redis_server.url)
    stocked(home)
    journal = open_journal(home)
    with process("bots", "run", *BOTS, "--speed", "40") as running:
        until(running, lambda: held(journal) == 2)
        redis_server.stop()
        until(running, lambda: any("redis cannot be asked" in one.text for one in journal.events(9)))
        killed = [fill for name in NAMES for fill in journal.fills(name) if fill.reason is Reason.KILL]
        assert not killed and not state(journal)[0]  # unknown closes nothing
        redis_server.start()
        next(one for one in kill_sources(home) if one.name == "redis").raise_flag("from another machine")
        until(running, lambda: state(journal) == (True, True))
        assert held(journal) == 0 and journal.facts()["kill"]["reason"] == "from another machine"
        redis_server.stop()
        assert main(("kill", "--release", "--by", "grace")) == 1  # it would be pulled again at once
        redis_server.start()
        assert main(("kill", "--release", "--by", "grace")) == 0
        assert kill_sources(home)[1].look() is None
        running.send_signal(signal.SIGINT)
        running.communicate()
        journal.close()
