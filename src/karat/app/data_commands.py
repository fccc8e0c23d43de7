"""karat data: import files into the lake, and list what is there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import error_json, one_line, progress, say, show, show_json
from karat.app.quarantine import quarantined_json, repaired_json, show_quarantined, show_repaired
from karat.core.errors import EXIT_INPUT, InputError
from karat.core.home import karat_home
from karat.core.ids import market_id
from karat.core.time import iso, timeframe_ms, timeframe_text
from karat.lake.store import open_lake
from karat.ports.lake import LakeEntry, Quality, TableEntry

if TYPE_CHECKING:
    from karat.ingest.importer import FileResult

Json = Annotated[bool, Parameter(name="--json", negative="")]
_HASH_DIGITS_SHOWN = 12


def import_data(
    *paths: Path,
    market: str | None = None,
    timeframe: str | None = None,
    accept: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    zone: str | None = None,
    sessions: bool | None = None,
    replace: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Import CSV, Parquet or Feather files, or folders of them, into the lake.

    The whole import becomes visible at once. A file with a defect is refused with line and reason; the others go on.

    Parameters
    ----------
    paths
        Files and folders.
    market
        venue:SYMBOL, where the path does not say it (.../VENUE/TIMEFRAME/SYMBOL.csv does).
    timeframe
        For example 1h, where the folder does not say it; else it is read off the times.
    accept
        Defects to accept, with commas: holes, duplicate, unordered, nan, off_grid, bad_price, high_below_low,
        outside_range, negative_volume, truncated, or all. What is done about them is recorded.
    zone
        The zone of times that carry none, for example +03:00 or Europe/Moscow; UTC when left out.
    sessions
        The market closes at night, as equities do: pauses are no holes.
    replace
        Where the file and the lake differ, the file wins.
    as_json
        Print one JSON object.
    """
    from karat.bots.system_clock import SystemClock
    from karat.ingest.accept import accepted_defects
    from karat.ingest.importer import ImportOptions, import_paths
    from karat.ingest.zones import zone_name

    if not paths:
        raise InputError("no_path", "There is nothing to import.", "Name files or folders: karat data import PATH.")
    options = ImportOptions(
        market=None if market is None else market_id(market),
        timeframe_ms=None if timeframe is None else timeframe_ms(timeframe),
        accepted=accepted_defects(name for names in accept for name in names.split(",")),
        replace=replace,
        sessions=sessions,
        zone=None if zone is None else zone_name(zone),
        now_ms=SystemClock().now_ms(),
    )
    with progress("importing") as status:
        results = import_paths(open_lake(), paths, options, lambda path: status.update(path) if status else None)
    refused = [result for result in results if result.error is not None]
    if as_json:
        show_json(_import_json(results))
    else:
        _show_import(results)
    return EXIT_INPUT if refused else 0


def list_data(*, as_json: Json = False) -> None:
    """List every series in the lake.

    Parameters
    ----------
    as_json
        Print one JSON list of the series of candles, and of all series in quarantine.
    """
    lake = open_lake()
    entries, tables, lost = lake.list(), lake.tables(), lake.quarantined()
    if as_json:
        show_json([_entry_json(entry) for entry in entries] + [quarantined_json(one) for one in lost])
        return
    if entries:
        _show_entries(entries)
    if tables:
        _show_stored(tables)
    if lost:
        show_quarantined(lost)
    if not entries and not tables and not lost:
        say(f"The lake under {karat_home()} is empty. Fill it: karat data import PATH.")


def repair_data(market: str | None = None, *, as_json: Json = False) -> int:
    """Serve again what can be proven of series in quarantine: all of it, or its first whole blocks of 65,536 rows.

    The damaged files stay under quarantine/ of the lake.

    Parameters
    ----------
    market
        Only series of this market or source, as karat data list names it; everything in quarantine when left out.
    as_json
        Print one JSON list.
    """
    lake = open_lake()
    with progress("proving"):
        lake.prove(market)
    if market is not None and not any(one.name.owner == market for one in lake.quarantined()):
        raise InputError("not_in_quarantine", f"Nothing of {market} is in quarantine.", "See karat data list.")
    results = lake.repair(market)
    if as_json:
        show_json([repaired_json(one) for one in results])
    else:
        show_repaired(results)
    return EXIT_INPUT if any(one.rows == 0 for one in results) else 0


