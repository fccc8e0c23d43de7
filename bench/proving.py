"""How long a verdict takes: four starters on six perpetuals, three years of hours; and what a survivor costs."""

from __future__ import annotations

import time

import polars as pl

from bench.market import SHARED
from bench.rows import Row
from karat.core.ids import MarketId, market_id
from karat.core.model.candles import Candles
from karat.core.time import HOUR_MS, parse_time_ms
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.research.ledger.trials import TrialLedger
from karat.research.prove.examination import Candidate
from karat.research.prove.ground import Book, LakeGround
from karat.research.prove.proving import GROUPS, Request, prove
from karat.research.prove.region import refine, sweep_region
from karat.research.prove.search import Searcher
from karat.research.prove.settings import ProofSettings
from karat.research.prove.shares import shares_of
from karat.research.robustness.variant import variant_of
from karat.strategies import find_strategy, resolve

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT")
STRATEGIES = ("ema_crossover", "donchian_breakout", "bollinger_mean_reversion", "rsi_macd_momentum")
FROM_MS = parse_time_ms("2023-01-01")
MINUTES_MAX = 10.0


def proving(quick: bool) -> list[Row]:
    """`karat prove` on an empty home. Starters die early on real markets, so what a survivor costs is shown beside."""
    names, symbols = STRATEGIES[:1] if quick else STRATEGIES, SYMBOLS[:2] if quick else SYMBOLS
    markets, ground = _imported(symbols), LakeGround(open_lake())
    book, settings = Book(TrialLedger(), lambda: 0), ProofSettings()
    prove(find_strategy(names[0]), Request(markets[:1], (HOUR_MS,)), ground, book, settings, progress=lambda _: None)
    began, reached = time.perf_counter(), 0
    for name in names:
        request = Request(markets, (HOUR_MS,))
        found = prove(find_strategy(name), request, ground, book, settings, progress=lambda _: None)
        reached += sum(len(one["stages"]) for one in found)
    seconds = time.perf_counter() - began
    survivor = _survivor(ground, book, settings, markets[:2])
    verdicts = len(names) * len(markets)
    beside = (
        ("verdicts", float(verdicts)), ("stages gone through", float(reached)), ("seconds a survivor", survivor),
        ("minutes if all survived", (seconds + verdicts * survivor) / 60.0),
    )  # fmt: skip
    what = f"prove {len(names)} strategies on {len(markets)} symbols"
    return [Row(what, seconds / 60.0, "minutes", MINUTES_MAX, beside=beside, note="hours of 2023 to 2025, wall time")]


def _survivor(ground: LakeGround, book: Book, settings: ProofSettings, markets: tuple[MarketId, ...]) -> float:
    """Seconds of the sweep, the refinement and the whole examination of one strategy that nothing stops."""
    strategy = find_strategy(STRATEGIES[0])
    searcher = Searcher(strategy, ground, book, settings)
    data = {market: ground.before_vault(market, HOUR_MS, ()) for market in markets}
    began = time.perf_counter()
    region = sweep_region(searcher, data, {})
    refined = refine(searcher, data, region)
    assert refined.centre is not None, "this strategy has a plateau on these markets"
    first = markets[0]
    variant = variant_of(data[first], strategy, resolve(strategy, refined.settings), searcher.policy)
    candidate = Candidate(
        searcher, first, variant, refined.centre, shares_of(refined, {}), (region.searched, refined.searched)
    )
    for group in GROUPS.values():
        group(candidate)
    return time.perf_counter() - began


def _imported(symbols: tuple[str, ...]) -> tuple[MarketId, ...]:
    """The years of these markets, in the lake of the bench's home."""
    with open_lake().change() as change:
        for name in symbols:
            frame = pl.read_parquet(SHARED / "data/candles/binance_perp/1h" / f"{name}.parquet")
            frame = frame.filter(pl.col("ts") >= FROM_MS)
            columns = {column: frame[column].to_numpy() for column in ("open", "high", "low", "close", "volume")}
            candles = Candles(market_id(f"binance_perp:{name}"), HOUR_MS, frame["ts"].to_numpy(), **columns)
            change.put_candles(candles, measure(candles, sessions=False))
    return tuple(market_id(f"binance_perp:{name}") for name in symbols)
