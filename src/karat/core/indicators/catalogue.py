"""Every indicator by its name in the field: what it reads, its parameters, what it returns, and when it starts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from karat.core.indicators import (
    averages,
    bands,
    channels,
    directional,
    hilbert,
    hurst,
    oscillators,
    price,
    range_oscillators,
    regression,
    trend,
    volatility,
    volume,
)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    `function(*inputs, **parameters)` returns a float64 array of the inputs' length, or a tuple of them when there are
    several `outputs`. `inputs` are the candle columns it reads by default (any column may be passed instead).
    `first_valid(**parameters)` is the first bar at which every output can be defined; parameters left out are defaults.
    """

    name: str
    function: Callable[..., Any]
    inputs: tuple[str, ...]
    parameters: tuple[tuple[str, int | float], ...]
    outputs: tuple[str, ...]
    meaning: str
    first_valid: Callable[..., int]


Parameters = Mapping[str, int | float]
Rule = Callable[[Parameters], int | float]


def _first_valid(rule: Rule, defaults: Parameters) -> Callable[..., int]:
    def first_valid(**given: int | float) -> int:
        return int(rule({**defaults, **given}))

    return first_valid


def _entry(
    name: str,
    function: Callable[..., Any],
    inputs: str,
    first_valid: Rule,
    meaning: str,
    outputs: str = "",
) -> Indicator:
    defaults = {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not inspect.Parameter.empty
    }
    return Indicator(
        name=name,
        function=function,
        inputs=tuple(inputs.split()),
        parameters=tuple(defaults.items()),
        outputs=tuple(outputs.split()) or (name,),
        meaning=meaning,
        first_valid=_first_valid(first_valid, defaults),
    )


def _window(given: Parameters) -> int | float:
    return given["period"] - 1


def _window_of_changes(given: Parameters) -> int | float:
    return given["period"]


def _slow_window(given: Parameters) -> int | float:
    return given["slow_period"] - 1


def _at(bar: int) -> Rule:
    return lambda given: bar


