"""Statements written once with SQLAlchemy and compiled once per kind of store, to be executed by the driver itself:
what SQLAlchemy does for each execution costs more than SQLite takes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Delete, Insert, Select, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler

Executable = Select[Any] | Insert | Update | Delete

_DIALECTS = {
    "sqlite": lambda: SQLiteDialect_pysqlite(paramstyle="qmark"),
    "postgresql": lambda: PGDialect_psycopg(paramstyle="format"),
}
_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL of one kind, and the names of the values it wants in their order; `usual` stands where none is to be told."""

    text: str
    names: tuple[str, ...]
    usual: tuple[Any, ...]
    told: int  # how many names have to be told

    def values(self, **given: Any) -> tuple[Any, ...]:
        """What to execute it with."""
        assert len(given) == self.told, f"{sorted(given)} for {self.text}"
        return tuple(map(given.get, self.names, self.usual))


@lru_cache(maxsize=512)
def compiled(kind: str, statement: Executable) -> Compiled:
    """`statement` for a kind of store ("sqlite", "postgresql"). Statements are compared by identity: make them once."""
    made = statement.compile(dialect=_DIALECTS[kind]())
    assert isinstance(made, SQLCompiler)
    names = tuple(made.positiontup or ())
    usual = tuple(made.params[name] for name in names)
    return Compiled(str(made), names, usual, sum(value is None for value in made.params.values()))


@lru_cache(maxsize=128)
def insertion(kind: str, table: Table, columns: tuple[str, ...]) -> str:
    """INSERT of `columns`, in that order."""
    return _written(kind, _INSERTS[kind](table), columns)


@lru_cache(maxsize=128)
def replacing(kind: str, table: Table, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """INSERT of `columns`, in that order; a row that is there under `key` gets them instead."""
    insert = _INSERTS[kind](table)
    changed = {name: insert.excluded[name] for name in columns if name not in key}
    return _written(kind, insert.on_conflict_do_update(index_elements=list(key), set_=changed), columns)


@lru_cache(maxsize=128)
def keeping(kind: str, table: Table, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """INSERT of `columns`, in that order; a row that is there under `key` stays as it is."""
    return _written(kind, _INSERTS[kind](table).on_conflict_do_nothing(index_elements=list(key)), columns)


def _written(kind: str, insert: Insert, columns: Sequence[str]) -> str:
    made = insert.compile(dialect=_DIALECTS[kind](), column_keys=list(columns))
    assert isinstance(made, SQLCompiler)
    order = {name: f"column {name}" for name in columns}
    text = str(made)
    assert set(made.positiontup or ()) == set(order), text
    # The compiler orders values as the table has its columns; rows are given in the order of `columns`.
    assert tuple(made.positiontup or ()) == tuple(columns), f"{made.positiontup} is not {columns}"
    return text


def columns_of(table: Table, names: Sequence[str]) -> list[Column[Any]]:
    """Columns by name, in that order."""
    return [table.c[name] for name in names]
