"""A carried bot does what a recomputed one does: the same journal, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.bots.fleet import POLICY, Desk, demo, kept
from tests.unit.strategies.written import written

from karat.bots.voice import AUDIT_BARS
from karat.core.ids import BotId
from karat.core.model.candles import Candles
from karat.core.model.policy import LevelMode, Policy
from karat.ports.cockpit import BotState

BARS = 700
STRATEGIES = (
    "bollinger_mean_reversion", "donchian_breakout", "rsi_macd_momentum", "ema_crossover", "buy_and_hold",
)  # fmt: skip
FIXED = Policy(
    size_value=1.0, stop_mode=LevelMode.FRACTION, stop_value=0.02, take_mode=LevelMode.FRACTION, take_value=0.04,
    take_fraction=1.0, slippage_atr=0.0, slippage_volume=0.0,
)  # fmt: skip
POLICIES = {
    "stop and take": FIXED,
    "everything": POLICY,
    "trailing": replace(FIXED, trail_mode=LevelMode.FRACTION, trail_value=0.01, trail_from_entry=True),
    "held for so long": replace(FIXED, time_exit=7, daily_loss_limit=0.01, loss_streak_limit=2),
}

_UP = "market.close > market.sma(40)"
TARGETS = {
    "said at every bar": f"np.where({_UP}, 0.5, 0.0)",
    "long or short, now and then": f"np.where(market.ts % 10_800_000 == 0, np.where({_UP}, 0.5, -0.5), np.nan)",
}


@pytest.fixture(scope="module")
def tape() -> Candles:
    return demo(BARS)[0]


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """One whose bots are carried, one whose bots are recomputed."""
    pair = Desk(tmp_path / "carried", *demo(BARS), carried=True), Desk(tmp_path / "recomputed", *demo(BARS))
    yield pair
    for desk in pair:
        desk.journal.close()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_journal_is_that_of_a_recomputed_bot(strategy: str, policy: str, desks: tuple[Desk, Desk]) -> None:
    carried, recomputed = desks
    for desk in desks:
        desk.run(desk.create("ada", strategy, POLICIES[policy]))
    (bot,) = (record.id for record in carried.journal.bots())
    assert kept(carried.journal, bot) == kept(recomputed.journal, bot)
    assert len(carried.journal.fills(bot)) > 0
    assert carried.journal.decisions(0, bot) == recomputed.journal.decisions(0, bot)


@pytest.mark.parametrize("policy", ["stop and take", "everything"])
@pytest.mark.parametrize("target", TARGETS)
def test_so_it_is_where_targets_are_given(target: str, policy: str, tmp_path: Path) -> None:
    strategy = written(tmp_path, "targets", f"return signals(len(market), target={TARGETS[target]})")
    kepts: list[dict[str, object]] = []
    for carried in (True, False):
        desk = Desk(tmp_path / str(carried), *demo(BARS), strategies=lambda name: strategy, carried=carried)
        bot = desk.create("ada", "targets", replace(POLICIES[policy], rebalance_band=0.2))
        desk.run(bot)
        assert len(desk.journal.fills(bot)) > 4
        kepts.append({**kept(desk.journal, bot), "decisions": desk.journal.decisions(0, bot)})
        desk.journal.close()
    assert kepts[0] == kepts[1]


def test_interrupted_at_any_bars_it_goes_on_as_if_nothing_had_happened(desks: tuple[Desk, Desk]) -> None:
    carried, recomputed = desks
    recomputed.run(recomputed.create("ada"))
    bot = carried.create("ada")
    for until in (1, 2, 35, 36, 37, 333, 500, None):
        carried.run(bot, until=until)
        assert carried.journal.status(bot).bars == (BARS if until is None else until)
        carried.reopen()
    assert kept(carried.journal, bot) == kept(recomputed.journal, bot)


def test_a_strategy_that_cannot_be_carried_is_computed_from_the_anchor(tmp_path: Path) -> None:
    body = "return signals(len(market), long=market.close > market.sma(9, of=market.ema(20)))"
    strategy = written(tmp_path, "nested", body)
    kepts: list[dict[str, object]] = []
    for carried in (True, False):
        desk = Desk(tmp_path / str(carried), *demo(BARS), strategies=lambda name: strategy, carried=carried)
        bot = desk.create("ada", "nested", FIXED)
        desk.run(bot)
        kepts.append(kept(desk.journal, bot))
        desk.journal.close()
    assert kepts[0] == kepts[1]


@pytest.mark.parametrize(
    ("name", "body", "why", "speed"),
    [
        (
            "counts", "return signals(len(market), long=np.arange(len(market)) > 100)",
            "without carried state", 1e9,
        ),
        (
            "peeks", "return signals(len(market), confidence=np.append(market.close[1:], 1.0) / market.close.max())",
            "another confidence", None,
        ),
    ],
)  # fmt: skip
def test_one_taken_for_proved_that_looks_further_back_or_ahead_is_stopped_by_the_audit(
    tmp_path: Path, name: str, body: str, why: str, speed: float | None
) -> None:
    strategy = written(tmp_path, name, body)
    desk = Desk(tmp_path, *demo(AUDIT_BARS + 50), strategies=lambda _: strategy, carried=True, speed=speed)
    bot = desk.create("ada", name, FIXED)
    desk.run(bot)
    status = desk.journal.status(bot)
    assert status.state == BotState.FAILED and why in status.cause
    assert status.bars == AUDIT_BARS - 1
    desk.journal.close()


def test_bars_that_come_one_by_one_make_the_trades_of_those_that_are_all_there(tmp_path: Path) -> None:
    desks = [Desk(tmp_path / str(speed), *demo(BARS), carried=True, speed=speed) for speed in (None, 1e9)]
    for desk in desks:
        desk.run(desk.create("ada"), desk.create("bea", "ema_crossover", FIXED))
    for bot in (BotId("ada"), BotId("bea")):
        assert kept(desks[0].journal, bot) == kept(desks[1].journal, bot)
        assert desks[0].journal.traces(bot, 0, 2**62) == desks[1].journal.traces(bot, 0, 2**62)
        assert desks[0].journal.status(bot).bars == BARS and desks[0].journal.fills(bot)
    for desk in desks:
        desk.journal.close()


def test_a_bar_that_is_not_finite_ends_the_carrying_and_not_the_bot(tmp_path: Path, tape: Candles) -> None:
    volume = tape.volume.copy()
    volume[400] = np.inf
    kepts: list[dict[str, object]] = []
    for carried in (True, False):
        desk = Desk(tmp_path / str(carried), replace(tape, volume=volume), carried=carried)
        bot = desk.create("ada", "bollinger_mean_reversion", FIXED)
        desk.run(bot)
        kepts.append(kept(desk.journal, bot))
        desk.journal.close()
    assert kepts[0] == kepts[1]
