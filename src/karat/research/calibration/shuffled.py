"""Real bars in an order that never was: what moved them on for longer than six hours is destroyed, the rest is real.

1. Windows of 30 days are drawn from the real record with replacement, at any day. They keep what months were like: how
   volatile, how much was traded.
2. Within a window, blocks of six hours change places with those of other days at the same hours of the day, at random.
   So the daily season stays, and volatility still clusters, within blocks and by the window.
3. Every block is turned upside down with a chance of one half, its wicks too. So no block has a drift, and what
   follows it cannot be told from it: that takes the place of subtracting a mean, which would leave each window its own.

Six hours are a choice. Longer blocks would keep more of what may be a true edge, so that an accepted market would not
be a mistake; shorter ones lose the shape of a storm. What still can be foreseen lies within six hours, because real
hours turn back a little: on 160 markets made of eight perpetuals, bollinger_mean_reversion earned an annual Sharpe
ratio of 0.37 before all costs and -1.6 after the pessimistic ones, and every trend follower a little less than nothing
before. So the truth that is known of these markets is that no strategy of the catalogue has an edge after costs.

Bars are taken as simple returns from their open, which is as likely to be turned up as down without a drift of the
price. Each opens where the last one closed.
"""

from __future__ import annotations

import numpy as np

from karat.core.errors import InputError
from karat.core.model.candles import Candles, Floats, Ints
from karat.core.time import DAY_MS, HOUR_MS
from karat.research.calibration.draws import Draws, Purpose
from karat.research.calibration.invented import FIRST_PRICE, RETURN_MAX, Bars

WINDOW_DAYS = 30
BLOCK_HOURS = 6
_DAY_HOURS = DAY_MS // HOUR_MS


def shuffled(real: Candles, draws: Draws, bars: int) -> Bars:
    """`bars` bars made of the hourly bars `real`, read from their first midnight on; the market begins at 00:00 UTC.

    Raises InputError `record_too_short` where there is no window without holes.
    """
    days = _whole_days(real)
    starts = _window_starts(real.ts[days[:, 0]])
    if not len(starts):
        hint = f"Give hourly bars with {WINDOW_DAYS} days in a row."
        raise InputError("record_too_short", f"{real.market} has no {WINDOW_DAYS} whole days in a row.", hint)
    windows = -(-bars // (WINDOW_DAYS * _DAY_HOURS))
    drawn = starts[(draws.uniforms(Purpose.WINDOW, windows) * len(starts)).astype(np.int64)]
    hours, signs = _order(draws, drawn, days)
    return _bars(real, hours[:bars], signs[:bars])


def _whole_days(real: Candles) -> Ints:
    """Places of the bars of each day that has all of its hours, int64[days, 24]."""
    places = np.flatnonzero(real.ts % DAY_MS == 0)
    places = places[places + _DAY_HOURS <= len(real)]
    whole = real.ts[places + _DAY_HOURS - 1] - real.ts[places] == DAY_MS - HOUR_MS
    return places[whole][:, None] + np.arange(_DAY_HOURS)


def _window_starts(day_ts: Ints) -> Ints:
    """The days with which a window without holes begins."""
    if len(day_ts) < WINDOW_DAYS:
        return np.zeros(0, np.int64)
    spans = day_ts[WINDOW_DAYS - 1 :] - day_ts[: len(day_ts) - WINDOW_DAYS + 1]
    return np.flatnonzero(spans == (WINDOW_DAYS - 1) * DAY_MS)


def _order(draws: Draws, starts: Ints, days: Ints) -> tuple[Ints, Floats]:
    """(places of the bars in their new order, sign of each)."""
    blocks_a_day = _DAY_HOURS // BLOCK_HOURS
    shape = (len(starts), WINDOW_DAYS, blocks_a_day)
    count = len(starts) * WINDOW_DAYS * blocks_a_day
    order = np.argsort(draws.uniforms(Purpose.ORDER, count).reshape(shape), axis=1, kind="stable")
    day = starts[:, None, None] + order
    hour = np.arange(_DAY_HOURS).reshape(blocks_a_day, BLOCK_HOURS)
    places = days[day[..., None], hour]
    signs = np.repeat(draws.signs(Purpose.SIGN, count), BLOCK_HOURS)
    return places.reshape(-1), signs


def _bars(real: Candles, hours: Ints, signs: Floats) -> Bars:
    opens = real.open[hours]
    ends = np.stack([column[hours] / opens - 1.0 for column in (real.high, real.low, real.close)])
    up, down, moved = np.clip(ends, -RETURN_MAX, RETURN_MAX) * signs
    logs = np.concatenate(([0.0], np.cumsum(np.log1p(moved))))
    prices = FIRST_PRICE * np.exp(logs)
    before, after = prices[:-1], prices[1:]
    high = np.maximum(before * (1.0 + np.maximum(up, down)), np.maximum(before, after))
    low = np.minimum(before * (1.0 + np.minimum(up, down)), np.minimum(before, after))
    return Bars(before, high, low, after, real.volume[hours] * real.close[hours] / after)
