"""An instrument for any market: from the table, else inferred from the venue's name and the candles, and stamped so.

What is inferred leans to the pessimistic side: higher fees and maintenance rates than the large venues ask, so that a
verdict on an unknown market is not better than the truth. Reports show `assumed`.
"""

from __future__ import annotations

import math

import numpy as np

from karat.core.ids import MarketId, symbol_of, venue_of
from karat.core.instruments.grid import decimal_step
from karat.core.instruments.table import find, without_period
from karat.core.model.candles import Candles
from karat.core.model.instrument import Instrument, Kind
from karat.core.time import iso

FINEST_TICK = 1e-8  # the last decimal crypto venues quote: without prices, rounding to it changes next to nothing
EQUITY_TICK = 0.01
LOT_NOTIONAL_MAX = 1_000.0  # a measured lot worth more than this is a unit of the file, not of the venue
LOT_NOTIONAL = 10.0  # an inferred lot is the power of ten worth at most this
MIN_NOTIONAL = 10.0
UNDATED = "undated"

_KIND_BY_SUFFIX = {
    "perp": Kind.LINEAR,
    "swap": Kind.LINEAR,
    "linear": Kind.LINEAR,
    "futures": Kind.LINEAR,
    "coinm": Kind.INVERSE,
    "inverse": Kind.INVERSE,
    "spot": Kind.SPOT,
    "simulated": Kind.LINEAR,
}
_EQUITY_VENUES = frozenset({"us", "yahoo", "index", "equity", "equities", "nasdaq", "nyse", "arca"})
_FEES = {  # maker, taker
    Kind.LINEAR: (0.0005, 0.001),
    Kind.INVERSE: (0.0005, 0.001),
    Kind.SPOT: (0.002, 0.002),
    Kind.EQUITY: (0.001, 0.001),
}
_MAINTENANCE_RATE = {Kind.LINEAR: 0.03, Kind.INVERSE: 0.03, Kind.SPOT: 0.0, Kind.EQUITY: 0.3}
_QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BTC", "ETH", "BNB")


def instrument_for(market: MarketId, candles: Candles | None) -> Instrument:
    """The table's instrument, else one inferred with `assumed=True`; `source` says what each figure comes from.

    Tick: the decimal grid of the newest open, high, low and close. Lot: the grid of the volumes where that makes sense,
    else a power of ten by price. Without candles both are the finest in use. Kind: the venue's suffix (x_perp, x_spot,
    x_coinm; us, yahoo, index: equity); an unknown suffix counts as spot, which has no leverage. `as_of` is the day of
    the last candle, or "undated" without candles: core knows no clock.
    """
    return find(market) or _inferred(market, candles)


def _inferred(market: MarketId, candles: Candles | None) -> Instrument:
    kind = _kind(venue_of(market))
    base, quote = _base_and_quote(without_period(symbol_of(market)), kind)
    tick, tick_source = _tick(candles, kind)
    lot, lot_source = _lot(candles, kind)
    maker_fee, taker_fee = _FEES[kind]
    return Instrument(
        market=market,
        kind=kind,
        base=base,
        quote=quote,
        settle=base if kind == Kind.INVERSE else quote,
        tick=tick,
        lot=lot,
        min_quantity=lot,
        min_notional=MIN_NOTIONAL,
        contract_size=_contract_size(base, kind),
        maker_fee=maker_fee,
        taker_fee=taker_fee,
        maintenance_margin_rate=_MAINTENANCE_RATE[kind],
        source=f"inferred: tick {tick_source}; lot {lot_source}; kind from the venue's name; fees, minimums and margin "
        "pessimistic",
        as_of=iso(int(candles.ts[-1]))[:10] if candles is not None and len(candles) else UNDATED,
        assumed=True,
    )


def _kind(venue: str) -> Kind:
    if venue.lower() in _EQUITY_VENUES:
        return Kind.EQUITY
    return _KIND_BY_SUFFIX.get(venue.lower().rpartition("_")[2], Kind.SPOT)


def _base_and_quote(symbol: str, kind: Kind) -> tuple[str, str]:
    """Split as venues write pairs: BTCUSDT, BTC-USDT, BTC_USDT, BTC-PERP, BTCUSD_PERP. Without a known quote: USD."""
    if kind == Kind.EQUITY:
        return symbol, "USD"
    plain = symbol.upper().removesuffix("-SWAP")
    for ending in ("_PERP", "-PERP"):
        plain = plain.removesuffix(ending)
    for separator in ("-", "_"):
        if separator in plain:
            base, _, quote = plain.partition(separator)
            return base, quote
    for quote in _QUOTES:
        if plain.endswith(quote) and plain != quote:
            return plain.removesuffix(quote), quote
    return plain, "USD"


def _contract_size(base: str, kind: Kind) -> float:
    """Inverse contracts: 100 quote units for BTC, else 10, as Binance COIN-M has them; all others one base unit."""
    if kind != Kind.INVERSE:
        return 1.0
    return 100.0 if base == "BTC" else 10.0


def _tick(candles: Candles | None, kind: Kind) -> tuple[float, str]:
    if kind == Kind.EQUITY:
        return EQUITY_TICK, "one cent"
    if candles is None or len(candles) == 0:
        return FINEST_TICK, "unknown without prices, so the finest in use"
    rows = slice(-5_000, None)
    prices = np.column_stack((candles.open[rows], candles.high[rows], candles.low[rows], candles.close[rows])).ravel()
    step = decimal_step(prices)
    if step is None:
        return FINEST_TICK, "unknown, prices lie on no decimal grid, so the finest in use"
    return step, "measured from data"


def _lot(candles: Candles | None, kind: Kind) -> tuple[float, str]:
    if kind in (Kind.EQUITY, Kind.INVERSE):
        return 1.0, "one share or contract"
    if candles is None or len(candles) == 0:
        return FINEST_TICK, "unknown without volumes, so the finest in use"
    price = float(candles.close[-1])
    step = decimal_step(candles.volume)
    if step is not None and step * price <= LOT_NOTIONAL_MAX:
        return step, "measured from data"
    return 10.0 ** math.floor(math.log10(LOT_NOTIONAL / price)), "by the size of the price"
