"""The indicators most strategies ask for, as typed methods; every other one through `indicator(name, ...)`.

All arrays have shape (bars,), are NaN before their first defined bar, and are shared, so they are read-only. What an
indicator means stands in `karat.core.indicators.catalogue`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from numpy.typing import NDArray

from karat.core.model.candles import Floats

Array = NDArray[Any]


class Bands(Protocol):
    """A line with one above and one below it."""

    upper: Floats
    middle: Floats
    lower: Floats


class Channel(Protocol):
    """Two extremes."""

    upper: Floats
    lower: Floats


class Macd(Protocol):
    """MACD, its average, and the difference of the two."""

    line: Floats
    signal: Floats
    histogram: Floats


class Stochastic(Protocol):
    """Place in the range, smoothed, and its average; 0 to 100."""

    k: Floats
    d: Floats


class Supertrend(Protocol):
    """The trailing band and the side it is on: +1 below the price, -1 above."""

    value: Floats
    direction: Floats


class IndicatorShortcuts(ABC):
    """Typed calls of `indicator`. Periods are in bars; `of` takes the place of the close."""

    @abstractmethod
    def indicator(self, name: str, *, of: Array | tuple[Array, ...] | None = None, **parameters: int | float) -> Any:
        """See `Market.indicator`."""

    def sma(self, period: int, *, of: Array | None = None) -> Floats:
        """Simple moving average."""
        return self.indicator("sma", of=of, period=period)

    def ema(self, period: int, *, of: Array | None = None) -> Floats:
        """Exponential moving average, seeded with the simple one."""
        return self.indicator("ema", of=of, period=period)

    def wma(self, period: int, *, of: Array | None = None) -> Floats:
        """Linearly weighted moving average."""
        return self.indicator("wma", of=of, period=period)

    def rsi(self, period: int = 14, *, of: Array | None = None) -> Floats:
        """Share of rises in the last changes, 0 to 100."""
        return self.indicator("rsi", of=of, period=period)

    def standard_deviation(self, period: int, *, of: Array | None = None) -> Floats:
        """Population standard deviation of the window, in price."""
        return self.indicator("standard_deviation", of=of, period=period)

    def zscore(self, period: int, *, of: Array | None = None) -> Floats:
        """Deviations from the window's mean; NaN while the price does not move."""
        return self.indicator("zscore", of=of, period=period)

    def roc(self, period: int, *, of: Array | None = None) -> Floats:
        """Change over the period, percent."""
        return self.indicator("roc", of=of, period=period)

    def realised_volatility(self, period: int, *, of: Array | None = None) -> Floats:
        """Sample deviation of log returns, per bar."""
        return self.indicator("realised_volatility", of=of, period=period)

    def linear_regression_slope(self, period: int, *, of: Array | None = None) -> Floats:
        """Slope of the window's regression line, price per bar."""
        return self.indicator("linear_regression_slope", of=of, period=period)

    def rolling_max(self, period: int, *, of: Array | None = None) -> Floats:
        """Highest of the window, this bar included."""
        return self.indicator("rolling_max", of=of, period=period)

    def rolling_min(self, period: int, *, of: Array | None = None) -> Floats:
        """Lowest of the window, this bar included."""
        return self.indicator("rolling_min", of=of, period=period)

    def macd(
        self, fast_period: int = 12, slow_period: int = 26, signal_period: int = 9, *, of: Array | None = None
    ) -> Macd:
        """Moving average convergence and divergence."""
        return self.indicator(
            "macd", of=of, fast_period=fast_period, slow_period=slow_period, signal_period=signal_period
        )

    def bollinger(self, period: int = 20, deviations: float = 2.0, *, of: Array | None = None) -> Bands:
        """Mean and standard deviations around it."""
        return self.indicator("bollinger", of=of, period=period, deviations=deviations)

    def atr(self, period: int = 14) -> Floats:
        """Average true range, in price."""
        return self.indicator("atr", period=period)

    def natr(self, period: int = 14) -> Floats:
        """Average true range, percent of the close."""
        return self.indicator("natr", period=period)

    def adx(self, period: int = 14) -> Floats:
        """Strength of the trend, 0 to 100."""
        return self.indicator("adx", period=period)

    def mfi(self, period: int = 14) -> Floats:
        """Share of money on rising bars, 0 to 100."""
        return self.indicator("mfi", period=period)

    def volume_ratio(self, period: int = 20) -> Floats:
        """Volume over its mean."""
        return self.indicator("volume_ratio", period=period)

    def vwap(self, period: int = 20) -> Floats:
        """Average price paid over the window."""
        return self.indicator("vwap_rolling", period=period)

    def keltner(self, period: int = 20, atr_period: int = 10, multiple: float = 2.0) -> Bands:
        """Exponential average and true ranges around it."""
        return self.indicator("keltner", period=period, atr_period=atr_period, multiple=multiple)

    def donchian(self, period: int = 20) -> Bands:
        """Extremes of the window, this bar included."""
        return self.indicator("donchian", period=period)

    def donchian_previous(self, period: int = 20) -> Channel:
        """Extremes of the bars before this one: what a breakout breaks."""
        return self.indicator("donchian_previous", period=period)

    def stochastic(self, period: int = 14, slow_k_period: int = 3, slow_d_period: int = 3) -> Stochastic:
        """Place of the close in the range."""
        return self.indicator("stochastic", period=period, slow_k_period=slow_k_period, slow_d_period=slow_d_period)

    def supertrend(self, period: int = 10, multiple: float = 3.0) -> Supertrend:
        """A band that trails the price."""
        return self.indicator("supertrend", period=period, multiple=multiple)
