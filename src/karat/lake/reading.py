"""The one way in which a backtest, a sweep, a bot and an explanation read the candles of a market.

1. Raw bars come from the lake at the timeframe in which they are stored. From before a renaming come those of the old
   name, where the range is asked to begin there.
2. Splits, dividends and renamings make them the shares of the range's first bar (`karat.lake.adjust`).
3. What then still looks like a split is refused: somebody has to say what happened on that day.
4. Coarser bars are built last, so that none mixes two kinds of shares.
5. The instrument has tick and lot of the time of the first bar, where a record of listings knows them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import MarketId, venue_of
from karat.core.instruments import instrument_for
from karat.core.instruments.listings import Listings
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.model.instrument import Instrument
from karat.core.time import iso, timeframe_text
from karat.lake.adjust import RENAME, SPLIT, Adjustment, adjusted, steps_of, stored_actions
from karat.lake.listings import listings_of
from karat.lake.refusals import range_without_data
from karat.lake.resample import resample
from karat.ports.history import Action
from karat.ports.lake import Lake, LakeEntry
from karat.quality.splits import level_findings


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Bars of a market as they are traded on. `instrument` counts in the same shares. `adjustment` is None for a market
    that never closes and has no splits. `entry` is that of the lake; its vault begins where any vault that was read
    begins, those of old names included."""

    entry: LakeEntry
    candles: Candles
    instrument: Instrument
    adjustment: Adjustment | None


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """All raw bars of a market at their stored timeframe, its renamings as actions, where its first vault begins."""

    bars: Candles
    renamings: tuple[Action, ...]
    vault_start_ts: int


def read_market(
    lake: Lake, market: MarketId, timeframe_ms: int, from_ms: int | None = None, to_ms: int | None = None
) -> Reading:
    """The bars of `market` with `from_ms <= ts < to_ms`, in the shares of the first of them.

    Raises what `Lake.candles_between` raises, and InputError `split_unexplained`, `bar_spans_action`,
    `action_impossible`, `renamed`, `two_markets`.
    """
    entry, listings = lake.entry(market, timeframe_ms), listings_of(lake, venue_of(market))
    actions, stored = stored_actions(lake, market)
    whole = _whole(lake, entry, listings, from_ms)
    actions += whole.renamings
    bars = whole.bars
    built = bars if entry.resampled_from_ms is None else resample(bars, timeframe_ms)[0]
    first, stop = _rows(built, from_ms, to_ms)
    if first >= stop:
        raise range_without_data(entry, from_ms, to_ms)
    begin, end = _rows(bars, int(built.ts[first]), int(built.ts[stop - 1]) + timeframe_ms)
    adjustment = Adjustment(steps_of(bars, actions, begin, end), stored)
    if adjustment.steps:
        bars = adjusted(bars, adjustment.steps)
        built = bars if entry.resampled_from_ms is None else resample(bars, timeframe_ms)[0]
    _refuse_two_markets(listings, market, int(built.ts[first]), int(built.ts[stop - 1]))
    if entry.sessions:
        _refuse_unexplained(bars[begin:end], adjustment)
    instrument = _at_its_time(instrument_for(market, whole.bars[begin:end]), listings, int(built.ts[first]))
    return Reading(
        replace(entry, vault_start_ts=whole.vault_start_ts),
        built[first:stop],
        in_first_shares(instrument, adjustment),
        adjustment if entry.sessions or actions else None,
    )


def stored_bars(
    lake: Lake, market: MarketId, timeframe_ms: int, from_ms: int | None = None, to_ms: int | None = None
) -> Candles:
    """The raw bars of that range at the timeframe in which they are stored, from which the range is read."""
    entry = lake.entry(market, timeframe_ms)
    bars = _whole(lake, entry, listings_of(lake, venue_of(market)), from_ms).bars
    first, stop = _rows(bars, from_ms, to_ms)
    if first >= stop:
        raise range_without_data(entry, from_ms, to_ms)
    return bars[first:stop]


