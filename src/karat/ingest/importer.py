"""Import files into the lake, all in one change: readers see the whole import or nothing of it.

Each file is read, inspected and joined on its own. A file that is refused leaves the lake as it was; the others of the
same import go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from polars import Series

from karat.core.errors import DataRefused, InputError, NeedsOperator
from karat.core.ids import MarketId
from karat.core.model.candles import CANDLE_COLUMNS, Candles, Floats, Funding
from karat.core.model.table import TableName
from karat.ingest.action_files import KIND as ACTIONS
from karat.ingest.action_files import holds_actions, store_actions
from karat.ingest.columns import CANDLE_NAMES, FUNDING_NAMES, MARK_NAMES, numbers, pick
from karat.ingest.event_files import store_events
from karat.ingest.funding import inspect_funding
from karat.ingest.inspect import Inspection, bars_missing, inspect_candles, start
from karat.ingest.join import Columns, join
from karat.ingest.listing_files import KIND as LISTINGS
from karat.ingest.listing_files import store_listings
from karat.ingest.paths import EVENT_KINDS, SERIES_KINDS, PathFacts, facts_of, stem, walk, why_not_data
from karat.ingest.series_files import Stored, is_long_form, store_series
from karat.ingest.table import Table, read_table
from karat.ingest.zones import read_times
from karat.lake.blocks import content_hash
from karat.lake.names import FUNDING, series_name
from karat.lake.quality import find_holes, measure
from karat.ports.lake import Lake, LakeChange, Quality

_ALREADY = "already in the lake"

Status = Literal["imported", "unchanged", "refused", "skipped"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says beside the paths; None leaves it to the path, the data and the lake.

    `now_ms` is the time from which values that revise those in the lake are known.
    """

    market: MarketId | None = None
    timeframe_ms: int | None = None
    accepted: frozenset[str] = frozenset()
    replace: bool = False
    sessions: bool | None = None
    zone: str | None = None
    now_ms: int = 0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file, or of one of the series in it. `rows` of the series after it, `added` and `replaced`
    rows by it. `table` names the series where it is neither candles nor funding."""

    path: str
    status: Status
    kind: str = ""
    market: MarketId | None = None
    timeframe_ms: int | None = None
    rows: int = 0
    added: int = 0
    replaced: int = 0
    hash: str = ""
    quality: Quality | None = None
    note: str = ""
    error: InputError | None = None
    table: TableName | None = None


def import_paths(
    lake: Lake, paths: Iterable[Path], options: ImportOptions, progress: Callable[[str], None] = lambda _: None
) -> list[FileResult]:
    """Import files and folders. Results come in the order of the files; refusals are among them.

    Raises InputError `path_not_found`, `nothing_to_import` or `several_markets`, RetryLater `lake_busy` or
    `disk_full`; then nothing changed.
    """
    files = list(walk(paths))
    if not any(named or why_not_data(path) is None for path, named in files):
        hint = "Give CSV, Parquet or Feather files, or a folder that holds some."
        raise InputError("nothing_to_import", "There is no file of market data there.", hint)
    if options.market is not None:
        _refuse_one_name_for_several(options.market, (path for path, _ in files if why_not_data(path) is None))
    results: list[FileResult] = []
    with lake.change() as change:
        for path, named in files:
            reason = why_not_data(path)
            if reason is not None and not named:
                results.append(FileResult(str(path), "skipped", note=reason))
                continue
            progress(str(path))
            results += _import_file(change, path, options)
    return results


def _refuse_one_name_for_several(market: MarketId, paths: Iterable[Path]) -> None:
    """One name given for files whose paths name several markets would mix them into one."""
    named = sorted({facts.market for facts in map(facts_of, paths) if facts.market is not None})
    if len(named) > 1:
        message = f"--market {market} is given for files of {', '.join(named[:3])}{' and others' * (len(named) > 3)}."
        raise InputError("several_markets", message, "Leave out --market, or import one of them.")


def _import_file(change: LakeChange, path: Path, options: ImportOptions) -> list[FileResult]:
    facts = PathFacts("candles", options.market, options.timeframe_ms, options.sessions)
    try:
        facts = _told_facts(path, options)
        table = read_table(path, options.accepted)
        if facts.kind in SERIES_KINDS or (facts.kind == "funding" and is_long_form("funding_rate", table)):
            return _import_series(change, table, facts, options)
        if facts.kind == LISTINGS:
            stored = store_listings(change, table, stem(path), zone=options.zone, now_ms=options.now_ms)
            return [_stored_result(table, stored)]
        facts = _with_market(path, facts)
        if facts.kind == ACTIONS or (facts.kind == "candles" and holds_actions(table)):
            return _import_actions(change, table, facts, options)
        if facts.kind in EVENT_KINDS:
            return [_import_events(change, table, facts, options)]
        if facts.kind == "funding":
            return [_import_funding(change, table, facts, options)]
        return [_import_bars(change, table, facts, options)]
    except DataRefused as refusal:
        return [FileResult(str(path), "refused", facts.kind, facts.market, facts.timeframe_ms, error=refusal)]
    except NeedsOperator as error:
        if error.code != "series_quarantined":
            raise
        refusal = DataRefused(error.code, str(path), 0, error.message.rstrip("."), error.hint)
        return [FileResult(str(path), "refused", facts.kind, facts.market, facts.timeframe_ms, error=refusal)]


def _told_facts(path: Path, options: ImportOptions) -> PathFacts:
    """What path and options say together; the options win."""
    reason = why_not_data(path)
    if reason is not None:
        hint = "Import candles, mark prices, funding rates, trades, books or alternative series."
        raise DataRefused("not_market_data", str(path), 0, reason, hint)
    facts = facts_of(path)
    sessions = facts.sessions if options.sessions is None else options.sessions
    return PathFacts(facts.kind, options.market or facts.market, options.timeframe_ms or facts.timeframe_ms, sessions)


def _with_market(path: Path, facts: PathFacts) -> PathFacts:
    if facts.market is None:
        hint = "Add --market venue:SYMBOL, or lay it as <venue>/<timeframe>/<SYMBOL>.csv."
        raise DataRefused("market_unknown", str(path), 0, "neither path nor options name the market", hint)
    return facts


def _import_series(change: LakeChange, table: Table, facts: PathFacts, options: ImportOptions) -> list[FileResult]:
    kind = "funding_rate" if facts.kind == "funding" else facts.kind
    stored = store_series(
        change,
        table,
        kind,
        stem(Path(table.path)),
        zone=options.zone,
        replace=options.replace,
        now_ms=options.now_ms,
    )
    return [_stored_result(table, one) for one in stored]


def _import_events(change: LakeChange, table: Table, facts: PathFacts, options: ImportOptions) -> FileResult:
    assert facts.market is not None, "agreed facts name the market"
    return _stored_result(
        table, store_events(change, table, facts.kind, facts.market, zone=options.zone, replace=options.replace)
    )


def _import_actions(change: LakeChange, table: Table, facts: PathFacts, options: ImportOptions) -> list[FileResult]:
    assert facts.market is not None, "agreed facts name the market"
    stored = store_actions(change, table, facts.market, zone=options.zone, replace=options.replace)
    return [_stored_result(table, one) for one in stored]


def _stored_result(table: Table, one: Stored) -> FileResult:
    return FileResult(
        table.path,
        "imported" if one.added else "unchanged",
        one.name.kind,
        rows=one.rows,
        added=one.added - one.revised,
        replaced=one.revised,
        note=one.note if one.added else _ALREADY,
        table=one.name,
    )


def _import_bars(change: LakeChange, table: Table, facts: PathFacts, options: ImportOptions) -> FileResult:
    assert facts.market is not None, "agreed facts name the market"
    market, is_mark = facts.market, facts.kind == "mark"
    told = facts.sessions if facts.sessions is not None else change.sessions(market)
    sessions = told is True
    inspection = _begin(table, options, is_mark=is_mark)
    candles = inspect_candles(inspection, market, facts.timeframe_ms, sessions=sessions)
    old = None
    if not (options.replace and change.quarantined(series_name(facts.kind, market, candles.timeframe_ms))):
        old = (change.mark if is_mark else change.candles)(market, candles.timeframe_ms)
    before = change.quality(market, candles.timeframe_ms) if not is_mark else None
    if before is not None and before.simulated:
        hint = "Import under another name: --market venue:SYMBOL."
        raise DataRefused("simulated_market", table.path, 0, f"{market} holds simulated bars in the lake", hint)
    old_columns = None if old is None else _columns(old)
    joined = join(table, old_columns, _columns(candles), inspection.row, replace=options.replace)
    whole = Candles(market, candles.timeframe_ms, **joined.columns)
    if old is not None and not sessions:
        _refuse_gap_between(inspection, old, candles, whole)
    quality = _noted(measure(whole, sessions=sessions), before, inspection, is_mark=is_mark)
    result = FileResult(table.path, "unchanged", facts.kind, market, candles.timeframe_ms, len(whole))
    if joined.added == 0 and joined.replaced == 0:
        return replace(result, hash=content_hash(_columns(whole)), quality=before or quality, note=_ALREADY)
    content = change.put_mark(whole, quality) if is_mark else change.put_candles(whole, quality, sessions=sessions)
    return replace(
        result, status="imported", added=joined.added, replaced=joined.replaced, hash=content, quality=quality
    )


def _begin(table: Table, options: ImportOptions, *, is_mark: bool) -> Inspection:
    picked = pick(table, MARK_NAMES if is_mark else CANDLE_NAMES)
    values = {name: numbers(table, series) for name, series in picked.items() if name != "ts"}
    if is_mark:
        values["volume"] = values["open"] * 0.0
    return _started(table, picked["ts"], values, options)


def _started(table: Table, stamps: Series, values: dict[str, Floats], options: ImportOptions) -> Inspection:
    ts, there = read_times(table, stamps, options.zone)
    inspection = start(table, options.accepted, ts, there, values)
    if options.zone is not None:
        inspection.repairs.append(f"times were read as {options.zone} and turned to UTC")
    return inspection


def _import_funding(change: LakeChange, table: Table, facts: PathFacts, options: ImportOptions) -> FileResult:
    assert facts.market is not None, "agreed facts name the market"
    picked = pick(table, FUNDING_NAMES)
    inspection = _started(table, picked["ts"], {"rate": numbers(table, picked["rate"])}, options)
    inspect_funding(inspection)
    lost = options.replace and change.quarantined(series_name(FUNDING, facts.market))
    old = None if lost else change.funding(facts.market)
    old_columns = None if old is None else {"ts": old.ts, "rate": old.rate}
    joined = join(table, old_columns, dict(inspection.columns), inspection.row, replace=options.replace)
    rows = len(joined.columns["ts"])
    quality = _noted(Quality(), None, inspection, is_mark=False)
    result = FileResult(table.path, "unchanged", "funding", facts.market, None, rows, quality=quality)
    if joined.added == 0 and joined.replaced == 0:
        return replace(result, hash=content_hash(joined.columns), note=_ALREADY)
    funding = Funding(joined.columns["ts"], joined.columns["rate"], joined.columns["rate"] * float("nan"))
    content = change.put_funding(facts.market, funding, quality)
    return replace(result, status="imported", added=joined.added, replaced=joined.replaced, hash=content)


def _refuse_gap_between(inspection: Inspection, old: Candles, new: Candles, whole: Candles) -> None:
    """A hole that neither side has by itself lies between them: the file does not reach what the lake has."""
    if "holes" in inspection.accepted:
        return
    step = whole.timeframe_ms
    known = {hole.ts for hole in (*find_holes(old.ts, step), *find_holes(new.ts, step))}
    between = [hole for hole in find_holes(whole.ts, step) if hole.ts not in known]
    if between:
        reason = f"{bars_missing(between[0].bars)} between this file and the lake"
        inspection.table.refuse("holes", -1, reason, "Import the bars between first, or --accept holes.")


def _noted(measured: Quality, before: Quality | None, inspection: Inspection, *, is_mark: bool) -> Quality:
    """The measured quality with what was accepted, repaired and read, now and in earlier imports of the series."""
    earlier = before or Quality()
    source = "/".join(Path(inspection.table.path).parts[-3:])
    repairs = tuple(f"{source}: {text}" for text in (*inspection.table.repairs, *inspection.repairs))
    accepted = {*earlier.accepted, *inspection.accepted} if measured.holes or repairs else earlier.accepted
    oddities = () if is_mark else (*measured.oddities, *(f"{source}: {text}" for text in inspection.table.oddities))
    return replace(
        measured,
        zero_volume_bars=0 if is_mark else measured.zero_volume_bars,
        accepted=tuple(sorted(accepted)),
        repairs=tuple(dict.fromkeys((*earlier.repairs, *repairs))),
        oddities=oddities,
        sources=tuple(dict.fromkeys((*earlier.sources, source))),
    )


def _columns(candles: Candles) -> Columns:
    return {name: getattr(candles, name) for name in CANDLE_COLUMNS}
