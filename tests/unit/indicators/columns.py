"""Which catalogue entry, with which parameters, is each golden column."""

from __future__ import annotations

from typing import NamedTuple


class Golden(NamedTuple):
    """A golden column: indicator, parameters, and which of its outputs."""

    indicator: str
    parameters: dict[str, int | float]
    output: str = ""


def _periods(indicator: str, column: str, *periods: int) -> dict[str, Golden]:
    return {f"{column}_{period}": Golden(indicator, {"period": period}) for period in periods}


def _outputs(indicator: str, parameters: dict[str, int | float], **columns: str) -> dict[str, Golden]:
    return {column: Golden(indicator, parameters, output) for column, output in columns.items()}


_MACD: dict[str, int | float] = {"fast_period": 12, "slow_period": 26, "signal_period": 9}
_STOCHASTIC: dict[str, int | float] = {"period": 14, "slow_k_period": 3, "slow_d_period": 3}
_STOCHASTIC_RSI: dict[str, int | float] = {"rsi_period": 14, "period": 14, "fast_d_period": 3}
_PAIR: dict[str, int | float] = {"fast_period": 12, "slow_period": 26}
_ICHIMOKU: dict[str, int | float] = {"tenkan_period": 9, "kijun_period": 26, "span_b_period": 52, "shift": 26}
_KELTNER: dict[str, int | float] = {"period": 20, "atr_period": 10, "multiple": 2.0}
_SUPERTREND: dict[str, int | float] = {"period": 10, "multiple": 3.0}

COLUMNS: dict[str, Golden] = {
    **_periods("rsi", "rsi", 7, 14),
    **_periods("ema", "ema", 9, 21, 50),
    **_periods("sma", "sma", 20, 50),
    **_periods("wma", "wma", 20),
    **_outputs("macd", _MACD, macd_line="line", macd_signal="signal", macd_hist="histogram"),
    **_outputs(
        "bollinger",
        {"period": 20, "deviations": 2.0},
        bb_upper_20="upper",
        bb_mid_20="middle",
        bb_lower_20="lower",
    ),
    **_outputs(
        "bollinger",
        {"period": 10, "deviations": 2.0},
        bb_upper_10="upper",
        bb_mid_10="middle",
        bb_lower_10="lower",
    ),
    **_periods("atr", "atr", 7, 14),
    **_periods("natr", "natr", 14),
    "trange": Golden("true_range", {}),
    **_periods("adx", "adx", 14),
    **_periods("dx", "dx", 14),
    **_periods("plus_di", "plus_di", 14),
    **_periods("minus_di", "minus_di", 14),
    **_outputs("stochastic", _STOCHASTIC, stoch_k="k", stoch_d="d"),
    **_outputs("stochastic_rsi", _STOCHASTIC_RSI, stochrsi_fastk="k", stochrsi_fastd="d"),
    **_periods("cci", "cci", 20),
    **_periods("williams_r", "willr", 14),
    **_periods("mfi", "mfi", 14),
    "obv": Golden("obv", {}),
    **_outputs("aroon", {"period": 25}, aroon_down_25="down", aroon_up_25="up", aroonosc_25="oscillator"),
    "sar": Golden("sar", {"acceleration": 0.02, "maximum": 0.2}),
    **_periods("roc", "roc", 10),
    **_periods("momentum", "mom", 10),
    **_periods("trix", "trix", 15),
    "ultosc": Golden("ultimate_oscillator", {"short_period": 7, "middle_period": 14, "long_period": 28}),
    "kama_10": Golden("kama", {"period": 10, "fast_period": 2, "slow_period": 30}),
    **_periods("dema", "dema", 20),
    **_periods("tema", "tema", 20),
    "t3_5": Golden("t3", {"period": 5, "volume_factor": 0.7}),
    "ht_trendline": Golden("ht_trendline", {}),
    **_periods("linear_regression_slope", "linearreg_slope", 14),
    **_periods("linear_regression", "linearreg", 14),
    **_periods("standard_deviation", "stddev", 20),
    **_periods("variance", "var", 20),
    **_periods("beta", "beta_high_low", 5),
    **_periods("correlation", "correl_high_low", 30),
    "ad": Golden("ad", {}),
    "adosc_3_10": Golden("adosc", {"fast_period": 3, "slow_period": 10}),
    "ppo_12_26": Golden("ppo", _PAIR),
    "apo_12_26": Golden("apo", _PAIR),
    **_periods("cmo", "cmo", 14),
    **_periods("midprice", "midprice", 14),
    **_periods("midpoint", "midpoint", 14),
    **_periods("rolling_max", "max", 20),
    **_periods("rolling_min", "min", 20),
    "bop": Golden("bop", {}),
    "typprice": Golden("typical_price", {}),
    **_outputs("supertrend", _SUPERTREND, supertrend_10_3="value", supertrend_dir_10_3="direction"),
    **_outputs(
        "keltner",
        _KELTNER,
        keltner_mid_20="middle",
        keltner_upper_20_10_2="upper",
        keltner_lower_20_10_2="lower",
    ),
    **_outputs(
        "donchian",
        {"period": 20},
        donchian_upper_20="upper",
        donchian_lower_20="lower",
        donchian_mid_20="middle",
    ),
    **_outputs(
        "donchian_previous",
        {"period": 20},
        donchian_prev_upper_20="upper",
        donchian_prev_lower_20="lower",
    ),
    **_outputs(
        "ichimoku",
        _ICHIMOKU,
        ichimoku_tenkan_9="tenkan",
        ichimoku_kijun_26="kijun",
        ichimoku_span_a_raw="span_a_raw",
        ichimoku_span_b_raw="span_b_raw",
        ichimoku_span_a_plotted="span_a_plotted",
        ichimoku_span_b_plotted="span_b_plotted",
    ),
    "vwap_utc_day": Golden("vwap_utc_day", {}),
    **_periods("vwap_rolling", "vwap_rolling", 20),
    **_periods("volume_ratio", "volume_sma_ratio", 20),
    "log_return": Golden("log_return", {}),
    **_periods("realised_volatility", "realized_vol", 20),
    **_periods("garman_klass", "garman_klass_vol", 20),
    **_periods("parkinson", "parkinson_vol", 20),
    **_periods("rogers_satchell", "rogers_satchell_vol", 20),
    "atr_ratio_7_14": Golden("atr_ratio", {"fast_period": 7, "slow_period": 14}),
    **_periods("obv_slope", "obv_slope", 10),
    "close_vs_vwap_pct": Golden("close_vs_vwap", {}),
    "ema_21_rel_pct": Golden("ema_relative", {"period": 21}),
    **_periods("zscore", "zscore", 20),
}
