"""Rows of bars into the lake, and whole time bars into the candles of their timeframe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from karat.bars import BarSpec, Kind
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Bools, Candles, Ints
from karat.core.model.table import Table, TableName
from karat.core.time import MINUTE_MS
from karat.ingest.compare import VOLUME_TOLERANCE, Difference
from karat.ingest.keep import refuse_simulated
from karat.lake.quality import measure
from karat.ports.lake import LakeChange, Quality

SOURCE = "built from trades"


@dataclass(frozen=True, slots=True)
class CandlesKept:
    """What became of the whole time bars of one kind: new candles, those that the lake had just so, those that took the
    place of others, and every number that differs from the lake's and was left as it is there."""

    added: int = 0
    equal: int = 0
    replaced: int = 0
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: CandlesKept) -> CandlesKept:
        return CandlesKept(
            self.added + other.added,
            self.equal + other.equal,
            self.replaced + other.replaced,
            self.differences + other.differences,
        )


def keep_bars(change: LakeChange, name: TableName, rows: Table, before: int) -> int:
    """Put rows behind the first `before` of the table; those that are there already must be the same. Returns how many
    are new. Raises InputError `bars_behind` when the table has fewer than `before`, `bars_differ`."""
    old = change.table(name)
    have = 0 if old is None else len(old)
    if have < before:
        message = f"{name.kind} {name.variant} of {name.owner} has {have} bars where {before} were stored."
        raise InputError("bars_behind", message, _build_anew(name))
    known = min(have - before, len(rows))
    if old is not None and known and not _same(old[before : before + known], rows[:known]):
        message = f"{name.kind} {name.variant} of {name.owner} differs in the lake from what its trades give."
        raise InputError("bars_differ", message, _build_anew(name))
    if known < len(rows):
        change.append(name, rows[known:], (SOURCE,))
    return len(rows) - known


def becomes_candles(spec: BarSpec) -> bool:
    """Whether these bars are candles too: the lake has them from one minute up."""
    return spec.kind is Kind.TIME and spec.plan.timeframe_ms >= MINUTE_MS


def keep_candles(
    change: LakeChange, market: MarketId, spec: BarSpec, rows: Table, *, sessions: bool, replaces: bool
) -> CandlesKept:
    """Put whole time bars into the candles. Where both have a bar, that of the lake stays, unless `replaces`.

    Raises InputError `simulated_market`.
    """
    fresh = _candles(market, spec, rows, np.flatnonzero(rows.columns["whole"] == 1))
    if not len(fresh):
        return CandlesKept()
    refuse_simulated(market, change.quality(market, spec.plan.timeframe_ms))
    old = change.candles(market, spec.plan.timeframe_ms)
    if old is None:
        change.put_candles(fresh, replace(measure(fresh, sessions=sessions), sources=(SOURCE,)), sessions=sessions)
        return CandlesKept(added=len(fresh))
    at = np.minimum(np.searchsorted(old.ts, fresh.ts), len(old) - 1)
    known = old.ts[at] == fresh.ts
    differs, found = _differences(old, fresh, at, known)
    added = int(np.count_nonzero(~known))
    result = CandlesKept(added, int(np.count_nonzero(known & ~differs)), 0, tuple(found))
    if replaces:
        result = CandlesKept(added, result.equal, int(np.count_nonzero(differs)))
    news = ~known | differs if replaces else ~known
    if news.any():
        _join(change, old, _picked(fresh, np.flatnonzero(news)), sessions=sessions)
    return result


def _join(change: LakeChange, old: Candles, news: Candles, *, sessions: bool) -> None:
    """Bars behind the last cost what they cost; any other means to write the series anew."""
    if news.ts[0] > old.ts[-1]:
        change.append_candles(news, sessions=sessions)
        return
    keep = ~np.isin(old.ts, news.ts)
    order = np.argsort(np.concatenate((old.ts[keep], news.ts)), kind="stable")
    columns = {name: np.concatenate((getattr(old, name)[keep], getattr(news, name)))[order] for name in CANDLE_COLUMNS}
    whole = Candles(old.market, old.timeframe_ms, **columns)
    before = change.quality(old.market, old.timeframe_ms) or Quality()
    sources = tuple(dict.fromkeys((*before.sources, SOURCE)))
    measured = measure(whole, sessions=sessions)
    quality = replace(measured, accepted=before.accepted, repairs=before.repairs, sources=sources)
    change.put_candles(whole, quality, sessions=sessions)


def _differences(old: Candles, fresh: Candles, at: Ints, known: Bools) -> tuple[Bools, list[Difference]]:
    """Which bars differ, and every number that does: prices to the bit, volumes by more than their rounding."""
    differs, found = np.zeros(len(fresh), np.bool_), list[Difference]()
    for name in CANDLE_COLUMNS[1:]:
        stored, built = getattr(old, name)[at], getattr(fresh, name)
        tolerance = VOLUME_TOLERANCE if name == "volume" else 0.0
        unlike = known & (np.abs(stored - built) > tolerance * np.abs(stored))
        differs |= unlike
        found += [
            Difference(int(fresh.ts[bar]), name, float(stored[bar]), float(built[bar]))
            for bar in np.flatnonzero(unlike)
        ]
    return differs, sorted(found, key=lambda one: one.ts)


def _candles(market: MarketId, spec: BarSpec, rows: Table, which: Ints) -> Candles:
    columns = {name: np.array(rows.columns[name][which]) for name in CANDLE_COLUMNS}
    return Candles(market, spec.plan.timeframe_ms, **columns)


def _picked(candles: Candles, which: Ints) -> Candles:
    return Candles(
        candles.market, candles.timeframe_ms, **{name: getattr(candles, name)[which] for name in CANDLE_COLUMNS}
    )


def _same(one: Table, other: Table) -> bool:
    """To the bit, NaN being NaN."""
    columns: Sequence[str] = one.schema.names
    return one.schema == other.schema and all(
        np.array_equal(one.columns[name], other.columns[name], equal_nan=one.columns[name].dtype.kind == "f")
        for name in columns
    )


def _build_anew(name: TableName) -> str:
    return f"Build them anew from the stored trades: karat data bars {name.owner} --replace."
