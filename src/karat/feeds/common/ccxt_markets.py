"""What a venue is to ccxt, its markets by the venue's own symbols, and its failures in the house's words."""

from __future__ import annotations

import difflib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from karat.core.errors import InputError, RetryLater
from karat.feeds.common.ccxt_client import open_exchange, translated
from karat.feeds.common.network import Network
from karat.ports.budget import RequestBudget

_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What a venue is and can.

    `exchange` is ccxt's name of it and `options` what ccxt is told. Only markets of these `types` (and `settles`, where
    named: linear, inverse) belong to the venue; `symbol_key` is the field of ccxt's market that holds the venue's own
    symbol. `rows_at` leads to the list of bars in an answer. `page_bars` is the most one answer holds, `page_days` the
    longest time it spans where there is such a limit, `kept_bars` how far back the venue keeps bars (None: all).
    `asks_first`: the first bar is found by asking for bars from 1970 on; else the day of listing stands for it.
    `ends_key` is the venue's own field of the time at which a market ends, `ticks_stay` False where ticks follow the
    price.
    """

    venue: str
    name: str
    exchange: str
    types: tuple[str, ...]
    page_bars: int
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    settles: tuple[str, ...] = ()
    symbol_key: str = "id"
    rows_at: tuple[str, ...] = ()
    page_days: int | None = None
    kept_bars: int | None = None
    asks_first: bool = False
    ends_key: str = ""
    ticks_stay: bool = True


class CcxtVenue:
    """A venue reached through ccxt over REST: what history and streams of it share. `rest` is ccxt's exchange."""

    def __init__(self, facts: Facts, network: Network, budget: RequestBudget) -> None:
        self.facts = facts
        self.rest = open_exchange(facts.exchange, facts.options, network, budget)
        self._markets: dict[str, Any] = {}

    async def market_of(self, symbol: str) -> Any:
        """ccxt's market of the venue's own symbol. Raises InputError `symbol_unknown`, and what `translating` does."""
        markets = await self.markets_by_symbol()
        if symbol not in markets:
            near = difflib.get_close_matches(symbol.upper(), markets, _NAMES_SHOWN, 0.6)
            hint = f"Nearest: {', '.join(near)}." if near else "Write it as the exchange does."
            raise InputError("symbol_unknown", f"{self.facts.name} has no symbol {symbol}.", hint)
        return markets[symbol]

    async def markets_by_symbol(self) -> dict[str, Any]:
        """ccxt's markets of the venue by its own symbols, asked for once. Raises what `translating` does."""
        if not self._markets:
            self._markets = await self._ask_for_markets()
        return self._markets

    @contextmanager
    def translating(self) -> Generator[None]:
        """What ccxt raises within, in the house's words: InputError, or RetryLater where asking again may help."""
        try:
            yield
        except Exception as error:
            known = translated(error, self.facts.name)
            if known is None:
                raise
            raise known from None  # ccxt's own text names addresses, and may name more

    async def _ask_for_markets(self) -> dict[str, Any]:
        with self.translating():
            everything = (await self.rest.load_markets(reload=True)).values()
        markets = {market[self.facts.symbol_key]: market for market in everything if self._is_ours(market)}
        if not markets:
            hint = "Nothing is lost: give the same command again later."
            raise RetryLater("vendor_garbled", f"{self.facts.name} sent an empty list of markets.", hint)
        return markets

    def _is_ours(self, market: Any) -> bool:
        if market["type"] not in self.facts.types:
            return False
        return not self.facts.settles or any(market[settle] for settle in self.facts.settles)
