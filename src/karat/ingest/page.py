"""Bars as a download carries them, and what is accepted of a vendor's answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from karat.core.errors import RetryLater
from karat.core.model.candles import Bools, Candles, Floats, Ints
from karat.core.time import grid_origin_ms, iso
from karat.ports.history import VALUES, Page


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """`ts` int64 and `values` float64 of shape (bars, 5): open, high, low, close, volume."""

    ts: Ints
    values: Floats

    @classmethod
    def none(cls) -> Bars:
        return cls(np.empty(0, np.int64), np.empty((0, len(VALUES))))

    @classmethod
    def of(cls, candles: Candles | None) -> Bars:
        if candles is None:
            return cls.none()
        return cls(candles.ts, np.column_stack([getattr(candles, name) for name in VALUES]))

    @classmethod
    def joined(cls, parts: list[Bars]) -> Bars:
        """Parts one behind the other, as they came."""
        return cls(np.concatenate([part.ts for part in parts]), np.concatenate([part.values for part in parts]))

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, which: Bools | Ints | slice) -> Bars:
        return Bars(self.ts[which], self.values[which])

    def with_bars(self, others: Bars) -> Bars:
        """All bars by time; where both have one, or others have several, the last of the others."""
        if not len(self) and (np.diff(others.ts) > 0).all():
            return others  # as a first download comes: millions of bars that need no sorting
        ts, values = np.concatenate((self.ts, others.ts)), np.concatenate((self.values, others.values))
        order = np.argsort(ts, kind="stable")
        last_of_its_time = np.append(np.diff(ts[order]) != 0, True)[: len(ts)]
        return Bars(ts[order][last_of_its_time], values[order][last_of_its_time])

    def has(self, ts: Ints) -> Bools:
        """Which of these times there are."""
        return held_in(self.ts, ts)

    def at(self, ts: Ints) -> Floats:
        """The values at these times, all of which must be there."""
        return self.values[np.searchsorted(self.ts, ts)]


class Held:
    """Bars that are there already: those of the lake, read where they lie, and over them those of a download that was
    not finished. `ts` are the open times of all."""

    def __init__(self, stored: Candles | None, waiting: Bars) -> None:
        self._stored, self._waiting = stored, waiting
        self.ts = times_of_both(np.empty(0, np.int64) if stored is None else stored.ts, waiting.ts)

    def has(self, ts: Ints) -> Bools:
        """Which of these times there are."""
        return held_in(self.ts, ts)

    def at(self, ts: Ints) -> Floats:
        """The values at these times, all of which must be there."""
        values = np.empty((len(ts), len(VALUES)))
        new = self._waiting.has(ts)
        values[new] = self._waiting.at(ts[new])
        if self._stored is not None:
            bars = np.searchsorted(self._stored.ts, ts[~new])
            values[~new] = np.column_stack([getattr(self._stored, name)[bars] for name in VALUES])
        return values


def times_of_both(one: Ints, other: Ints) -> Ints:
    """The times of two rising rows of times, rising, each once."""
    if not len(other):
        return one
    if not len(one) or other[0] > one[-1]:
        return np.concatenate((one, other))
    ts = np.sort(np.concatenate((one, other)), kind="stable")
    return ts[np.append(np.diff(ts) != 0, True)]


def held_in(have: Ints, ts: Ints) -> Bools:
    """Which of `ts` are among the rising times `have`."""
    if not len(have):
        return np.zeros(len(ts), np.bool_)
    return have[np.minimum(np.searchsorted(have, ts), len(have) - 1)] == ts


def are_sound(ts: Ints, values: Floats, timeframe_ms: int) -> Bools:
    """Which bars can be bars: on the grid, finite, prices above 0, low lowest and high highest, volume not negative."""
    on_grid = (ts > 0) & ((ts - grid_origin_ms(timeframe_ms)) % timeframe_ms == 0)
    opened, high, low, closed, volume = values.T
    with np.errstate(invalid="ignore"):
        prices = (low > 0) & (low <= np.minimum(opened, closed)) & (high >= np.maximum(opened, closed))
        return on_grid & np.isfinite(values).all(axis=1) & prices & (volume >= 0)


def sound_bars(ts: Ints, values: Floats, timeframe_ms: int) -> Bars:
    """The sound ones of rows in any order, by time; of several with one time the last."""
    sound = are_sound(ts, values, timeframe_ms)
    return Bars.none().with_bars(Bars(ts[sound], values[sound]))


def accept(page: Page, timeframe_ms: int, before_ms: int, venue: str) -> Bars:
    """The bars of an answer that were asked for and have closed (`ts < before_ms`), in order, each once.

    Raises RetryLater `vendor_garbled` when one is no bar at all, or two of one time contradict each other.
    """
    asked = (page.ts >= page.from_ms) & (page.ts < min(page.to_ms, before_ms))
    ts, values = page.ts[asked], page.values[asked]
    unsound = ~are_sound(ts, values, timeframe_ms)
    if unsound.any():
        raise garbled(venue, f"the bar of {iso(int(ts[np.argmax(unsound)]))} cannot be one")
    order = np.argsort(ts, kind="stable")
    ts, values = ts[order], values[order]
    again = np.diff(ts) == 0
    if (again & (values[1:] != values[:-1]).any(axis=1)).any():
        raise garbled(venue, f"it holds two bars of {iso(int(ts[1:][np.argmax(again)]))}")
    once = np.append(~again, True)[: len(ts)]
    return Bars(ts[once], values[once])


def garbled(venue: str, why: str) -> RetryLater:
    """An answer that cannot be understood."""
    hint = "Nothing was kept of that answer. Try again later."
    return RetryLater("vendor_garbled", f"{venue} sent an answer that makes no sense: {why}.", hint)