_BAR = "high low close"
_AVERAGES = (
    _entry("sma", averages.sma, "close", _window, "simple moving average"),
    _entry("ema", averages.ema, "close", _window, "exponential moving average"),
    _entry("wma", averages.wma, "close", _window, "linearly weighted moving average"),
    _entry(
        "dema", averages.dema, "close", lambda given: 2 * (given["period"] - 1), "double exponential average, less lag"
    ),
    _entry(
        "tema", averages.tema, "close", lambda given: 3 * (given["period"] - 1), "triple exponential average, least lag"
    ),
    _entry("t3", averages.t3, "close", lambda given: 6 * (given["period"] - 1), "Tillson's smoothed average"),
    _entry("kama", averages.kama, "close", _window_of_changes, "average that is fast in trends and slow in noise"),
    _entry("ema_relative", averages.ema_relative, "close", _window, "exponential average against the close, percent"),
    _entry("ht_trendline", hilbert.ht_trendline, "close", _at(hilbert.FIRST_VALUE), "mean over the dominant cycle"),
)
_OSCILLATORS = (
    _entry("rsi", oscillators.rsi, "close", _window_of_changes, "share of rises in the last changes, 0 to 100"),
    _entry("cmo", oscillators.cmo, "close", _window_of_changes, "rises less falls, -100 to 100"),
    _entry(
        "stochastic",
        oscillators.stochastic,
        _BAR,
        lambda given: given["period"] + given["slow_k_period"] + given["slow_d_period"] - 3,
        "place in the window's range, smoothed, 0 to 100",
        "k d",
    ),
    _entry(
        "stochastic_rsi",
        oscillators.stochastic_rsi,
        "close",
        lambda given: given["rsi_period"] + given["period"] + given["fast_d_period"] - 2,
        "place of RSI in its own range, 0 to 100",
        "k d",
    ),
    _entry(
        "macd",
        oscillators.macd,
        "close",
        lambda given: given["slow_period"] + given["signal_period"] - 2,
        "difference of two exponential averages, its own average, and the gap",
        "line signal histogram",
    ),
    _entry("apo", oscillators.apo, "close", _slow_window, "difference of two simple averages"),
    _entry("ppo", oscillators.ppo, "close", _slow_window, "difference of two simple averages, percent"),
    _entry(
        "trix",
        oscillators.trix,
        "close",
        lambda given: 3 * (given["period"] - 1) + 1,
        "change of a triple average, percent",
    ),
    _entry("cci", range_oscillators.cci, _BAR, _window, "typical price in mean deviations from its average"),
    _entry("williams_r", range_oscillators.williams_r, _BAR, _window, "place in the window's range, -100 to 0"),
    _entry(
        "mfi", range_oscillators.mfi, f"{_BAR} volume", _window_of_changes, "share of money on rising bars, 0 to 100"
    ),
    _entry(
        "ultimate_oscillator",
        range_oscillators.ultimate_oscillator,
        _BAR,
        lambda given: max(given["short_period"], given["middle_period"], given["long_period"]),
        "buying pressure over three windows, 0 to 100",
    ),
    _entry(
        "aroon",
        range_oscillators.aroon,
        "high low",
        _window_of_changes,
        "how recent the window's extremes are, 0 to 100",
        "down up oscillator",
    ),
    _entry("bop", price.bop, "open high low close", _at(0), "body over range of the bar, -1 to 1"),
    _entry("momentum", price.momentum, "close", _window_of_changes, "change over the period, in price"),
    _entry("roc", price.roc, "close", _window_of_changes, "change over the period, percent"),
)
_TRENDS = (
    _entry("adx", directional.adx, _BAR, lambda given: 2 * given["period"] - 1, "strength of the trend, 0 to 100"),
    _entry("dx", directional.dx, _BAR, _window_of_changes, "strength of the trend, not averaged"),
    _entry("plus_di", directional.plus_di, _BAR, _window_of_changes, "upward movement in true ranges, percent"),
    _entry("minus_di", directional.minus_di, _BAR, _window_of_changes, "downward movement in true ranges, percent"),
    _entry("supertrend", trend.supertrend, _BAR, _window_of_changes, "trailing band and its side", "value direction"),
    _entry("sar", trend.sar, "high low", _at(1), "parabolic stop and reverse"),
    _entry("linear_regression", regression.linear_regression, "close", _window, "end of the regression line"),
    _entry(
        "linear_regression_slope",
        regression.linear_regression_slope,
        "close",
        _window,
        "slope of the regression line per bar",
    ),
    _entry(
        "rolling_regression",
        regression.rolling_regression,
        "close",
        _window,
        "regression line of the window and how well it fits",
        "slope intercept endpoint r_squared",
    ),
    _entry("beta", regression.beta, "high low", _window_of_changes, "slope of the second's returns on the first's"),
    _entry("correlation", regression.correlation, "high low", _window, "Pearson correlation, -1 to 1"),
    _entry("hurst", hurst.hurst, "close", _window_of_changes, "persistence by DFA-1: above 0.5 trends, below reverts"),
    _entry(
        "hurst_rescaled_range",
        hurst.hurst_rescaled_range,
        "close",
        _window_of_changes,
        "persistence by corrected R/S: above 0.5 trends, below reverts",
    ),
)
_CHANNELS = (
    _entry("bollinger", bands.bollinger, "close", _window, "average and deviations", "upper middle lower"),
    _entry(
        "keltner",
        bands.keltner,
        _BAR,
        lambda given: max(given["period"] - 1, given["atr_period"]),
        "average and true ranges around it",
        "upper middle lower",
    ),
    _entry("donchian", channels.donchian, "high low", _window, "extremes including this bar", "upper middle lower"),
    _entry(
        "donchian_previous",
        channels.donchian_previous,
        "high low",
        _window_of_changes,
        "extremes of the bars before this one, for breakouts",
        "upper lower",
    ),
    _entry(
        "ichimoku",
        channels.ichimoku,
        "high low",
        lambda given: max(given["tenkan_period"], given["kijun_period"], given["span_b_period"]) - 1 + given["shift"],
        "middles of three windows, and the cloud as plotted at this bar",
        "tenkan kijun span_a_raw span_b_raw span_a_plotted span_b_plotted",
    ),
    _entry("midprice", price.midprice, "high low", _window, "middle of the window's range"),
    _entry("midpoint", price.midpoint, "close", _window, "middle of the window's closes"),
    _entry("rolling_max", price.rolling_max, "close", _window, "highest of the window"),
    _entry("rolling_min", price.rolling_min, "close", _window, "lowest of the window"),
    _entry("typical_price", price.typical_price, _BAR, _at(0), "mean of high, low and close"),
    _entry("zscore", bands.zscore, "close", _window, "deviations from the window's mean"),
)
_VOLATILITIES = (
    _entry("true_range", volatility.true_range, _BAR, _at(1), "range of the bar with the close before it"),
    _entry("atr", volatility.atr, _BAR, _window_of_changes, "average true range, in price"),
    _entry("natr", volatility.natr, _BAR, _window_of_changes, "average true range, percent of the close"),
    _entry("atr_ratio", volatility.atr_ratio, _BAR, lambda given: given["slow_period"], "short over long true range"),
    _entry("standard_deviation", bands.standard_deviation, "close", _window, "population deviation, in price"),
    _entry("variance", bands.variance, "close", _window, "population variance"),
    _entry("log_return", volatility.log_return, "close", _at(1), "logarithmic return of one bar"),
    _entry(
        "realised_volatility", volatility.realised_volatility, "close", _window_of_changes, "deviation of log returns"
    ),
    _entry("garman_klass", volatility.garman_klass, "open high low close", _window, "volatility from whole bars"),
    _entry("parkinson", volatility.parkinson, "high low", _window, "volatility from ranges"),
    _entry("rogers_satchell", volatility.rogers_satchell, "open high low close", _window, "volatility free of drift"),
)
_VOLUMES = (
    _entry("obv", volume.obv, "close volume", _at(0), "volume of rising less volume of falling bars"),
    _entry("obv_slope", volume.obv_slope, "close volume", _window, "slope of on-balance volume per bar"),
    _entry("ad", volume.ad, f"{_BAR} volume", _at(0), "volume weighted by where the bar closed"),
    _entry("adosc", volume.adosc, f"{_BAR} volume", _slow_window, "fast less slow average of accumulation"),
    _entry("vwap_utc_day", volume.vwap_utc_day, f"ts {_BAR} volume", _at(0), "average price paid since midnight UTC"),
    _entry("vwap_rolling", volume.vwap_rolling, f"{_BAR} volume", _window, "average price paid over the window"),
    _entry("close_vs_vwap", volume.close_vs_vwap, f"ts {_BAR} volume", _at(0), "close against the day's VWAP, percent"),
    _entry("volume_ratio", volume.volume_ratio, "volume", _window, "volume over its average"),
)

CATALOGUE: Mapping[str, Indicator] = MappingProxyType(
    {
        indicator.name: indicator
        for family in (_AVERAGES, _OSCILLATORS, _TRENDS, _CHANNELS, _VOLATILITIES, _VOLUMES)
        for indicator in family
    }
)
