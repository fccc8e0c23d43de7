"""A bot whose journal is on a PostgreSQL server does what it does with a file, taken up half way included."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.postgres_server import PostgresServer, postgres
from tests.unit.bots.fleet import Desk, demo, kept

from karat.journal import open_journal

__all__ = ["postgres"]
BARS = 300


@pytest.mark.parametrize("carried", [False, True])
def test_a_bot_is_the_same_on_either_store(tmp_path: Path, postgres: PostgresServer, *, carried: bool) -> None:
    with_file = Desk(tmp_path / "file", *demo(BARS), carried=carried)
    with_file.run(with_file.create("ada"))
    url = postgres.new_database()
    on_server = Desk(tmp_path / "server", *demo(BARS), carried=carried)
    on_server.journal.close()
    on_server.journal = open_journal(url=url)
    ada = on_server.create("ada")
    on_server.run(ada, until=BARS // 2)
    on_server.journal.close()
    on_server.journal = open_journal(url=url)
    on_server.run(ada)
    assert on_server.journal.status(ada).bars == BARS and len(on_server.journal.fills(ada)) > 2
    assert kept(on_server.journal, ada) == kept(with_file.journal, ada)
    log = on_server.journal.log(0, 10_000)
    assert [one.sequence for one in log] == list(range(1, len(log) + 1))
    for desk in (with_file, on_server):
        desk.journal.close()