def _entry_json(entry: LakeEntry) -> dict[str, Any]:
    return {
        "market": entry.market,
        "timeframe": timeframe_text(entry.timeframe_ms),
        "first": entry.first_ts,
        "last": entry.last_ts,
        "rows": entry.rows,
        "holes": entry.holes,
        "quality": _quality_json(entry.quality),
        "hash": entry.hash,
        "anchor": entry.anchor_ts,
        "vault_start": entry.vault_start_ts,
        "sessions": entry.sessions,
        "funding": entry.has_funding,
        "mark": entry.has_mark,
    }


def _quality_json(quality: Quality) -> dict[str, Any]:
    return {"grade": quality.grade, **asdict(quality)}


def _import_json(results: list[FileResult]) -> dict[str, Any]:
    counts = {
        status: sum(result.status == status for result in results)
        for status in ("imported", "unchanged", "refused", "skipped")
    }
    value: dict[str, Any] = {**counts, "files": [_file_json(result) for result in results]}
    first = next((result.error for result in results if result.error is not None), None)
    if first is not None:
        value["error"] = error_json(first)
    return value


def _file_json(result: FileResult) -> dict[str, Any]:
    value: dict[str, Any] = {
        "path": result.path,
        "status": result.status,
        "kind": result.kind,
        "market": result.market,
        "timeframe": None if result.timeframe_ms is None else timeframe_text(result.timeframe_ms),
        "rows": result.rows,
        "added": result.added,
        "replaced": result.replaced,
        "hash": result.hash,
        "quality": None if result.quality is None else _quality_json(result.quality),
        "table": None if result.table is None else asdict(result.table),
        "note": result.note,
    }
    if result.error is not None:
        value["error"] = {**error_json(result.error), "line": getattr(result.error, "line", 0)}
    return value


def _show_import(results: list[FileResult]) -> None:
    from rich.table import Table

    table = Table("status", "market", "timeframe", "rows", "new", "quality", "hash")
    for result in results:
        if result.quality is None:
            continue
        timeframe = result.kind if result.timeframe_ms is None else timeframe_text(result.timeframe_ms)
        name = f"{timeframe} mark" if result.kind == "mark" else timeframe
        new = str(result.added + result.replaced)
        words = _quality_words(result.quality)
        table.add_row(
            result.status, result.market, name, str(result.rows), new, words, result.hash[:_HASH_DIGITS_SHOWN]
        )
    if table.row_count:
        show(table)
    _show_tables(results)
    for result in results:
        if result.status == "skipped":
            say(f"Skipped {result.path}: {result.note}.")
    for result in results:
        if result.error is not None:
            say(one_line(result.error))


def _show_tables(results: list[FileResult]) -> None:
    from rich.table import Table

    table = Table("status", "series", "of", "variant", "rows", "new", "revised", "note")
    for result in results:
        if result.table is not None:
            name, counts = result.table, (str(result.rows), str(result.added), str(result.replaced))
            table.add_row(result.status, name.kind, name.owner, name.variant, *counts, result.note)
    if table.row_count:
        show(table)


def _quality_words(quality: Quality) -> str:
    parts: list[str] = []
    if quality.holes:
        parts.append(f"{quality.missing_bars} bars missing in {quality.holes} holes")
    if quality.session_gaps:
        parts.append(f"{quality.session_gaps} pauses")
    if quality.zero_volume_bars:
        parts.append(f"{quality.zero_volume_bars} without volume")
    parts += quality.repairs
    if quality.oddities:
        parts.append(f"{len(quality.oddities)} oddities, first: {quality.oddities[0]}")
    return "; ".join(parts) or quality.grade


def _show_stored(entries: tuple[TableEntry, ...]) -> None:
    from rich.table import Table

    table = Table("series", "of", "variant", "from", "to", "rows", "hash")
    for entry in entries:
        name, shown = entry.name, entry.hash[:_HASH_DIGITS_SHOWN]
        table.add_row(name.kind, name.owner, name.variant, iso(entry.first), iso(entry.last), str(entry.rows), shown)
    show(table)


def _show_entries(entries: tuple[LakeEntry, ...]) -> None:
    from rich.table import Table

    table = Table("market", "timeframe", "first bar", "last bar", "rows", "holes", "quality", "also", "hash")
    for entry in entries:
        also = ", ".join(name for name, there in (("funding", entry.has_funding), ("mark", entry.has_mark)) if there)
        table.add_row(
            entry.market,
            timeframe_text(entry.timeframe_ms),
            iso(entry.first_ts),
            iso(entry.last_ts),
            str(entry.rows),
            str(entry.holes),
            entry.quality.grade,
            also,
            entry.hash[:_HASH_DIGITS_SHOWN],
        )
    show(table)
