"""A bot's parity: 100 where nothing went wrong, and each thing that goes wrong under its own name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.bots.fleet import POLICY, Desk, demo

from karat.control.running_parity import BotParity, Gaps, Pair, parity_of, percent_of
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId
from karat.core.model.candles import Candles
from karat.core.model.policy import SizeMode
from karat.ports.trading import Transaction
from karat.stats.figure import NO_TRADES

BARS = 400


def parity(desk: Desk, bot: BotId, candles: Candles | None = None) -> BotParity:
    record = desk.journal.bot(bot)
    given = desk.candles if candles is None else candles
    return parity_of(desk.journal, record, desk.strategies(record.strategy), given, desk.funding)


def run_to_the_end(tmp_path: Path, **policy: float) -> tuple[Desk, BotId]:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada")
    desk.run(bot)
    return desk, bot


def test_a_bot_that_nothing_disturbs_has_parity_100(tmp_path: Path) -> None:
    desk, bot = run_to_the_end(tmp_path)
    found = parity(desk, bot)
    assert found.percent == 100.0 and found.gaps == Gaps() and len(found.pairs) == desk.journal.trade_count(bot) > 5
    assert all(pair.why == "" and pair.bot is not None and pair.backtest is not None for pair in found.pairs)
    assert (found.bars, found.revised_bars, found.later_bars) == (BARS, 0, 0)
    desk.journal.close()


def test_half_way_it_is_compared_with_half_the_backtest(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada")
    with pytest.raises(InputError, match="has not done a bar"):
        parity(desk, bot)
    desk.run(bot, until=5)
    assert parity(desk, bot).percent == NO_TRADES
    for until in (150, 151, 152, 230):
        desk.run(bot, until=until)
        found = parity(desk, bot)
        assert (found.percent, found.bars, found.gaps) == (100.0, until, Gaps())
    desk.journal.close()


def test_entries_that_the_house_refused_are_the_gap_risk(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada")
    desk.run(bot, until=200)
    token = desk.journal.take_lease("a person", 0, 1)
    halted = {"halt:ada": {"code": "told", "reason": "by hand", "at_ms": 0}}
    desk.journal.write(Transaction(token, 0, facts=halted))
    desk.journal.release_lease(token)
    desk.run(bot)
    found = parity(desk, bot)
    lost = [pair for pair in found.pairs if pair.bot is None]
    assert lost and "risk" in {pair.why for pair in lost} and isinstance(found.percent, float) and found.percent < 99
    assert found.gaps.risk != 0.0 and found.gaps.fill_price == found.gaps.cost == found.gaps.data_revision == 0.0
    end = float(desk.in_one_call().equity[-1])
    assert found.gaps.total == pytest.approx(float(desk.journal.marks(bot).equity[-1]) - end)
    assert not found.is_good
    desk.journal.close()


def test_closes_that_were_revised_since_are_the_gap_data_revision(tmp_path: Path) -> None:
    desk, bot = run_to_the_end(tmp_path)
    close = np.array(desk.candles.close)
    close[250:] *= 1.0001
    high, low = np.maximum(desk.candles.high, close), np.minimum(desk.candles.low, close)
    later = replace(desk.candles, close=close, high=high, low=low)
    found = parity(desk, bot, later)
    assert found.revised_bars == BARS - 250 and found.gaps.data_revision != 0.0
    desk.candles = later
    stands = float(desk.in_one_call().equity[-1])
    assert found.gaps.total == pytest.approx(float(desk.journal.marks(bot).equity[-1]) - stands)
    desk.journal.close()


def test_a_bar_that_came_later_is_data_revision_and_one_that_is_gone_is_refused(tmp_path: Path) -> None:
    whole, funding = demo(BARS)
    kept = np.arange(BARS) != 200
    seen = Candles(
        whole.market, whole.timeframe_ms, whole.ts[kept], whole.open[kept], whole.high[kept], whole.low[kept],
        whole.close[kept], whole.volume[kept],
    )  # fmt: skip
    desk = Desk(tmp_path, seen, funding)
    bot = desk.create("ada")
    desk.run(bot)
    found = parity(desk, bot, whole)
    assert (found.percent, found.later_bars, found.revised_bars) == (100.0, 1, 0)
    assert replace(found.gaps, data_revision=0.0) == Gaps()
    with pytest.raises(NeedsOperator, match="are not in the lake any more"):
        parity(desk, bot, seen[1:])
    desk.journal.close()


def test_the_one_number_can_be_checked_by_hand(tmp_path: Path) -> None:
    desk, bot = run_to_the_end(tmp_path)
    one = desk.journal.trades(1, bot=bot)[0]
    won, more, lost = (replace(one, pnl=pnl) for pnl in (10.0, 8.0, -5.0))
    assert percent_of([Pair(won, won, "")]) == 100.0
    assert percent_of([Pair(more, won, "cost")]) == pytest.approx(80.0)  # 2 of 10 are gap
    assert percent_of([Pair(won, won, ""), Pair(None, won, "signal")]) == pytest.approx(50.0)
    assert percent_of([Pair(lost, won, "timing")]) == 0.0  # never below
    desk.journal.close()


FIXED = replace(POLICY, size_mode=SizeMode.NOTIONAL, size_value=1_000.0, taker_fee=0.0004)


@pytest.mark.parametrize(("name", "other"), [("cost", {"taker_fee": 0.0006}), ("fill_price", {"half_spread": 0.0005})])
def test_what_the_venue_charges_otherwise_is_cost_and_what_it_fills_otherwise_is_fill_price(
    name: str, other: dict[str, float], tmp_path: Path
) -> None:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada", policy=FIXED)
    desk.run(bot)
    record = desk.journal.bot(bot)
    strategy = desk.strategies(record.strategy)
    dearer = replace(record, policy=replace(FIXED, **other))  # the backtest's world is dearer than the bot's was
    found = parity_of(desk.journal, dearer, strategy, desk.candles, desk.funding)
    same = [
        pair for pair in found.pairs
        if pair.bot and pair.backtest
        and (pair.bot.entry_ts, pair.bot.exit_ts) == (pair.backtest.entry_ts, pair.backtest.exit_ts)
    ]  # fmt: skip
    assert {pair.why for pair in same} == {name} and len(same) > len(found.pairs) / 2  # another price moves a stop, too
    assert getattr(found.gaps, name) > 0.0 and isinstance(found.percent, float) and found.percent < 100.0
    assert found.gaps.total == pytest.approx(
        float(desk.journal.marks(bot).equity[-1]) - float(desk.in_one_call(policy=dearer.policy).equity[-1])
    )
    desk.journal.close()
