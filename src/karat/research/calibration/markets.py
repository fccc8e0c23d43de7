"""Panels of markets of which the truth is known, made anew from a few numbers whenever they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from karat.core.ids import MarketId
from karat.core.model.candles import Candles, Ints, no_funding
from karat.core.model.instrument import Instrument, Kind
from karat.core.time import HOUR_MS, parse_time_ms
from karat.ports.lake import LakeEntry, Quality
from karat.research.backtest import MarketData
from karat.research.calibration.character import Character, character_of
from karat.research.calibration.draws import Draws, Series
from karat.research.calibration.edges import Edge, Nature
from karat.research.calibration.invented import Bars, noise_of
from karat.research.calibration.shuffled import shuffled
from karat.research.data_gate import bars_hash
from karat.strategies import Market

START_MS = parse_time_ms("2021-01-04")  # a Monday
BARS = 3 * 365 * 24
VAULT_SHARE = 0.2
PANEL_SIZE = 4
TICK = 1e-4


Planted = tuple[Nature, float]
"""What is planted: its nature, and the true annual Sharpe ratio that it is worth."""


class Truth(StrEnum):
    """What is known about a market."""

    SIMULATED = "simulated"  # without an edge, drawn from a real market's character
    SHUFFLED = "shuffled"  # without an edge, real bars in another order
    PLANTED = "planted"  # with an edge of a known size


_SERIES = {Truth.SIMULATED: Series.SIMULATED, Truth.SHUFFLED: Series.SHUFFLED, Truth.PLANTED: Series.PLANTED}


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A real hourly series before its vault, and what it is like."""

    candles: Candles
    character: Character


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """Which panel: its number among those of its `truth`, from 0, and how many markets it has. `power` is the true
    annual Sharpe ratio of a planted edge and `nature` what it is; 0 and None without one."""

    truth: Truth
    number: int
    size: int = PANEL_SIZE
    power: float = 0.0
    nature: Nature | None = None

    def __post_init__(self) -> None:
        assert (self.truth is Truth.PLANTED) == (self.nature is not None), "what is planted has a nature"

    @property
    def name(self) -> str:
        """Unlike that of any other panel of a calibration."""
        edge = "" if self.nature is None else f"-{planted_name(self.nature, self.power)}"
        return f"{self.truth}{edge}-{self.number}"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Markets that share the nature of their truth and nothing else: their noise is independent."""

    spec: PanelSpec
    markets: tuple[MarketData, ...]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All that panels are made of. `strengths` holds, for each nature and true Sharpe ratio, the one of every source.

    Planted markets of the same number have the same noise whatever their edge, so that edges differ by it alone.
    """

    seed: int
    sources: tuple[Source, ...]
    strengths: Mapping[Planted, tuple[float, ...]]
    bars: int = BARS

    def panel(self, spec: PanelSpec) -> Panel:
        """A panel; the same each time."""
        return Panel(spec, tuple(self.market(spec, place) for place in range(spec.size)))

    def market(self, spec: PanelSpec, place: int) -> MarketData:
        """One market of a panel, made alone; it takes after the sources in turn."""
        assert 0 <= place < spec.size, "a market of the panel"
        number = spec.number * spec.size + place
        draws = Draws(self.seed, _SERIES[spec.truth], number)
        turn = number % len(self.sources)
        source = self.sources[turn]
        if spec.truth is Truth.SHUFFLED:
            made = shuffled(source.candles, draws, self.bars)
        else:
            edge = None if spec.nature is None else Edge(spec.nature, self.strengths[spec.nature, spec.power][turn])
            made = noise_of(source.character, draws, times(self.bars)).bars(edge)
        return market_data(MarketId(f"calibration:{spec.name}-{place}"), made)


def planted_name(nature: Nature, power: float) -> str:
    """What is planted in a word, such as `trend-3`: part of names that are kept."""
    return f"{nature}-{power:g}"


def sources_of(series: Iterable[Candles]) -> tuple[Source, ...]:
    """Real hourly series as sources; the caller cuts each before its vault. Raises what `character_of` raises."""
    return tuple(Source(candles, character_of(candles)) for candles in series)


def sources_hash(sources: Iterable[Source]) -> str:
    """SHA-256 of the real bars, in their order, in hexadecimal."""
    told = "".join(f"{one.candles.market} {bars_hash(one.candles, no_funding())}\n" for one in sources)
    return hashlib.sha256(told.encode()).hexdigest()


def times(bars: int) -> Ints:
    """Open times of hourly bars from `START_MS` on."""
    return START_MS + HOUR_MS * np.arange(bars, dtype=np.int64)


def market_data(market: MarketId, made: Bars) -> MarketData:
    """Made bars as they would come out of a lake, a perpetual without funding; the vault is the last fifth."""
    ts = times(len(made.close))
    columns = [
        np.maximum(np.round(column / TICK), 1.0) * TICK for column in (made.open, made.high, made.low, made.close)
    ]
    candles = Candles(market, HOUR_MS, ts, *columns, volume=made.volume)
    entry = LakeEntry(
        market=market,
        timeframe_ms=HOUR_MS,
        first_ts=int(ts[0]),
        last_ts=int(ts[-1]),
        rows=len(ts),
        holes=0,
        quality=Quality(simulated=True),
        hash=bars_hash(candles, no_funding()),
        anchor_ts=int(ts[0]),
        vault_start_ts=int(ts[0]) + HOUR_MS * round((1.0 - VAULT_SHARE) * len(ts)),
        sessions=False,
        has_funding=False,
        has_mark=False,
    )
    return MarketData(Market(candles), _instrument(market), entry)


def _instrument(market: MarketId) -> Instrument:
    """A linear perpetual with the fees of a large venue, on a grid too fine to matter."""
    return Instrument(
        market=market,
        kind=Kind.LINEAR,
        base="CALIBRATION",
        quote="USDT",
        settle="USDT",
        tick=TICK,
        lot=1e-4,
        min_quantity=0.0,
        min_notional=0.0,
        contract_size=1.0,
        maker_fee=0.0002,
        taker_fee=0.0005,
        maintenance_margin_rate=0.005,
        source="simulated",
        as_of="2026-01-01",
        assumed=False,
    )
