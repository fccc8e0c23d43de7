"""The market a strategy sees: read-only columns, indicators cached per argument set, other series joined as of a time.

1. Candles are columns of one length. Nothing handed out can be written to, and nothing is ever recomputed in place.
2. `indicator` looks a name up in the catalogue and keeps the result; every variant of a sweep shares it.
3. `series` joins another series by when it became known, never by its own date.
4. A market holds of each series only what was available at the close of its last bar. A slice is a new market with an
   empty cache and its series cut anew, raw; otherwise a value computed from the whole history would be found in the
   cache of its own past, and every leak would pass the checker.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.indicators.catalogue import Indicator
from karat.core.model.candles import Bools, Candles, Floats, Funding, Ints, Series, no_funding
from karat.strategies.asking import Arguments, Question, question, record_of
from karat.strategies.cache import ArrayCache, float_column
from karat.strategies.compiled_signals import bars_without_trade
from karat.strategies.joins import as_of, funding_series, funding_until, known_until
from karat.strategies.shortcuts import IndicatorShortcuts

Sources = NDArray[Any] | tuple[NDArray[Any], ...]
CACHE_BYTES_MAX = 256 * 2**20  # 3,800 indicators of a year of hours; a sweep's grids ask for tens to hundreds
_BEFORE_ALL_MS = -(2**63)
_NO_FUNDING = funding_until(no_funding(), _BEFORE_ALL_MS)


class Market(IndicatorShortcuts):
    """One market as a strategy sees it. Arrays have shape (bars,), are read-only, and belong to this object.

    `funding` and `series` are kept raw, as far as they were available at the close of the last bar; a strategy gets
    them joined through `series`, or raw through `observations`. Safe to share between threads.
    """

    def __init__(
        self,
        candles: Candles,
        funding: Funding | None = None,
        series: Iterable[Series] = (),
        *,
        cache_bytes_max: int = CACHE_BYTES_MAX,
    ) -> None:
        self._candles = candles
        decided = int(candles.ts[-1]) + candles.timeframe_ms if len(candles) else _BEFORE_ALL_MS
        self._funding = _NO_FUNDING if funding is None else funding_until(funding, decided)
        raw = {one.name: known_until(one, decided) for one in series}
        if "funding" in raw:
            raise ValueError("funding is given as Funding, not as one of the series")
        if funding is not None:
            raw["funding"] = funding_series(self._funding)
        self._raw: Mapping[str, Series] = MappingProxyType(raw)
        self._cache_bytes_max = cache_bytes_max
        self._cache = ArrayCache(
            cache_bytes_max,
            {
                "open": candles.open,
                "high": candles.high,
                "low": candles.low,
                "close": candles.close,
                "volume": candles.volume,
            },
        )

    def __len__(self) -> int:
        return len(self._candles)

    def __getitem__(self, bars: slice) -> Market:
        """The market of those bars, as it was known at the close of the last of them. Bars may not be skipped."""
        first, stop, step = bars.indices(len(self))
        if step != 1:
            raise ValueError("a market is cut into consecutive bars; slice it without a step")
        funding = self._funding if "funding" in self._raw else None
        return Market(self._candles[first:stop], funding, self.raw_series, cache_bytes_max=self._cache_bytes_max)

    @property
    def candles(self) -> Candles:
        """The columns as one record, for code outside a strategy."""
        return self._candles

    @property
    def funding(self) -> Funding:
        """The funding stamps as they were given, for code outside a strategy; none when there is no funding."""
        return self._funding

    @property
    def raw_series(self) -> tuple[Series, ...]:
        """Every series but funding as it was given, for code outside a strategy."""
        return tuple(one for name, one in self._raw.items() if name != "funding")

    @property
    def market_id(self) -> MarketId:
        return self._candles.market

    @property
    def timeframe_ms(self) -> int:
        return self._candles.timeframe_ms

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the series this market has beside its candles."""
        return tuple(self._raw)

    @property
    def ts(self) -> Ints:
        """Open times of the bars, UTC milliseconds. A bar is known one timeframe later."""
        return self._give("ts", self._candles.ts)

    @property
    def open(self) -> Floats:
        return self._give("open", self._candles.open)

    @property
    def high(self) -> Floats:
        return self._give("high", self._candles.high)

    @property
    def low(self) -> Floats:
        return self._give("low", self._candles.low)

    @property
    def close(self) -> Floats:
        return self._give("close", self._candles.close)

    @property
    def volume(self) -> Floats:
        """Base units traded in the bar (spot, linear)."""
        return self._give("volume", self._candles.volume)

    def indicator(self, name: str, *, of: Sources | None = None, **parameters: int | float) -> Any:
        """Indicator `name` of the catalogue: an array, or a named tuple of arrays when it has several outputs.

        `of` takes the place of its input: one array with a value per bar, or a tuple of as many as it has inputs. NaN
        before the first bar at which it is defined. Raises InputError `unknown_indicator`,
        `unknown_indicator_parameter`, `bad_indicator_input` or what the indicator itself refuses.
        """
        asked = question(name, *parameters.items())
        if of is None:
            result = self._cache.get(asked.key)
            if result is None:
                own = [getattr(self._candles, column) for column in asked.spec.inputs]
                result = self._computed(asked.key, asked, own)
            return self._give_indicator(asked.spec, asked.arguments, (), result)
        sources = of if isinstance(of, tuple) else (of,)
        labels = tuple(self._cache.label(array) for array in sources)
        key = (asked.key, labels)
        result = self._cache.get(key)
        if result is None:
            result = self._computed(key, asked, self._inputs(asked.spec, sources))
        return self._give_indicator(asked.spec, asked.arguments, labels, result)

    def series(self, name: str) -> Floats:
        """Series `name` joined to the bars: the newest value available at each bar's close, NaN before the first.

        Raises InputError `input_missing` when this market has no such series.
        """
        key = ("series", name)
        joined = self._cache.get(key)
        if joined is None:
            joined = as_of(self._raw_series(name), self._candles.ts + self._candles.timeframe_ms)
            joined = self._cache.keep(key, joined, (joined,))
        return self._give(f"series {name}", joined)

    def observations(self, name: str) -> Series:
        """Series `name` as it came, one element per observation: `ts`, `available_at`, `value`. Merging it to bars by
        `ts` looks into the future; prefer `series`. Raises InputError `input_missing`."""
        raw = self._raw_series(name)
        columns = {
            key: self._give(f"observations {name}.{key}", getattr(raw, key)) for key in ("ts", "available_at", "value")
        }
        return replace(raw, **columns)

    def bars_without_trade(self) -> Ints:
        """How many bars in a row, up to and including this one, were frozen (no range, close unmoved) or had no volume.

        A market that has shown no volume yet (an index) is judged by its prices alone.
        """
        return self._give("bars_without_trade", self._idle())

    def awake(self, window: int) -> Bools:
        """True where something was traded within the last `window` bars. An indicator over a window in which nothing
        was traded says nothing, so no entry may follow from it."""
        key = ("awake", window)
        awake = self._cache.get(key)
        if awake is None:
            awake = self._idle() < window
            awake = self._cache.keep(key, awake, (awake,))
        return self._give(f"awake({window})", awake)

    def _idle(self) -> Ints:
        key = ("bars_without_trade",)
        counted = self._cache.get(key)
        if counted is None:
            bars = self._candles
            counted = bars_without_trade(bars.high, bars.low, bars.close, bars.volume)
            counted = self._cache.keep(key, counted, (counted,))
        return counted

    def _raw_series(self, name: str) -> Series:
        if name not in self._raw:
            have = ", ".join(self._raw) or "candles only"
            raise InputError(
                "input_missing", f"{self.market_id} has no series '{name}'.", f"It has {have}; import {name} first."
            )
        return self._raw[name]

    def _inputs(self, spec: Indicator, sources: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
        if len(sources) != len(spec.inputs):
            raise InputError(
                "bad_indicator_input",
                f"{spec.name} reads {', '.join(spec.inputs)}, but of= brings {len(sources)} arrays.",
                f"Pass {len(spec.inputs)}.",
            )
        return [float_column(array, len(self)) for array in sources]

    def _computed(self, key: Hashable, asked: Question, columns: list[NDArray[Any]]) -> Any:
        spec = asked.spec
        result = spec.function(*columns, *asked.arguments)
        if len(spec.outputs) == 1:
            return self._cache.keep(key, result, (result,))
        return self._cache.keep(key, record_of(spec)(*result), result)

    def _give(self, label: str, array: Any) -> Any:
        """Every array a strategy gets passes here; the checker's market overrides it to watch."""
        return array

    def _give_indicator(self, spec: Indicator, arguments: Arguments, of: tuple[Hashable, ...], result: Any) -> Any:
        """Every indicator a strategy gets passes here; the checker's market overrides it to watch."""
        return result
