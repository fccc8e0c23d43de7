"""Kinds of bars as people write them.

1m, time:1m        one minute              range:25          high minus low of 25
tick:1000          a thousand trades       renko:10          bricks of 10
volume:50          50 base units           renko:atr14       bricks of the ATR over 14 bars of 1m
dollar:1000000     a million of quote      renko:atr14x2@5m  twice the ATR over 14 bars of 5m
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from karat.bars.specs import (
    BarSpec,
    atr_renko_bars,
    dollar_bars,
    range_bars,
    renko_bars,
    tick_bars,
    time_bars,
    volume_bars,
)
from karat.core.errors import InputError

ATR_TIMEFRAME = "1m"
_ATR = re.compile(r"atr([0-9]+)(?:x([0-9.]+))?(?:@([0-9a-z]+))?")
_BY_NUMBER: dict[str, Callable[[float], BarSpec]] = {
    "volume": volume_bars,
    "dollar": dollar_bars,
    "range": range_bars,
    "renko": renko_bars,
}
_HINT = "Write 1m, tick:1000, volume:50, dollar:1000000, range:25, renko:10 or renko:atr14@1m; several with commas."


def bar_kind(text: str, tick: float) -> BarSpec:
    """One kind, as above; `tick` is the market's step of price, which bricks by ATR are multiples of.

    Raises InputError `bar_kind_unknown`, `bad_timeframe`, `bad_parameter`.
    """
    word, colon, told = text.strip().partition(":")
    if not colon:
        return time_bars(word) if re.fullmatch(r"[0-9]+[a-z]", word) else _refused(text)
    match = _ATR.fullmatch(told) if word == "renko" else None
    if match:
        multiple = _number(text, match[2] or "1")
        return atr_renko_bars(match[3] or ATR_TIMEFRAME, tick, int(match[1]), multiple)
    if word == "time":
        return time_bars(told)
    if word == "tick":
        return tick_bars(int(told)) if told.isascii() and told.isdigit() else _refused(text)
    return _BY_NUMBER[word](_number(text, told)) if word in _BY_NUMBER else _refused(text)


def bar_kinds(text: str, tick: float) -> tuple[BarSpec, ...]:
    """Several kinds, with commas, each once. Raises as `bar_kind` does."""
    found = (bar_kind(one, tick) for one in text.split(","))
    return tuple({spec.name: spec for spec in found}.values())


def _number(text: str, told: str) -> float:
    try:
        return float(told)
    except ValueError:
        return _refused(text)


def _refused(text: str) -> NoReturn:
    raise InputError("bar_kind_unknown", f"'{text}' is no kind of bar.", _HINT)
