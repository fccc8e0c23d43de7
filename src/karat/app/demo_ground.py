"""What the journey walks on: a lake with markets, the starters, and one policy for all of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from karat.control.demo_market import BARS, TIMEFRAME_MS, fill_lake
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import HOUR_MS
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.ingest.importer import FileResult, ImportOptions, import_paths
from karat.lake.store import open_lake
from karat.ports.lake import Lake, LakeEntry
from karat.research.backtest import MarketData
from karat.research.backtest_market import market_data
from karat.strategies import Strategy, all_strategies
from karat.strategies.legs import is_two_legged
from karat.strategies.registry import is_builtin

BARS_MIN = 1_000
MARKETS_MAX = 6
POLICY = Policy(stop_mode=LevelMode.ATR, stop_value=4.0, take_mode=LevelMode.ATR, take_value=6.0)
"""Stop and take wide enough to outlast an hour's noise; size, costs and the rest are the defaults."""
BASELINE = Policy()
"""To hold is to hold: without a stop."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Markets of one timeframe in one lake."""

    lake: Lake
    markets: tuple[MarketId, ...]
    timeframe_ms: int

    def entry(self, market: MarketId) -> LakeEntry:
        return self.lake.entry(market, self.timeframe_ms)

    def before_vault(self, market: MarketId) -> MarketData:
        """What research may read."""
        return market_data(self.lake, market, self.timeframe_ms, None, self.entry(market).vault_start_ts)


def starters() -> tuple[Strategy, ...]:
    """The strategies of one market that Karat ships."""
    shipped = (strategy for strategy in all_strategies().strategies if is_builtin(strategy.name))
    return tuple(strategy for strategy in shipped if not is_two_legged(strategy))


def policy_of(strategy: Strategy) -> Policy:
    """The policy under which the journey runs a starter."""
    return BASELINE if strategy.family == "baseline" else POLICY


def demo_ground(markets: int = MARKETS_MAX, bars: int = BARS) -> Ground:
    """The demo market, put into the lake where it is missing. Raises InputError `bad_range`."""
    if not 1 <= markets <= len(DEMO_SYMBOLS):
        raise InputError("bad_range", f"The demo has no {markets} markets.", f"Choose 1 to {len(DEMO_SYMBOLS)}.")
    if bars < BARS_MIN:
        raise InputError("bad_range", f"{bars} bars are too few to show anything.", f"Choose {BARS_MIN:,} or more.")
    lake, symbols = open_lake(), DEMO_SYMBOLS[:markets]
    fill_lake(lake, symbols, bars)
    return Ground(lake, symbols, TIMEFRAME_MS)


def files_ground(folder: Path) -> tuple[Ground, list[FileResult]]:
    """Import every market data file of `folder` and walk on those markets, at the timeframe nearest to an hour.

    Raises InputError of the import, or `nothing_to_run` when no market with enough candles came out of it.
    """
    lake = open_lake()
    results = import_paths(lake, [folder], ImportOptions())
    found = {(one.market, one.timeframe_ms) for one in results if one.kind == "candles" and one.status != "refused"}
    usable = [one for one in lake.list() if (one.market, one.timeframe_ms) in found and one.rows >= BARS_MIN]
    if not usable:
        message = f"{folder} holds no market with {BARS_MIN:,} candles or more."
        raise InputError("nothing_to_run", message, "See what is wrong with its files: karat data import.")
    timeframe_ms = min({one.timeframe_ms for one in usable}, key=lambda one: abs(one - HOUR_MS))
    markets = tuple(one.market for one in usable if one.timeframe_ms == timeframe_ms)
    return Ground(lake, markets[:MARKETS_MAX], timeframe_ms), results
