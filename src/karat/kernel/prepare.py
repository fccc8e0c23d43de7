"""From candles, signals and what travels with them to the columns the kernel reads. Pure; every column is causal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import compiled
from karat.core.errors import InputError
from karat.core.indicators.volatility import atr as average_true_range
from karat.core.indicators.volatility import realised_volatility
from karat.core.model.candles import Candles, Floats, Funding, Ints
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.time import DAY_MS, MINUTE_MS, YEAR_DAYS
from karat.kernel.records import Bars, Detail, Spans

_ONE_INT = np.zeros(1, np.int64)
_blank: dict[str, NDArray[np.generic]] = {}


def _nans(n: int) -> Floats:
    """`n` NaN that nobody writes to: a column no policy field asks for."""
    return _shared("nan", n, np.nan, np.float64)


def _shared(name: str, n: int, value: float, dtype: type) -> NDArray[Any]:
    held = _blank.get(name)
    if held is None or len(held) < n:
        held = np.full(max(n, 1024), value, dtype)
        held.flags.writeable = False
        _blank[name] = held
    return held[:n]


_SESSION_ZONE = ZoneInfo("America/New_York")  # US equities: the only session markets in the instrument table


@dataclass(frozen=True, slots=True, eq=False)
class Extras:
    """What may travel with candles. `atr`, `volatility` replace the kernel's own; `regime` holds codes, -1 unknown."""

    funding: Funding | None = None
    detail: Candles | None = None
    regime: Ints | None = None
    atr: Floats | None = None
    volatility: Floats | None = None


@compiled
def _filled(values: Floats) -> Floats:
    """A NaN replaced by the last finite value; NaN before the first."""
    out = values.copy()
    for bar in range(1, len(out)):
        if out[bar] != out[bar]:
            out[bar] = out[bar - 1]
    return out


@compiled
def _mean_before(values: Floats, window: int) -> Floats:
    """Mean of the `window` values before each one; NaN while there are fewer."""
    out = np.full(len(values), np.nan)
    total = 0.0
    for bar in range(len(values)):
        if bar >= window:
            if bar > window:
                total -= values[bar - window - 1]
            out[bar] = total / window
        total += values[bar]
    return out


@compiled
def _funding_columns(
    ts: Ints, open_: Floats, timeframe: int, stamps: Ints, rates: Floats, marks: Floats, inverse: bool
) -> tuple[Floats, Floats]:
    """(payment per unit due at each open, last rate known at each close)."""
    unit = np.zeros(len(ts))
    known = np.full(len(ts), np.nan)
    event = 0
    last = np.nan
    seen = 0
    for bar in range(len(ts)):
        while event < len(stamps) and stamps[event] <= ts[bar]:
            if bar > 0 and stamps[event] > ts[bar - 1]:
                price = marks[event] if marks[event] == marks[event] else open_[bar]
                unit[bar] += rates[event] / price if inverse else rates[event] * price
            event += 1
        while seen < len(stamps) and stamps[seen] <= ts[bar] + timeframe:
            last = rates[seen]
            seen += 1
        known[bar] = last
    return unit, known


def session_dates(ts: Ints) -> Ints:
    """New York date of each bar's open, in days since 1970-01-01."""
    hours = ts // 3_600_000
    unique_hours, place = np.unique(hours, return_inverse=True)
    offsets = np.array([_utc_offset_ms(int(hour) * 3_600_000) for hour in unique_hours], np.int64)
    return (ts + offsets[place]) // DAY_MS


def session_days(ts: Ints) -> Ints:
    """Ordinal of the New York date of each bar's open, counted over the dates that have bars."""
    dates = session_dates(ts)
    changed = np.empty(len(ts), np.int64)
    changed[:1] = 0
    changed[1:] = dates[1:] != dates[:-1]
    return np.cumsum(changed)


@lru_cache(maxsize=200_000)
def _utc_offset_ms(ts: int) -> int:
    offset = datetime.fromtimestamp(ts / 1000, UTC).astimezone(_SESSION_ZONE).utcoffset()
    assert offset is not None, "a zone has an offset"
    return round(offset.total_seconds() * 1000)


