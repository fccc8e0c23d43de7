"""Check series of the lake, each among everything the lake has to compare it with, and files before they are imported.

1. Peers are the other symbols of the venue at the series' timeframe, else at the nearest other one.
2. Elsewhere are markets of other venues with the same asset, quoted in dollars of any kind, at the series' timeframe or
   the next at which both have bars (built from finer ones where need be).
3. Finer are the market's own stored finer timeframes, built up to the series'.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import timeframe_text
from karat.ingest.check_report import SeriesReport
from karat.ingest.clockwork import check_timeframe
from karat.ingest.columns import CANDLE_NAMES, numbers, pick
from karat.ingest.paths import facts_of
from karat.ingest.table import read_table
from karat.ingest.zones import read_times
from karat.lake.adjust import DIVIDEND, SPLIT, adjusted, steps_of, stored_actions
from karat.lake.resample import resample
from karat.ports.lake import Lake, LakeEntry
from karat.quality.checks import ALONE, Surroundings, all_findings
from karat.quality.coverage import coverage_of
from karat.quality.findings import Finding
from karat.quality.holes import hole_findings
from karat.quality.score import score_of
from karat.quality.timeframes import Built

_DOLLARS = re.compile(r"(?<=[A-Z0-9])[-/]?(USDT|USDC|BUSD|USD|PERP)$")


def asset_of(market: MarketId) -> str:
    """The asset of a market, where it is quoted in dollars of any kind: BTC of BTCUSDT, BTCUSD_yahoo and BTC-PERP; else
    the whole symbol."""
    symbol = symbol_of(market).partition("_")[0]
    return _DOLLARS.sub("", symbol)


def check_series(lake: Lake, entry: LakeEntry) -> SeriesReport:
    """Check one stored series of candles among its surroundings in the lake."""
    candles = lake.candles(entry.market, entry.timeframe_ms)
    around = surroundings(lake, entry)
    steps = steps_of(candles, stored_actions(lake, entry.market)[0], 0, len(candles))
    findings = all_findings(
        candles, around, sessions=entry.sessions, adjusted=adjusted(candles, steps) if steps else None
    )
    report = _report(candles, findings, around, hash_=entry.hash, sessions=entry.sessions)
    kinds = Counter(step.action.kind for step in steps)
    return replace(report, splits=kinds[SPLIT], dividends=kinds[DIVIDEND])


def holes_told_apart(lake: Lake, entry: LakeEntry) -> list[Finding]:
    """The holes of a stored series, each with whether other symbols of the venue have bars then."""
    peers = [lake.candles(one.market, one.timeframe_ms) for one in _peers(lake, entry)]
    return hole_findings(lake.candles(entry.market, entry.timeframe_ms), peers, sessions=entry.sessions)


def check_file(path: Path) -> SeriesReport:
    """Check a file of candles as it is, without importing it: nothing is refused that can be read at all.

    Raises DataRefused where it holds no columns of candles.
    """
    table = read_table(path, frozenset())
    facts = facts_of(path)
    picked = pick(table, CANDLE_NAMES)
    ts, there = read_times(table, picked["ts"], None)
    values = {name: numbers(table, picked[name])[there] for name in CANDLE_COLUMNS[1:]}
    ts = ts[there]
    if len(ts) < 2:
        raise InputError("empty", f"{path} holds fewer than two bars.", "There is nothing to check.")
    timeframe = facts.timeframe_ms or check_timeframe(table, np.unique(ts), None)
    market = facts.market or MarketId(f"file:{path.name.partition('.')[0]}")
    candles = Candles(market, timeframe, ts, **values)
    sessions = facts.sessions is True
    return _report(candles, all_findings(candles, ALONE, sessions=sessions), ALONE, hash_="", sessions=sessions)


def surroundings(lake: Lake, entry: LakeEntry) -> Surroundings:
    """Everything in the lake that `entry` can be compared with."""
    peers = [lake.candles(one.market, one.timeframe_ms) for one in _peers(lake, entry)]
    elsewhere = [pair for other in _same_asset(lake, entry) if (pair := _pair(lake, entry, other)) is not None]
    finer = [
        built
        for one in lake.list()
        if one.market == entry.market and one.timeframe_ms < entry.timeframe_ms
        if entry.timeframe_ms % one.timeframe_ms == 0 and not entry.sessions  # a day of a session is never full
        if (built := _built(lake.candles(one.market, one.timeframe_ms), entry.timeframe_ms)) is not None
    ]
    return Surroundings(peers, elsewhere, finer)


def _peers(lake: Lake, entry: LakeEntry) -> list[LakeEntry]:
    """For each other symbol of the venue its series nearest in timeframe, finer ones first."""
    nearest: dict[MarketId, LakeEntry] = {}
    for one in sorted(lake.list(), key=lambda one: (one.timeframe_ms > entry.timeframe_ms, -one.timeframe_ms)):
        if one.market != entry.market and venue_of(one.market) == venue_of(entry.market):
            nearest.setdefault(one.market, one)
    return list(nearest.values())


def _same_asset(lake: Lake, entry: LakeEntry) -> list[MarketId]:
    wanted = asset_of(entry.market)
    markets = sorted({one.market for one in lake.list() if one.market != entry.market})
    return [one for one in markets if asset_of(one) == wanted]


def _pair(lake: Lake, entry: LakeEntry, other: MarketId) -> tuple[Candles, Candles] | None:
    """The entry's bars and those of `other` at the finest timeframe at which they overlap; None where they do not."""
    stored = {one.timeframe_ms for one in lake.list() if one.market == other}
    own = lake.candles(entry.market, entry.timeframe_ms)
    for length in sorted({entry.timeframe_ms} | {one for one in stored if one % entry.timeframe_ms == 0}):
        if not lake.has(other, length):
            continue
        built, its = _built(own, length), lake.candles(other, length)
        if built is not None and built.candles.ts[0] <= its.ts[-1] and its.ts[0] <= built.candles.ts[-1]:
            return built.candles, its
    return None


def _built(candles: Candles, timeframe_ms: int) -> Built | None:
    try:
        coarse, _ = resample(candles, timeframe_ms)
    except InputError:
        return None  # not one whole bar: there is nothing to compare
    first = np.searchsorted(candles.ts, coarse.ts)
    bars = np.searchsorted(candles.ts, coarse.ts + timeframe_ms) - first
    return Built(coarse, bars == timeframe_ms // candles.timeframe_ms, candles.timeframe_ms)


def _report(
    candles: Candles, findings: tuple[Finding, ...], around: Surroundings, *, hash_: str, sessions: bool
) -> SeriesReport:
    coverage = coverage_of(candles, sessions=sessions)
    compared = sorted({one.market for one in (*around.peers, *(other for _, other in around.elsewhere))})
    return SeriesReport(
        market=candles.market,
        kind="candles",
        variant=timeframe_text(candles.timeframe_ms),
        timeframe_ms=candles.timeframe_ms,
        rows=len(candles),
        first_ts=int(candles.ts.min()),
        last_ts=int(candles.ts.max()),
        hash=hash_,
        coverage=coverage,
        score=score_of(findings, coverage.expected),
        findings=findings,
        compared=tuple(compared),
    )
