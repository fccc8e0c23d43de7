"""The invented symbols of the demo market and the character of each. No name here is traded anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.instruments import find
from karat.core.model.instrument import Instrument
from karat.core.time import MINUTE_MS

SIMULATED_VENUE = "simulated"  # of every market that was made up
DEMO_START_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z, a Monday
STEP_MS = 5 * MINUTE_MS  # the path moves in steps of five minutes; every bar is made of whole steps
STEPS_PER_DAY = 288
STEPS_PER_YEAR = 365 * STEPS_PER_DAY


@dataclass(frozen=True, slots=True)
class Character:
    """What a demo symbol is like. Volatility is yearly, of log prices, in an ordinary regime."""

    market: MarketId
    first_price: float
    volatility: float
    tail_degrees: float  # of the Student t innovations: fewer, fatter
    jumps_per_year: float
    jump_size: float  # standard deviation of a jump's log size
    turnover_per_step: float  # quote units in an ordinary step of five minutes


_CHARACTERS = (
    Character(MarketId("simulated:AURUM-USDT"), 41_000.0, 0.55, 4.5, 10.0, 0.020, 6_000_000.0),
    Character(MarketId("simulated:BOREAS-USDT"), 2_300.0, 0.70, 4.5, 14.0, 0.025, 2_500_000.0),
    Character(MarketId("simulated:CINDERFALL-USDT"), 95.0, 0.85, 4.0, 18.0, 0.030, 900_000.0),
    Character(MarketId("simulated:DUSKHOLLOW-USDT"), 0.62, 0.80, 4.0, 16.0, 0.030, 400_000.0),
    Character(MarketId("simulated:EMBERLYNE-USDT"), 310.0, 0.65, 5.0, 12.0, 0.025, 700_000.0),
    Character(MarketId("simulated:FABLEWOOD-USDT"), 0.085, 1.00, 4.0, 24.0, 0.040, 250_000.0),
)
DEMO_SYMBOLS: tuple[MarketId, ...] = tuple(character.market for character in _CHARACTERS)
_BY_MARKET = {character.market: character for character in _CHARACTERS}


def character_of(symbol: MarketId) -> Character:
    """Raises InputError `bad_market` for a symbol that the demo market does not have."""
    if symbol not in _BY_MARKET:
        hint = f"Choose one of {', '.join(DEMO_SYMBOLS)}."
        raise InputError("bad_market", f"'{symbol}' is not in the demo market.", hint)
    return _BY_MARKET[symbol]


def demo_instrument(symbol: MarketId) -> Instrument:
    """The instrument of a demo symbol, from the instrument table; its source is "simulated". Raises `bad_market`."""
    instrument = find(character_of(symbol).market)
    assert instrument is not None, f"{symbol} is missing from the instrument table"
    return instrument
