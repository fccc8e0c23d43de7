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
from karat.research.plateau import Plateaus
from karat.research.prove.examination import Candidate
from karat.research.prove.ground import Book, LakeGround
from karat.research.prove.proving import GROUPS, Request, prove
from karat.research.prove.region import AROUND
from karat.research.prove.search import Searcher
from karat.research.prove.settings import ProofSettings
from karat.research.prove.shares import ONE_SYMBOL, Shares
from karat.research.prove.space import around, number_of, region
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
    survivor = _survivor(ground, book, settings, markets[0])
    verdicts = len(names) * len(markets)
    beside = (
        ("verdicts", float(verdicts)), ("stages gone through", float(reached)), ("seconds a survivor", survivor),
        ("minutes if all survived", (seconds + verdicts * survivor) / 60.0),
    )  # fmt: skip
    what = f"prove {len(names)} strategies on {len(markets)} symbols"
    return [Row(what, seconds / 60.0, "minutes", MINUTES_MAX, beside=beside, note="hours of 2023 to 2025, wall time")]


def _survivor(ground: LakeGround, book: Book, settings: ProofSettings, market: MarketId) -> float:
    """Seconds of two sweeps and the whole examination of one strategy at its defaults, which nothing stops."""
    strategy, effort = find_strategy(STRATEGIES[0]), settings.effort
    searcher, default = Searcher(strategy, ground, book, settings), resolve(strategy, {})
    data = ground.before_vault(market, HOUR_MS, ())
    began = time.perf_counter()
    grid = region(strategy, effort.axis_values, {})
    near = around(strategy, grid, default.as_dict(), AROUND, effort.refinement_variants)
    sweeps = tuple(searcher.search({market: data}, one, effort.sweep_variants) for one in (grid, near))
    plateau = Plateaus(sweeps[1].pool, sweeps[1].by).of(number_of(near, default.as_dict()))
    variant = variant_of(data, strategy, default, searcher.policy)
    candidate = Candidate(searcher, market, variant, plateau, Shares({market: 0.0}, {}, ONE_SYMBOL), sweeps)
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
