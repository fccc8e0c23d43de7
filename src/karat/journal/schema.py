"""Tables of the journal and their version.

`PRAGMA user_version` names the version, `application_id` says that the file is a journal at all. A newer journal is
refused and left as it is; an older one is brought up to this version when it is opened, in one transaction. Numbers
that are money or prices are REAL, which SQLite keeps bit for bit; the state of a bot is a BLOB of raw bytes. A bot is
named by its id outside and by its rowid (`number`) inside.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from karat.core.errors import InputError

VERSION = 2
PAGE_BYTES = 1024  # a bar changes the ends of two tables: with pages of 4 KB its commit wrote, and took, twice as much
APPLICATION_ID = 0x4B52544A  # "KRTJ"

TABLES = """
CREATE TABLE bots (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    strategy TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    parameters TEXT NOT NULL,
    policy TEXT NOT NULL,
    instrument TEXT NOT NULL,
    market TEXT NOT NULL,
    timeframe_ms INTEGER NOT NULL,
    mode TEXT NOT NULL,
    currency TEXT NOT NULL,
    anchor_ts INTEGER NOT NULL,
    created_ts INTEGER NOT NULL,
    dossier TEXT,
    dossier_hash TEXT
);
CREATE TABLE bot_state (
    bot INTEGER PRIMARY KEY REFERENCES bots,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    bars INTEGER NOT NULL,
    last_ts INTEGER,
    last_close REAL,
    kernel BLOB NOT NULL
);
CREATE TABLE bars (
    bot INTEGER NOT NULL REFERENCES bots,
    bar INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    close REAL NOT NULL,
    equity REAL NOT NULL,
    position INTEGER NOT NULL,
    asked INTEGER NOT NULL,
    ordered INTEGER NOT NULL,
    refusal INTEGER NOT NULL,
    PRIMARY KEY (bot, bar)
) WITHOUT ROWID;
CREATE TABLE intents (
    id TEXT PRIMARY KEY,
    bot INTEGER NOT NULL REFERENCES bots,
    decision_bar INTEGER NOT NULL,
    decision_ts INTEGER NOT NULL,
    part TEXT NOT NULL,
    due_bar INTEGER NOT NULL,
    side INTEGER NOT NULL,
    lots INTEGER NOT NULL,
    level_ticks INTEGER,
    reason INTEGER NOT NULL
);
CREATE INDEX intents_of_bot ON intents (bot, decision_bar);
CREATE TABLE fills (
    bot INTEGER NOT NULL REFERENCES bots,
    number INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    bar INTEGER NOT NULL,
    side INTEGER NOT NULL,
    lots INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    decision_bar INTEGER NOT NULL,
    level_ticks INTEGER,
    position_before INTEGER NOT NULL,
    trade INTEGER NOT NULL,
    raw_price REAL NOT NULL,
    price REAL NOT NULL,
    fee REAL NOT NULL,
    spread_cost REAL NOT NULL,
    slippage_cost REAL NOT NULL,
    equity_before REAL NOT NULL,
    gain REAL NOT NULL,
    trade_funding REAL NOT NULL,
    trade_borrow REAL NOT NULL,
    stop_ticks INTEGER,
    "order" TEXT NOT NULL REFERENCES intents,
    PRIMARY KEY (bot, number)
) WITHOUT ROWID;
CREATE INDEX fills_of_trade ON fills (bot, trade);
CREATE TABLE trades (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    bot INTEGER NOT NULL REFERENCES bots,
    trade INTEGER NOT NULL,
    side INTEGER NOT NULL,
    entry_ts INTEGER NOT NULL,
    exit_ts INTEGER NOT NULL,
    lots INTEGER NOT NULL,
    entry_price REAL NOT NULL,
    exit_price REAL NOT NULL,
    fees REAL NOT NULL,
    funding REAL NOT NULL,
    borrow REAL NOT NULL,
    pnl REAL NOT NULL,
    risk REAL,
    reason INTEGER NOT NULL,
    UNIQUE (bot, trade)
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    bot INTEGER REFERENCES bots,
    bar_ts INTEGER,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX events_of_bot ON events (bot, id);
CREATE UNIQUE INDEX marked_once ON events (bot) WHERE kind = 'marked';
"""

STEPS = {  # from a version to the next one
    1: ("ALTER TABLE bots ADD COLUMN dossier TEXT", "ALTER TABLE bots ADD COLUMN dossier_hash TEXT"),
}


def ready(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that the tables are there and of this version.

    Raises InputError `journal_newer` or `journal_foreign`. What is refused is left as it was.
    """
    version = _number(connection, "PRAGMA user_version")
    owner = _number(connection, "PRAGMA application_id")
    empty = _number(connection, "SELECT count(*) FROM sqlite_master") == 0
    if empty and version == 0:
        _create(connection)
        return
    if owner != APPLICATION_ID:
        raise InputError("journal_foreign", f"{path} is not a journal of Karat.", "Move it away, or set KARAT_HOME.")
    if version > VERSION:
        raise InputError(
            "journal_newer",
            f"{path} was written by a newer Karat (journal version {version}, this one knows {VERSION}).",
            "Upgrade Karat, or set KARAT_HOME to another folder.",
        )
    if version < VERSION:
        _upgrade(connection)


def _create(connection: sqlite3.Connection) -> None:
    """All tables at once. Two processes that begin together both pass: the second finds them."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    with _alone(connection):
        if _number(connection, "PRAGMA user_version") == 0:
            for statement in TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")


def _upgrade(connection: sqlite3.Connection) -> None:
    """Every step from the version it is of, which another process may have moved meanwhile."""
    with _alone(connection):
        for version in range(_number(connection, "PRAGMA user_version"), VERSION):
            for statement in (*STEPS[version], f"PRAGMA user_version = {version + 1}"):
                connection.execute(statement)


@contextmanager
def _alone(connection: sqlite3.Connection) -> Generator[None]:
    """One transaction that waits for those of others."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])
