"""Bars from trades: time, tick, volume, dollar, range and Renko, in batch and as a stream, equal to the last bit.

1. `specs` says which bars (`words`: as people write them), `trades` what goes in, `rows` what comes out and what its
   features mean.
2. `advance` is the one compiled step of both doors; `loops` has one for each kind, on `records` of the `state`.
3. `builder` has the two doors: `build` takes a tape or a part of one, `Stream` takes trades as they come.
4. `book` measures order flow at the top of an order book.
"""

from karat.bars.book import BookFlow, BookState, Quotes, book_flow, book_from_bytes, fresh_book
from karat.bars.builder import Completed, Stream, build, forming
from karat.bars.rows import Bar, Bars
from karat.bars.specs import (
    BarSpec,
    Kind,
    atr_renko_bars,
    dollar_bars,
    range_bars,
    renko_bars,
    tick_bars,
    time_bars,
    volume_bars,
)
from karat.bars.state import State, cut_state, fresh_state, state_bytes, state_from_bytes
from karat.bars.trades import Trades, taker_sides
from karat.bars.words import bar_kind, bar_kinds

__all__ = [
    "Bar",
    "BarSpec",
    "Bars",
    "BookFlow",
    "BookState",
    "Completed",
    "Kind",
    "Quotes",
    "State",
    "Stream",
    "Trades",
    "atr_renko_bars",
    "bar_kind",
    "bar_kinds",
    "book_flow",
    "book_from_bytes",
    "build",
    "cut_state",
    "dollar_bars",
    "forming",
    "fresh_book",
    "fresh_state",
    "range_bars",
    "renko_bars",
    "state_bytes",
    "state_from_bytes",
    "taker_sides",
    "tick_bars",
    "time_bars",
    "volume_bars",
]
