"""Sources that are one GET request each, described as data.

A vendor's folder holds `endpoints.py` (what there is to ask, with the page that documents it), `parsing.py` (answers to
columns, pure) and `feed.py` (address, key, envelope). This module turns those into sources; `_template` shows the
shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from karat.core.ids import MarketId
from karat.core.inputs import Input, find_input
from karat.core.model.table import AVAILABLE, TIME, Kind, Schema
from karat.feeds.vendor import Vendor
from karat.ports.source import Observations, SourceSpec


@dataclass(frozen=True, slots=True)
class Asked:
    """What a parser may need to know beside the answer."""

    now_ms: int
    market: MarketId
    coin: str


Parser = Callable[[Any, Asked], dict[str, list[Any]]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request. `series` is its row in the table of inputs, which says where values go and when they are known.

    In `parameters` {coin}, {pair} and {since} stand for the base coin, the venue's symbol and the time in ms from which
    rows are wanted; a parameter with {since} is left out while nothing is stored, and those of `first` replace others
    then. `verified` is False where the vendor's own document could not be read.
    """

    series: str
    path: str
    columns: tuple[tuple[str, Kind], ...]
    parse: Parser
    every_ms: int
    fresh_for_ms: int
    documentation: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    first: Mapping[str, str] = field(default_factory=dict[str, str])
    text: bool = False  # the answer is no JSON
    keys: tuple[str, ...] = ()
    verified: bool = True

    @property
    def per_market(self) -> bool:
        """Whether the answer depends on the market it is asked for."""
        return "{" in self.known_as.owner

    @property
    def known_as(self) -> Input:
        return find_input(self.series)

    @property
    def schema(self) -> Schema:
        return Schema(((TIME, "i8"), (AVAILABLE, "i8"), *self.columns))


class HttpSource:
    """One endpoint of one vendor, asked for one market; satisfies `karat.ports.source.Source`."""

    def __init__(self, vendor: Vendor, endpoint: Endpoint, market: MarketId, coin: str) -> None:
        self._vendor, self._endpoint = vendor, endpoint
        self._market, self._coin = market, coin
        self._spec = spec_of(vendor.access.name, endpoint, market, coin)

    @property
    def spec(self) -> SourceSpec:
        return self._spec

    async def fetch(self, now_ms: int, since_ms: int | None) -> Observations:
        """Ask once and parse. Raises what `Vendor.json` raises, and `vendor_garbage` for what cannot be parsed."""
        ask = self._vendor.text if self._endpoint.text else self._vendor.json
        payload = await ask(self._endpoint.path, self._parameters(since_ms))
        try:
            return self._endpoint.parse(payload, Asked(now_ms, self._market, self._coin))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise self._vendor.garbage(f"{self._endpoint.path} gave {type(error).__name__} {error}") from error

    def _parameters(self, since_ms: int | None) -> dict[str, str]:
        pair = self._market.partition(":")[2]
        since = "" if since_ms is None else str(since_ms)
        wanted = {**self._endpoint.parameters, **({} if since else self._endpoint.first)}
        return {
            name: text.format(coin=self._coin, pair=pair, since=since)
            for name, text in wanted.items()
            if since or "{since}" not in text
        }


def spec_of(vendor: str, endpoint: Endpoint, market: MarketId, coin: str) -> SourceSpec:
    """What the source of that endpoint and market is."""
    known = endpoint.known_as
    table = known.table(market, coin)
    suffix = f"/{table.owner.partition(':')[2]}" if endpoint.per_market else ""
    return SourceSpec(
        name=f"{vendor}/{endpoint.series}{suffix}",
        table=table,
        schema=endpoint.schema,
        keys=endpoint.keys,
        every_ms=endpoint.every_ms,
        fresh_for_ms=endpoint.fresh_for_ms,
        covers_ms=known.covers_ms,
        delay_ms=known.delay_ms,
        documentation=endpoint.documentation,
        verified=endpoint.verified,
    )


def asked_for(
    vendor: str, endpoints: tuple[Endpoint, ...], markets: Mapping[MarketId, str]
) -> dict[str, tuple[Endpoint, MarketId, str]]:
    """By name of the source: each endpoint, or each endpoint and market where they differ. `markets` gives base coins;
    two markets of one coin share what is told by the coin."""
    asked: dict[str, tuple[Endpoint, MarketId, str]] = {}
    for endpoint in endpoints:
        for market, coin in markets.items() if endpoint.per_market else ((MarketId(""), ""),):
            asked.setdefault(spec_of(vendor, endpoint, market, coin).name, (endpoint, market, coin))
    return asked


def sources_of(
    vendor: Vendor, endpoints: tuple[Endpoint, ...], markets: Mapping[MarketId, str]
) -> tuple[HttpSource, ...]:
    """The sources of a vendor for these markets."""
    asked = asked_for(vendor.access.name, endpoints, markets)
    return tuple(HttpSource(vendor, *one) for one in asked.values())
