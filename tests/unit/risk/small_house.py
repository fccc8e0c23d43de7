"""A small house in good order: one account of 100,000, two bots, three markets, nothing held.

A lot of BTC is 0.001 at 50,000: 50 a lot, and at the worst 1.05 * 50,005 * 0.001 = 52.50525.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from karat.core.ids import BotId, MarketId, StrategyName
from karat.risk import AccountView, BotView, Holding, InFlight, MarketView, Proposal, Snapshot, SystemView
from karat.risk.correlation import Correlation

NOW = 1_800_000_000_000
BTC, ETH, OIL = MarketId("demo:BTC"), MarketId("demo:ETH"), MarketId("demo:OIL")
FIRST, SECOND = BotId("first"), BotId("second")
TREND, RANGE = StrategyName("trend"), StrategyName("range")
PER_LOT = 52.50525


def exactly(value: float) -> Correlation:
    return Correlation(value, value)


def market(name: MarketId, sector: str, price: float) -> MarketView:
    return MarketView(
        market=name, sector=sector, inverse=False, tick=price / 50_000, lot=50.0 / price, contract_size=1.0,
        min_lots=1, max_lots=1_000_000, min_notional=5.0, maintenance_rate=0.005, taker_fee=0.0005, leverage=2.0,
        bid=price * 0.9999, ask=price * 1.0001, mark=price, quote_ms=NOW - 1_000, depth=1e6, close_only=False,
    )  # fmt: skip


def bot(name: BotId, strategy: StrategyName) -> BotView:
    return BotView(
        bot=name, strategy=strategy, equity=50_000.0, equity_peak=50_000.0, equity_day_start=50_000.0,
        losses_in_row=0, entries_last_hour=0, entries_last_day=0, halted=False,
    )  # fmt: skip


SYSTEM = SystemView(
    kill_latched=False, breakers_latched=(), safe_mode=False, reconciled=True, venue_healthy=True, data_intact=True,
    store_writable=True, lease_held=True, gate_open=True, configuration_accepted=True, clock_skew_ms=5.0,
)  # fmt: skip
HOUSE = Snapshot(
    now_ms=NOW,
    account=AccountView(100_000.0, 100_000.0, 100_000.0, margin_used=0.0, margin_free=100_000.0),
    system=SYSTEM,
    markets=(market(BTC, "coins", 50_000.0), market(ETH, "coins", 2_500.0), market(OIL, "energy", 80.0)),
    bots=(bot(FIRST, TREND), bot(SECOND, RANGE)),
    holdings=(),
    in_flight=(),
    correlations={(BTC, ETH): exactly(0.8), (BTC, OIL): exactly(0.1), (ETH, OIL): exactly(0.0)},
    signal_keys_used=frozenset(),
)


def entry(lots: int = 100, **changes: Any) -> Proposal:
    """The first bot buys BTC with a stop 4% below: about 5,000 of notional and 4.3% of it at risk."""
    plain = Proposal(FIRST, TREND, BTC, 1, lots, "signal-1", NOW - 500, stop_ticks=48_000, leverage=2.0)
    return replace(plain, **changes)


def close(lots: int = 100, **changes: Any) -> Proposal:
    """The first bot sells what it holds of BTC."""
    return replace(Proposal(FIRST, TREND, BTC, -1, lots, "exit-1", NOW, reduce_only=True), **changes)


def holding(lots: int, owner: BotId = FIRST, strategy: StrategyName = TREND, of: MarketId = BTC) -> Holding:
    return Holding(owner, strategy, of, lots, stop_ticks=48_000)


def flying(
    lots: int, side: int = 1, owner: BotId = SECOND, strategy: StrategyName = RANGE, of: MarketId = BTC
) -> InFlight:
    return InFlight(owner, strategy, of, side, lots, f"{owner}-{of}", stop_ticks=48_000, leverage=2.0)


def house(**changes: Any) -> Snapshot:
    return replace(HOUSE, **changes)


def with_account(**changes: Any) -> Snapshot:
    return replace(HOUSE, account=replace(HOUSE.account, **changes))


def with_system(**changes: Any) -> Snapshot:
    return replace(HOUSE, system=replace(SYSTEM, **changes))


def with_market(name: MarketId = BTC, base: Snapshot = HOUSE, **changes: Any) -> Snapshot:
    return replace(base, markets=tuple(replace(m, **changes) if m.market == name else m for m in base.markets))


def with_bot(name: BotId = FIRST, base: Snapshot = HOUSE, **changes: Any) -> Snapshot:
    return replace(base, bots=tuple(replace(b, **changes) if b.bot == name else b for b in base.bots))
