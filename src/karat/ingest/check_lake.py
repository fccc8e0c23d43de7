"""Check everything that the lake holds, each series once for its content and for what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from karat.core.errors import NeedsOperator
from karat.core.ids import MarketId, venue_of
from karat.core.model.candles import Candles
from karat.core.model.table import TableName
from karat.core.time import timeframe_text
from karat.ingest.check_report import SeriesReport, kept_json, report_of_kept, surroundings_hash
from karat.ingest.check_tables import check_funding, check_mark, check_table, is_checked
from karat.ingest.data_check import asset_of, check_series
from karat.lake.adjust import actions_name
from karat.lake.checked import Checked
from karat.ports.lake import Lake, LakeEntry, TableEntry

Named = tuple[str, str, str]


def check_lake(lake: Lake, checked: Checked, owners: Collection[str] = (), variant: str = "") -> Iterator[SeriesReport]:
    """A report for every series of these owners (all when empty), of this timeframe when it is given. What was found
    before in the same rows among the same others is not worked out again. A series that is found damaged on the way is
    set aside by the lake (`Lake.quarantined` names it) and has no report; the others have theirs."""
    for entry in lake.list():
        if _wanted(owners, variant, entry.market, timeframe_text(entry.timeframe_ms)):
            with suppress(NeedsOperator):
                yield checked_series(lake, entry, checked)
    for table in (*lake.beside_candles(), *filter(is_checked, lake.tables())):
        if _wanted(owners, variant, table.name.owner, table.name.variant):
            with suppress(NeedsOperator):
                yield _checked_table(lake, table, checked)


def checked_series(lake: Lake, entry: LakeEntry, checked: Checked) -> SeriesReport:
    """The report of one series of candles, kept for the next time."""
    name = TableName("candles", entry.market, timeframe_text(entry.timeframe_ms))
    beside = [one for one in lake.list() if _related(one, entry)]
    actions = (
        (one.name.kind, one.name.owner, one.hash) for one in lake.tables() if one.name == actions_name(entry.market)
    )
    around = surroundings_hash(
        [*((timeframe_text(one.timeframe_ms), one.market, one.hash) for one in beside), *actions]
    )
    kept = checked.report(name, entry.hash, around)
    if kept is not None:
        return report_of_kept(
            name, entry.timeframe_ms, entry.rows, entry.first_ts, entry.last_ts, entry.hash, kept
        )  # fmt: skip
    report = check_series(lake, entry)
    checked.keep_report(name, entry.hash, around, kept_json(report))
    return report


def _checked_table(lake: Lake, entry: TableEntry, checked: Checked) -> SeriesReport:
    find, around = _how(lake, entry)
    kept = checked.report(entry.name, entry.hash, around)
    report = find() if kept is None else None
    if report is None:
        assert kept is not None, "one of both is there"
        return report_of_kept(
            entry.name, kept["step"], entry.rows, kept["first"], kept["last"], entry.hash, kept
        )  # fmt: skip
    told = {"step": report.timeframe_ms, "first": report.first_ts, "last": report.last_ts}
    checked.keep_report(entry.name, entry.hash, around, {**kept_json(report), **told})
    return report


def _how(lake: Lake, entry: TableEntry) -> tuple[Callable[[], SeriesReport], str]:
    """How a table is checked, and the hash of what it is compared with."""
    market, name = MarketId(entry.name.owner), entry.name
    own = [one for one in lake.list() if one.market == market]
    if name.kind == "mark":
        last = next((one for one in own if timeframe_text(one.timeframe_ms) == name.variant), None)
        found = _candles(lake, last)
        return lambda: check_mark(lake, entry, found), _hash_of(last)
    if name.kind == "funding":
        pair = _perpetual_and_spot(lake, own)
        beside, spot = (_candles(lake, one) for one in pair)
        return lambda: check_funding(lake, entry, beside, spot), _hash_of(*pair)
    return lambda: check_table(lake, entry), _hash_of()


def _perpetual_and_spot(lake: Lake, own: list[LakeEntry]) -> tuple[LakeEntry | None, LakeEntry | None]:
    """The market's finest candles that spot of the same asset has too, and that spot."""
    spots = [one for one in lake.list() if "spot" in venue_of(one.market)]
    for one in sorted(own, key=lambda one: one.timeframe_ms):
        for spot in spots:
            if (spot.timeframe_ms, asset_of(spot.market)) == (one.timeframe_ms, asset_of(one.market)):
                return one, spot
    return None, None


def _candles(lake: Lake, entry: LakeEntry | None) -> Candles | None:
    return None if entry is None else lake.candles(entry.market, entry.timeframe_ms)


def _hash_of(*entries: LakeEntry | None) -> str:
    there = [one for one in entries if one is not None]
    return surroundings_hash((timeframe_text(one.timeframe_ms), one.market, one.hash) for one in there)


def _related(one: LakeEntry, entry: LakeEntry) -> bool:
    """Whether `entry` may be compared with `one`: a symbol of its venue, or its asset elsewhere."""
    same_venue = venue_of(one.market) == venue_of(entry.market)
    return (same_venue or asset_of(one.market) == asset_of(entry.market)) and one.hash != entry.hash


def _wanted(owners: Collection[str], variant: str, owner: str, own_variant: str) -> bool:
    return (not owners or owner in owners) and (not variant or variant == own_variant)
