"""A vendor as data: its address, its key, what it can be asked. Every folder's `feed.py` ends in one of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from karat.core.ids import MarketId, venue_of
from karat.feeds.demo.symbols import SIMULATED_VENUE
from karat.feeds.endpoint import Endpoint, HttpSource, asked_for, sources_of, spec_of
from karat.feeds.vendor import Access, Vendor
from karat.ports.clock import Clock
from karat.ports.source import SourceSpec


def as_it_came(_: Vendor, payload: Any) -> Any:
    """For a vendor that answers without an envelope."""
    return payload


@dataclass(frozen=True, slots=True)
class FeedKind:
    """One vendor. `unwrap` takes an answer out of its envelope. `serves` says of which markets it knows anything, and
    nobody knows anything of a simulated one; what does not depend on a market is asked whatever the market. `key_form`
    is how the key is sent, with {key} in it."""

    name: str
    title: str
    base_url: str
    endpoints: tuple[Endpoint, ...]
    unwrap: Callable[[Vendor, Any], Any] = as_it_came
    serves: Callable[[MarketId], bool] = lambda _: True
    key_header: str = ""
    key_parameter: str = ""
    key_form: str = "{key}"
    key_needed: bool = False

    @property
    def takes_key(self) -> bool:
        return bool(self.key_header or self.key_parameter)

    @property
    def key_setting(self) -> str:
        """The environment variable that holds the key."""
        return f"KARAT_{self.name.upper()}_KEY"

    @property
    def url_setting(self) -> str:
        """The environment variable that holds another address."""
        return f"KARAT_{self.name.upper()}_URL"

    def open(
        self,
        clock: Clock,
        markets: Mapping[MarketId, str],
        *,
        url: str = "",
        key: str = "",
        request_seconds: float = 10.0,
    ) -> tuple[Vendor, tuple[HttpSource, ...]]:
        """The vendor and its sources for these markets (with their base coins). Close the vendor when done."""
        access = Access(
            name=self.name,
            base_url=url or self.base_url,
            key_name=self.key_setting,
            key=key,
            key_header=self.key_header,
            key_parameter=self.key_parameter,
            key_form=self.key_form,
            key_needed=self.key_needed,
        )
        vendor = Vendor(access, clock, self.unwrap, request_seconds=request_seconds)
        return vendor, sources_of(vendor, self.endpoints, self._served(markets))

    def specs(self, markets: Mapping[MarketId, str]) -> tuple[SourceSpec, ...]:
        """What the sources for these markets would be; nothing is opened."""
        asked = asked_for(self.name, self.endpoints, self._served(markets))
        return tuple(spec_of(self.name, *one) for one in asked.values())

    def _served(self, markets: Mapping[MarketId, str]) -> dict[MarketId, str]:
        real = {market: coin for market, coin in markets.items() if venue_of(market) != SIMULATED_VENUE}
        return {market: coin for market, coin in real.items() if self.serves(market)}
