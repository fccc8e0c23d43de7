"""Bots under way: what they do is what one call does, whatever interrupts them, and one that fails fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.bots.fleet import POLICY, Desk, demo, kept
from tests.unit.strategies.written import written

from karat.bots.fills import closed_trade
from karat.core.errors import InputError, RetryLater
from karat.core.ids import BotId
from karat.core.model.reasons import Reason
from karat.feeds.demo.symbols import demo_instrument
from karat.journal import open_journal
from karat.kernel.engine import Record
from karat.kernel.records import FILL_FLOATS, FILL_INTS, NO_LEVEL
from karat.kernel.state import state_bytes
from karat.oms.client_ids import order_key
from karat.ports.cockpit import BotState, EventKind
from karat.ports.journal import JournalReader, Part
from karat.strategies import Strategy, find_strategy

BARS = 700


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, *demo(BARS))
    yield opened
    opened.journal.close()


def assert_kept_is(record: Record, journal: JournalReader, bot: BotId) -> None:
    fills = journal.fills(bot)
    for name in (*FILL_INTS, *FILL_FLOATS):
        column = [NO_LEVEL if getattr(fill, name) is None else getattr(fill, name) for fill in fills]
        assert column == record.fills[name].tolist(), name
    marks = journal.marks(bot)
    assert marks.equity.tobytes() == record.equity.tobytes()
    assert marks.position.tolist() == record.position.tolist()
    refusals = dict(journal.refusals(bot))
    assert refusals == {bar: code for bar, code in enumerate(record.refusals.tolist()) if code}
    assert journal.status(bot).kernel == state_bytes(record.state)


@pytest.mark.parametrize("strategy", ["bollinger_mean_reversion", "rsi_macd_momentum", "buy_and_hold"])
def test_a_bot_trades_as_one_call_does(strategy: str, desk: Desk) -> None:
    bot = desk.create("ada", strategy)
    desk.run(bot)
    record = desk.in_one_call(strategy)
    assert len(record.fills["ts"]) > 5
    assert_kept_is(record, desk.journal, bot)
    assert desk.journal.status(bot).state == BotState.FINISHED


def test_a_strategy_of_targets_trades_as_one_call_does(tmp_path: Path) -> None:
    body = "return signals(len(market), target=np.clip((market.sma(20) / market.close - 1.0) * 40.0, -1.0, 1.0))"
    strategy = written(tmp_path, "leans", body)
    desk = Desk(tmp_path, *demo(BARS), strategies=lambda name: strategy)
    policy = replace(POLICY, reentry_max=0, rebalance_band=0.1)
    bot = desk.create("ada", "leans", policy)
    desk.run(bot)
    record = desk.in_one_call("leans", policy)
    assert len(record.fills["ts"]) > 50
    assert_kept_is(record, desk.journal, bot)
    desk.journal.close()


def test_interrupted_at_any_bars_it_goes_on_as_if_nothing_had_happened(desk: Desk, tmp_path: Path) -> None:
    whole = Desk(tmp_path / "whole", desk.candles, desk.funding)
    whole.run(whole.create("ada"))
    bot = desk.create("ada")
    for until in (1, 2, 60, 61, 333, 500, None):
        desk.run(bot, until=until)
        desk.reopen()
    assert kept(desk.journal, bot) == kept(whole.journal, bot)
    begun = [one.kind for one in desk.journal.events(999) if one.kind in (EventKind.STARTED, EventKind.RECOVERED)]
    assert begun == [EventKind.RECOVERED] * 6 + [EventKind.STARTED]
    whole.journal.close()


def test_every_fill_names_an_intent_written_before_it(desk: Desk) -> None:
    bot = desk.create("ada")
    desk.run(bot)
    intents = {intent.id: intent for intent in desk.journal.intents(bot)}
    fills = desk.journal.fills(bot)
    assert {fill.reason for fill in fills} >= {Reason.ENTRY, Reason.REENTRY, Reason.STOP, Reason.TAKE, Reason.SIGNAL}
    assert {intent.part for intent in intents.values()} == {Part.ENTRY, Part.LIMIT, Part.EXIT}
    for fill in fills:
        intent = intents[fill.order]
        assert intent.decision_bar == fill.decision_bar < fill.bar
        key = order_key(intent.id)
        assert key is not None and (key.origin, key.bot) == (desk.journal.origin, desk.journal.number_of(bot))
        if fill.reason in (Reason.ENTRY, Reason.REENTRY):
            assert (fill.bar, fill.side) == (intent.due_bar, intent.side) or intent.part == Part.LIMIT
            assert fill.lots <= intent.lots


def test_trades_add_up_to_the_equity(desk: Desk) -> None:
    bot = desk.create("ada")
    desk.run(bot)
    record = desk.in_one_call()
    trades = desk.journal.trades(999)
    assert len(trades) == desk.journal.trade_count(bot) == record.state.money.closed_trades
    if record.state.holding.side == 0:
        assert POLICY.capital + sum(trade.pnl for trade in trades) == pytest.approx(record.equity[-1], rel=1e-12)
    instrument = demo_instrument(desk.candles.market)
    for trade in trades:
        fills = desk.journal.fills(bot, trade.trade)
        assert replace(closed_trade(list(fills), instrument), sequence=trade.sequence) == trade
        assert trade.risk is not None and trade.risk > 0


def test_one_market_is_shared_and_late_bots_catch_up(desk: Desk) -> None:
    ada = desk.create("ada")
    desk.run(ada, until=300)
    bea = desk.create("bea", "ema_crossover")
    desk.run(ada, bea)
    assert_kept_is(desk.in_one_call(), desk.journal, ada)
    assert_kept_is(desk.in_one_call("ema_crossover"), desk.journal, bea)


def broken_at_bar(folder: Path, bar: int) -> Callable[[str], Strategy]:
    """A strategy that raises once it sees more than `bar` bars of a market that has not ended."""
    body = (
        f"return signals(len(market), long=np.ones(len(market), bool)) if not {bar} < len(market) < {BARS} else 1 / 0"
    )
    strategy = written(folder, "breaks", body)
    return lambda name: strategy if name == "breaks" else find_strategy(name)


def test_a_strategy_that_raises_fails_its_bot_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(BARS), strategies=broken_at_bar(tmp_path, 400))
    ada, bad = desk.create("ada"), desk.create("bad", "breaks")
    desk.run(ada, bad)
    status = desk.journal.status(bad)
    assert (status.state, status.bars) == (BotState.FAILED, 400)
    assert "ZeroDivisionError" in status.cause
    told = [one for one in desk.journal.events(99, bot=bad) if one.kind == EventKind.FAILED]
    assert [one.payload["code"] for one in told] == ["strategy_failed"]
    assert_kept_is(desk.in_one_call(), desk.journal, ada)
    desk.journal.close()


def test_a_price_that_is_no_number_fails_every_bot_on_it(desk: Desk) -> None:
    bot = desk.create("ada")
    close = desk.candles.close.copy()
    close[200] = np.nan
    desk.candles = replace(desk.candles, close=close)
    desk.run(bot)
    status = desk.journal.status(bot)
    assert (status.state, status.bars) == (BotState.FAILED, 200) and "NaN" in status.cause


def test_changed_code_waits_for_a_person(tmp_path: Path) -> None:
    body = "return signals(len(market), long=np.ones(len(market), bool))"
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = written(tmp_path / "old", "mine", body)
    new = written(tmp_path / "new", "mine", body + "  # another thought")
    desk = Desk(tmp_path, *demo(BARS), strategies=lambda name: old)
    bot = desk.create("ada", "mine")
    desk.run(bot, until=100)
    desk.strategies = lambda name: new
    desk.run(bot)
    status = desk.journal.status(bot)
    assert (status.state, status.bars) == (BotState.FAILED, 100) and "changed" in status.cause
    desk.strategies = lambda name: old
    desk.run(bot)
    assert desk.journal.status(bot).state == BotState.FINISHED
    desk.journal.close()


def test_other_candles_than_it_has_seen_wait_for_a_person(desk: Desk) -> None:
    bot = desk.create("ada")
    desk.run(bot, until=100)
    real, close = desk.candles, desk.candles.close.copy()
    close[50] += 1.0
    desk.candles = replace(real, close=close, high=np.maximum(real.high, close))
    desk.run(bot)
    assert "differ from" in desk.journal.status(bot).cause
    desk.candles = real[:90]
    desk.run(bot)
    assert "100 bars were there before" in desk.journal.status(bot).cause
    desk.candles = real
    desk.run(bot)
    assert_kept_is(desk.in_one_call(), desk.journal, bot)


def test_a_bot_that_runs_elsewhere_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    ada, bea = desk.create("ada"), desk.create("bea")
    other = open_journal(tmp_path)
    token = other.take_lease("elsewhere", 0, 10**12)
    with pytest.raises(RetryLater) as busy:
        desk.run(ada, bea)
    assert busy.value.code == "lease_held"
    other.release_lease(token)
    assert desk.journal.status(ada).bars == 0 and desk.journal.status(ada).state == BotState.STOPPED
    other.close()


async def stop_after(desk: Desk, bot: BotId, bars: int) -> None:
    running = asyncio.create_task(desk.runner().run([bot]))
    while desk.journal.status(bot).bars < bars:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_a_bot_that_is_told_to_stop_ends_after_the_bar_in_hand(desk: Desk) -> None:
    bot = desk.create("ada")
    asyncio.run(stop_after(desk, bot, 64))
    status = desk.journal.status(bot)
    assert status.state == BotState.STOPPED and 64 <= status.bars < BARS
    assert len(desk.journal.marks(bot).ts) == status.bars
    desk.run(bot)
    assert_kept_is(desk.in_one_call(), desk.journal, bot)


@pytest.mark.parametrize("name", ["", "Ada", "a b", "../x", "a" * 64])
def test_a_name_that_cannot_be_one_is_refused(name: str, desk: Desk) -> None:
    with pytest.raises(InputError) as refused:
        desk.create(name)
    assert refused.value.code == "bad_bot_name" and desk.journal.bots() == ()