@compiled
def _clock_columns(ts: Ints, timeframe: int, day_ms: int, minute_ms: int) -> tuple[Ints, NDArray[np.bool_], Ints, Ints]:
    """(day of each decision, close at 00:00 exactly, day of each daily return, minute of day of the decision)."""
    risk_day, mark_day = np.empty(len(ts), np.int64), np.empty(len(ts), np.int64)
    boundary, minute = np.empty(len(ts), np.bool_), np.empty(len(ts), np.int64)
    day, midnight = 0, 0
    for bar in range(len(ts)):
        close = ts[bar] + timeframe
        inside = close - midnight
        if bar == 0 or inside >= day_ms:  # a division only where the day turns
            day = close // day_ms
            midnight = day * day_ms
            inside = close - midnight
        risk_day[bar] = day
        boundary[bar] = inside == 0
        mark_day[bar] = day - 1 if inside == 0 else day
        minute[bar] = inside // minute_ms
    return risk_day, boundary, mark_day, minute


def clock_columns(candles: Candles, kind: Kind) -> tuple[Ints, NDArray[np.bool_], Ints, Ints]:
    """Days and minutes of the closes (rules 21, 23 and 33). Equities count sessions instead of days."""
    columns = _clock_columns(candles.ts, candles.timeframe_ms, DAY_MS, MINUTE_MS)
    if kind == Kind.EQUITY:
        session = session_days(candles.ts)
        return session, np.zeros(len(candles), np.bool_), session, columns[3]
    return columns


def yearly(volatility_per_bar: Floats, timeframe_ms: int) -> Floats:
    """Volatility per bar to volatility per year of 365 days."""
    return volatility_per_bar * np.sqrt(YEAR_DAYS * DAY_MS / timeframe_ms)


def prepare_bars(candles: Candles, policy: Policy, instrument: Instrument, extras: Extras) -> Bars:
    """The columns of one market under one policy's periods. Raises InputError on NaN prices (rule 6)."""
    for name in ("open", "high", "low", "close"):
        if np.isnan(getattr(candles, name)).any():
            raise InputError("nan_price", f"{candles.market}: {name} holds NaN.", "Import the data again or mend it.")
    inverse = instrument.kind == Kind.INVERSE
    atr = _atr(candles, policy, extras)
    volatility = extras.volatility
    if volatility is None and policy.size_mode == SizeMode.VOLATILITY:
        volatility = yearly(realised_volatility(candles.close, policy.volatility_period), candles.timeframe_ms)
    unit, known = _shared("zero_float", len(candles), 0.0, np.float64), _nans(len(candles))
    if extras.funding is not None:
        funding = extras.funding
        unit, known = _funding_columns(
            candles.ts, candles.open, candles.timeframe_ms, funding.ts, funding.rate, funding.mark, inverse
        )
    if instrument.kind not in (Kind.LINEAR, Kind.INVERSE):
        unit = _shared("zero_float", len(candles), 0.0, np.float64)  # spot knows the rate but does not pay it
    off = math.isnan(policy.volume_factor)
    scale = candles.close / instrument.contract_size if inverse else 1.0 / instrument.contract_size
    regimes = policy.min_confidence_by_regime
    risk_day, boundary, mark_day, minute = clock_columns(candles, instrument.kind)
    return Bars(
        timeframe_ms=candles.timeframe_ms,
        ts=candles.ts,
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        volume=candles.volume,
        quantity_volume=candles.volume * scale,
        atr=atr,
        atr_filled=_filled(atr),
        volatility=_nans(len(candles)) if volatility is None else volatility,
        volume_mean=_nans(len(candles)) if off else _mean_before(candles.volume, policy.volume_window),
        funding_unit=unit,
        funding_known=known,
        regime=_regime(extras.regime, len(regimes), len(candles)),
        regime_confidence=np.array(regimes, np.float64),
        regime_cooldown=np.array(policy.cooldown_by_regime, np.int64),
        risk_day=risk_day,
        day_boundary=boundary,
        mark_day=mark_day,
        minute=minute,
    )


