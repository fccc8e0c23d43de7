"""The real markets a strategy is checked on: some of the lake, outside their vaults, else the simulated market."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from karat.core.model.candles import Candles, Funding
from karat.core.time import HOUR_MS, timeframe_text
from karat.ports.lake import Lake, LakeEntry
from karat.strategies import Market
from karat.strategies.legs import LEG_CLOSES

MARKETS_MAX = 3
BARS_MAX = 4_000
BARS_MIN = 200
_DEMO_SEED = 1


def check_markets(home: Path | None = None, needs: Iterable[str] = ()) -> dict[str, Market]:
    """Up to `MARKETS_MAX` series of the lake by name, different markets first, each its last bars before the vault,
    with the inputs that a strategy declares in `needs` where the lake has them. With an empty lake, one simulated
    market."""
    from karat.lake.store import open_lake

    lake = open_lake(home)
    wanted = tuple(needs)
    chosen = _chosen(lake)
    if any(need in LEG_CLOSES for need in wanted):
        return _pairs(lake, chosen)
    markets = {f"{entry.market} {timeframe_text(entry.timeframe_ms)}": _market(lake, entry, wanted) for entry in chosen}
    return markets or {"simulated 1h": _simulated()}


def _pairs(lake: Lake, chosen: list[LakeEntry]) -> dict[str, Market]:
    """Each of the markets as the first leg beside the next one of its timeframe; none where no two have the same."""
    from karat.strategies.legs import leg_closes

    markets: dict[str, Market] = {}
    for first, second in itertools.combinations(chosen, 2):
        if first.timeframe_ms == second.timeframe_ms and first.market != second.market:
            until = min(first.vault_start_ts, second.vault_start_ts)
            one, other = (
                lake.candles_between(leg.market, leg.timeframe_ms, None, until)[-BARS_MAX:] for leg in (first, second)
            )
            name = f"{first.market} against {second.market} {timeframe_text(first.timeframe_ms)}"
            markets[name] = Market(one, None, leg_closes(one, other))
    return markets


def _chosen(lake: Lake) -> list[LakeEntry]:
    usable = [entry for entry in lake.list() if _bars_before_vault(entry) >= BARS_MIN]
    seen: dict[str, int] = {}
    ranked: list[tuple[int, LakeEntry]] = []
    for entry in sorted(usable, key=lambda one: abs(one.timeframe_ms - HOUR_MS)):
        seen[entry.market] = seen.get(entry.market, 0) + 1
        ranked.append((seen[entry.market], entry))
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])][:MARKETS_MAX]


def _bars_before_vault(entry: LakeEntry) -> int:
    return min(entry.rows, (entry.vault_start_ts - entry.first_ts) // entry.timeframe_ms)


def _market(lake: Lake, entry: LakeEntry, needs: tuple[str, ...]) -> Market:
    from karat.lake.inputs import declared_series, has_inputs

    candles = lake.candles_between(entry.market, entry.timeframe_ms, None, entry.vault_start_ts)[-BARS_MAX:]
    funding = _before(lake.funding(entry.market), candles) if entry.has_funding else None
    series = declared_series(lake, entry.market, needs) if has_inputs(lake, entry.market, needs) else ()
    return Market(candles, funding, series)


def _before(funding: Funding, candles: Candles) -> Funding:
    known = funding.ts <= int(candles.ts[-1]) + candles.timeframe_ms
    return Funding(funding.ts[known], funding.rate[known], funding.mark[known])


def _simulated() -> Market:
    from karat.feeds.demo.market import demo_candles, demo_funding
    from karat.feeds.demo.symbols import DEMO_SYMBOLS

    symbol = DEMO_SYMBOLS[0]
    candles = demo_candles(_DEMO_SEED, symbol, HOUR_MS, BARS_MAX)
    return Market(candles, demo_funding(_DEMO_SEED, symbol, HOUR_MS, BARS_MAX))
