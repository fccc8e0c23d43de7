"""Journals as earlier versions of Karat made them: their own statements, written down once and never changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from tests.unit.journal.entries import ANCHOR, bot_record

from karat.core.time import HOUR_MS
from karat.journal import journal_path
from karat.journal.codec import BOT_COLUMNS, bot_row
from karat.journal.upgrade import MIGRATIONS, VERSION_TABLE
from karat.ports.journal import BotRecord

APPLICATION_ID = 0x4B52544A
_TABLES = """
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
_LATER = frozenset({"limits"})  # columns that these versions do not know
_FILL = (5, 1, 1, 3, 1, 0, None, 0, 0, 100.0, 100.1, 0.3, 0.1, 0.2, 5_000.0, 0.1 + 0.2, 0.0, 0.0, 990, "ada-0")


def older_journal(home: Path, version: int, records: tuple[BotRecord, ...] | None = None) -> Path:
    """A file of version 1, 2 or 3, with two bots (or `records`) and what the first one did in two bars."""
    path = journal_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA page_size = 1024")
        raw.execute("PRAGMA journal_mode = WAL")
        raw.executescript(_TABLES)
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for record in records or (bot_record(), bot_record("bea")):
            columns = [name for name in BOT_COLUMNS if name not in _LATER]
            row = [cell for name, cell in zip(BOT_COLUMNS, bot_row(record), strict=True) if name not in _LATER]
            marks = ", ".join("?" * len(columns))
            raw.execute(f"INSERT INTO bots ({', '.join(columns)}) VALUES ({marks})", row)
            raw.execute("INSERT INTO bot_state SELECT max(number), 'stopped', '', 0, NULL, NULL, x'' FROM bots")
        if records is None:
            _bars(raw)
        if version == 1:
            raw.execute("ALTER TABLE bots DROP COLUMN dossier")
            raw.execute("ALTER TABLE bots DROP COLUMN dossier_hash")
        raw.execute(f"PRAGMA user_version = {min(version, 2)}")
    if version > 2:
        _carried_up(path, version)
    return path


def _carried_up(path: Path, version: int) -> None:
    """As the migrations left it when `version` was the newest."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes.update(connection=connection, version_table=VERSION_TABLE)
        command.stamp(config, "2")
        command.upgrade(config, str(version))
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")
    engine.dispose()


def _bars(raw: sqlite3.Connection) -> None:
    """Two bars of the first bot: an entry and an exit of one decision, filled at the next bar."""
    raw.execute("UPDATE bot_state SET bars = 2, last_ts = ?, last_close = 101.1, kernel = x'0101'", (ANCHOR + HOUR_MS,))
    raw.execute("UPDATE bot_state SET bars = 0, last_ts = NULL, last_close = NULL, kernel = x'' WHERE bot = 2")
    for bar in (0, 1):
        values = (1, bar, ANCHOR + bar * HOUR_MS, 100.1 + bar, 5_000.0 + 0.1 * bar, 0, 1, 1 - bar, 0)
        raw.execute(f"INSERT INTO bars VALUES ({', '.join('?' * len(values))})", values)
    for name, part in (("ada-x", "exit"), ("ada-0", "entry")):  # not in the order of their names
        raw.execute("INSERT INTO intents VALUES (?, 1, 0, ?, ?, 1, 1, 3, NULL, 1)", (name, ANCHOR, part))
    raw.execute(f"INSERT INTO fills VALUES (1, 0, {', '.join('?' * len(_FILL))})", _FILL)
    raw.execute(
        "INSERT INTO trades VALUES (7, 1, 0, 1, ?, ?, 3, 100.1, 99.0, 0.6, 0.0, 0.0, -3.9, NULL, 2)", (ANCHOR, ANCHOR)
    )
    told = "INSERT INTO events (ts, bot, bar_ts, kind, text, payload) VALUES (?, ?, ?, ?, ?, ?)"
    marked = "INSERT OR REPLACE INTO events (ts, bot, bar_ts, kind, text, payload) VALUES (7, ?, ?, 'marked', '', '{}')"
    raw.execute(told, (5, 1, None, "started", "started", "{}"))  # 1
    raw.execute(marked, (1, ANCHOR))  # 2, and gone with the next one
    raw.execute(told, (7, 1, ANCHOR + HOUR_MS, "entry", "bought", '{"price": 100.1}'))  # 3
    raw.execute(marked, (1, ANCHOR + HOUR_MS))  # 4
    raw.execute(told, (8, 2, None, "warning", "the wind has turned", "{}"))  # 5