def _atr(candles: Candles, policy: Policy, extras: Extras) -> Floats:
    """ATR where a policy field uses it: an unused NaN head must not refuse entries (rule 6)."""
    if extras.atr is not None:
        return extras.atr
    modes = (policy.stop_mode, policy.take_mode, policy.trail_mode)
    if LevelMode.ATR not in modes and policy.slippage_atr == 0.0:
        return _nans(len(candles))
    return average_true_range(candles.high, candles.low, candles.close, policy.atr_period)


def _regime(codes: Ints | None, regimes: int, bars: int) -> Ints:
    if codes is not None:
        return np.ascontiguousarray(codes, np.int64)
    return np.full(bars, -1, np.int64) if regimes else _ONE_INT


def prepare_detail(candles: Candles, finer: Candles | None) -> Detail | None:
    """Which finer bars lie in which bar; None without any: the kernel then has no code for them."""
    if finer is None:
        return None
    if candles.timeframe_ms % finer.timeframe_ms != 0 or finer.timeframe_ms >= candles.timeframe_ms:
        raise InputError(
            "bad_detail",
            "The detail timeframe does not divide the timeframe.",
            "Use for example 1m detail under 1h bars.",
        )
    begin = np.searchsorted(finer.ts, candles.ts)
    end = np.searchsorted(finer.ts, candles.ts + candles.timeframe_ms)
    inside = np.repeat(np.arange(len(candles)), end - begin)
    first = np.searchsorted(inside, np.arange(len(candles) + 1)).astype(np.int64)
    take = np.concatenate([np.arange(a, b) for a, b in zip(begin, end, strict=True)]) if len(candles) else begin
    take = take.astype(np.int64)
    return Detail(first, finer.ts[take], finer.open[take], finer.high[take], finer.low[take])


SPAN_BARS = 12  # half a day of hours: short enough to lie between two events, long enough to be worth a step
_NO = np.empty(0)
_NO_SPANS = Spans(_ONE_INT, np.empty(0, np.int64), _NO, _NO, _NO, _NO, np.empty(0, np.bool_))


@compiled
def _span_columns(
    mark_day: Ints, low: Floats, high: Floats, close: Floats, funding_unit: Floats, longest: int
) -> tuple[Ints, Ints, Floats, Floats, Floats, Floats, NDArray[np.bool_]]:
    """The columns of `Spans`."""
    bars = len(close)
    of_first = np.full(bars, -1, np.int64)
    end = np.empty(bars, np.int64)
    lows, highs, close_lows, close_highs = np.empty(bars), np.empty(bars), np.empty(bars), np.empty(bars)
    pays = np.zeros(bars, np.bool_)
    span = -1
    length = longest
    for bar in range(bars):
        if length == longest or mark_day[bar] != mark_day[bar - 1]:
            span += 1
            length = 0
            of_first[bar] = span
            lows[span], highs[span] = low[bar], high[bar]
            close_lows[span], close_highs[span] = close[bar], close[bar]
        length += 1
        end[span] = bar + 1
        lows[span] = min(lows[span], low[bar])
        highs[span] = max(highs[span], high[bar])
        close_lows[span] = min(close_lows[span], close[bar])
        close_highs[span] = max(close_highs[span], close[bar])
        if funding_unit[bar] != 0.0:
            pays[span] = True
    n = span + 1
    return of_first, end[:n], lows[:n], highs[:n], close_lows[:n], close_highs[:n], pays[:n]


def prepare_spans(bars: Bars, wanted: bool) -> Spans:
    """Spans of a market, for a sparse run; empty otherwise."""
    if not wanted or len(bars.close) == 0:
        return _NO_SPANS
    return Spans(*_span_columns(bars.mark_day, bars.low, bars.high, bars.close, bars.funding_unit, SPAN_BARS))
