"""Trades as columns, on runs whose arithmetic fits on a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.simulation.compiled import _candles, _signals, inputs_of
from tests.simulation.worlds import seeded_world
from tests.unit.research.small_markets import candles, free_policy, instrument

from karat.core.model.instrument import Kind
from karat.core.model.policy import CostLevel, LevelMode, Policy, SizeMode
from karat.core.model.reasons import Reason
from karat.core.model.signals import signals
from karat.research.levels import LevelRun, measured, run_level
from karat.stats import is_defined

PRICES = [100.0, 100.0, 110.0, 120.0, 120.0, 90.0, 90.0]


def told(bars: int, **bars_set: int) -> Any:
    """Signals set at one bar each, by name."""
    columns = {name: np.arange(bars) == bar for name, bar in bars_set.items()}
    return signals(bars, **columns)


def run_of(policy: Policy, prices: list[float] = PRICES, kind: Kind = Kind.LINEAR, **bars_set: int) -> LevelRun:
    return run_level("own", candles(prices), told(len(prices), **bars_set), policy, instrument(kind))


def test_one_long_trade_by_hand() -> None:
    """1,000 at 100 is 10 units; bought at bar 1's open 100, sold at bar 4's open 120: 200 before fees of 0.05%."""
    run = run_of(free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0), long=0, exit_long=3)
    trades = run.trades
    assert len(trades) == 1 and run.open_position is None
    assert (trades.side[0], trades.entry_bar[0], trades.exit_bar[0], trades.bars_held[0]) == (1, 1, 4, 4)
    assert (trades.quantity[0], trades.entry_price[0], trades.exit_price[0]) == (10.0, 100.0, 120.0)
    assert trades.fees[0] == pytest.approx(0.0005 * 1_000 + 0.0005 * 1_200)
    assert trades.pnl[0] == pytest.approx(200.0 - 1.1)
    assert trades.reason[0] == Reason.SIGNAL and trades.entry_reason[0] == Reason.ENTRY
    assert np.isnan(trades.stop[0]) and np.isnan(trades.risk[0])
    assert run.equity[-1] == pytest.approx(10_000 + 198.9)
    assert run.metrics["trades"] == 1.0 and run.paid_bp == pytest.approx(5.0)


def test_risk_is_the_loss_down_to_the_stop_at_entry() -> None:
    """A stop 5% under 100 rests at 95.00; 10 units lose 50 there."""
    policy = free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0, stop_mode=LevelMode.FRACTION, stop_value=0.05)
    run = run_of(policy, long=0)
    assert run.trades.stop[0] == 95.0 and run.trades.risk[0] == pytest.approx(50.0)
    assert run.trades.reason[0] == Reason.STOP
    assert is_defined(run.metrics["expectancy_r"])


def test_what_is_open_at_the_end_is_no_trade() -> None:
    run = run_of(free_policy(size_mode=SizeMode.NOTIONAL, size_value=1_000.0), short=0)
    held = run.open_position
    assert len(run.trades) == 0 and held is not None
    assert (held.id, held.side, held.quantity, held.entry_price, held.mark_price) == (1, -1, 10.0, 100.0, 90.0)
    assert held.unrealised == pytest.approx(100.0) and held.fees == pytest.approx(0.5)
    assert run.equity[-1] == pytest.approx(10_000 + held.unrealised - held.fees)
    assert held.bars_held == 6 and held.stop is None


def test_inverse_prices_are_averaged_harmonically() -> None:
    """Two entries of 10 contracts of 1 quote unit, at 100 and 110: 20 / (10/100 + 10/110)."""
    policy = free_policy(capital=10.0, size_mode=SizeMode.NOTIONAL, size_value=10.0, max_adds=1)
    bars = len(PRICES)
    given = signals(bars, long=np.isin(np.arange(bars), [0, 2]), exit_long=np.arange(bars) == 4)
    run = run_level("own", candles(PRICES), given, policy, instrument(Kind.INVERSE, lot=1.0, settle="A"))
    (price,) = run.trades.entry_price
    assert price == pytest.approx(20.0 / (10.0 / 100.0 + 10.0 / 110.0))
    gross = 20.0 * (1.0 / price - 1.0 / run.trades.exit_price[0])
    assert run.trades.pnl[0] == pytest.approx(gross - run.trades.fees[0])


def test_a_run_without_trades_has_figures_that_say_why() -> None:
    run = run_of(free_policy())
    assert len(run.trades) == 0 and run.paid_bp == 0.0
    assert not is_defined(run.metrics["win_rate"]) and not is_defined(run.metrics["sharpe"])
    assert run.metrics["total_return"] == 0.0


def test_one_bar_is_enough() -> None:
    run = run_of(Policy().with_costs(CostLevel.BRUTAL), [100.0], long=0)
    assert len(run.equity) == 1 and run.metrics["trades"] == 0.0


def test_refusals_are_counted_by_their_first_reason() -> None:
    run = run_of(free_policy(allow_short=False), short=2)
    assert run.refusals == {"side": 1}


def test_equity_moves_session_by_session() -> None:
    run = run_of(free_policy(size_value=0.5), kind=Kind.EQUITY, long=0, exit_long=3)
    assert run.metrics["days"] == 2.0  # seven hours from midnight UTC lie on two New York dates


def test_trades_and_the_open_rest_add_up_to_the_equity() -> None:
    """Over random worlds: start + closed results + what is open = the last equity."""
    seen = 0
    for seed in range(120):
        world = seeded_world(seed)
        bars = _candles(world.bars, world.timeframe_ms)
        run = measured("own", world.policy, inputs_of(world), _signals(world), world.instrument, bars)
        held = run.open_position
        rest = held.realised + held.unrealised - held.fees - held.funding - held.borrow if held else 0.0
        expected = world.policy.capital + run.trades.pnl.sum() + rest
        assert run.equity[-1] == pytest.approx(expected, rel=1e-9), seed
        seen += len(run.trades)
    assert seen > 200