def in_first_shares(instrument: Instrument, adjustment: Adjustment) -> Instrument:
    """The instrument with the finest tick and lot of the range, counted in shares of its first bar.

    One share of a time with n times as many is an n-th of a share here, and a cent after a reverse split is less than
    one. Between those times both are finer than the venue's.
    """
    tick, lot = instrument.tick * adjustment.price_least, instrument.lot / adjustment.shares_most
    if (tick, lot) == (instrument.tick, instrument.lot):
        return instrument
    least = instrument.min_quantity / adjustment.shares_most
    source = f"{instrument.source}; tick and lot in shares of the first bar"
    return replace(instrument, tick=tick, lot=lot, min_quantity=least, source=source)


def _at_its_time(instrument: Instrument, listings: Listings, first_ts: int) -> Instrument:
    """The instrument with tick and lot as they were at the first bar, where the record knows them."""
    grid = listings.grid(instrument.market, first_ts)
    if grid is None:
        return instrument
    tick, lot = grid[0], grid[1] / instrument.contract_size
    tick, lot = (old if isnan(new) else new for new, old in ((tick, instrument.tick), (lot, instrument.lot)))
    source = f"{instrument.source}; tick and lot of {iso(first_ts)[:10]}: record of listings"
    least = lot if instrument.min_quantity == instrument.lot else max(instrument.min_quantity, lot)
    return replace(instrument, tick=tick, lot=lot, min_quantity=least, source=source)


def _whole(lake: Lake, entry: LakeEntry, listings: Listings, from_ms: int | None) -> _Whole:
    """The bars under the market's own name, and before them those under the names it had, back to `from_ms`."""
    length, vault_start_ts = entry.resampled_from_ms or entry.timeframe_ms, entry.vault_start_ts
    parts, actions = [lake.candles(entry.market, length)], list[Action]()
    for name in listings.names_before(entry.market):
        if from_ms is None or from_ms >= name.ts or parts[0].ts[0] < name.ts:
            break  # not asked for, or the venue carried the history over to the new name
        if not lake.has(name.market, length):
            raise _renamed(entry.market, name.market, name.ts, length)
        old = lake.candles(name.market, length)
        parts.insert(0, old[: int(np.searchsorted(old.ts, name.ts))])
        actions.append(Action(name.ts, RENAME, name.ratio))
        vault_start_ts = min(vault_start_ts, lake.entry(name.market, length).vault_start_ts)
        if not len(parts[0]):
            raise _renamed(entry.market, name.market, name.ts, length)
    if len(parts) == 1:
        return _Whole(parts[0], (), vault_start_ts)
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in CANDLE_COLUMNS}
    return _Whole(Candles(entry.market, length, **columns), tuple(actions), vault_start_ts)


def _renamed(market: MarketId, old: MarketId, ts: int, length: int) -> InputError:
    message = f"{market} was called {old} until {iso(ts)}, and the lake has no {timeframe_text(length)} bars of {old}."
    return InputError("renamed", message, f"Import those of {old}, or begin at {iso(ts)}.")


def _refuse_two_markets(listings: Listings, market: MarketId, first_ts: int, last_ts: int) -> None:
    """A name that a venue gave to another market after the first one had ended."""
    found = listings.two_under_one_name(market, first_ts, last_ts)
    if found is not None:
        ended, began = (iso(moment) for moment in found)
        message = f"{market} ended {ended}, and another market has its name since {began}."
        raise InputError("two_markets", message, f"Read one of them: --to {ended} or --from {began}.")


def _refuse_unexplained(bars: Candles, adjustment: Adjustment) -> None:
    """A change of level that looks like a split and is none that the lake knows. A split of 1 says: there was none."""
    looked_at = {step.ts for step in adjustment.steps if step.action.kind == SPLIT and step.action.value == 1.0}
    for found in level_findings(bars, sessions=True):
        if found.name == "split" and found.from_ms not in looked_at:
            message = (
                f"{bars.market} {found.what.partition(': ')[2]} on {iso(found.from_ms)[:10]}, unknown to the lake."
            )
            hint = (
                "Import its splits (karat data import FILE, columns ts,kind,value; a split of 1 says that there was "
                "none), or begin after it."
            )
            raise InputError("split_unexplained", message, hint)


def _rows(candles: Candles, from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    first = 0 if from_ms is None else int(np.searchsorted(candles.ts, from_ms))
    return first, len(candles) if to_ms is None else int(np.searchsorted(candles.ts, to_ms))
