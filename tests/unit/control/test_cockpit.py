"""The cockpit tells what the journal holds, and that equals what the kernel says of the same bots in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.unit.journal.desk_entries import set_state

from karat.bots.creation import new_bot
from karat.bots.runner import Runner
from karat.bots.system_clock import SystemClock
from karat.control.cockpit import JournalCockpit
from karat.core.errors import InputError
from karat.core.ids import BotId, MarketId
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.reasons import Refusal
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.demo.market import demo_candles
from karat.feeds.demo.symbols import DEMO_SYMBOLS, demo_instrument
from karat.feeds.replay.feed import ReplayFeed
from karat.journal.store import SqlJournal, open_journal
from karat.kernel.engine import Record, prepare, run
from karat.ports.cockpit import Book, BotState, EquityRange, EventKind, Mode, Side, Undefined
from karat.ports.journal import Happening
from karat.ports.verdict import Verdict
from karat.research.trades import trades_of
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

BARS = 700
STARTED = 1_790_000_000_000
STOPPED_OUT = Policy(stop_mode=LevelMode.FRACTION, stop_value=0.03, take_mode=LevelMode.FRACTION, take_value=0.05)
BOTS = {
    "trend": ("ema_crossover", DEMO_SYMBOLS[0], STOPPED_OUT),
    "reversion": ("bollinger_mean_reversion", DEMO_SYMBOLS[1], STOPPED_OUT),
    "hold": ("buy_and_hold", DEMO_SYMBOLS[2], Policy()),
}
USDT = Book(Mode.SIMULATED, "USDT")


def candles_of(symbol: MarketId) -> ReplayFeed:
    return ReplayFeed(demo_candles(1, symbol, HOUR_MS, BARS), None, SystemClock())


@dataclass
class Desk:
    """A journal with bots that have run, and one that has not begun."""

    journal: SqlJournal
    cockpit: JournalCockpit

    def told_by_kernel(self, name: str) -> Record:
        strategy_name, symbol, policy = BOTS[name]
        strategy, candles = find_strategy(strategy_name), demo_candles(1, symbol, HOUR_MS, BARS)
        signals = evaluate(strategy, Market(candles), resolve(strategy))
        return run(prepare(candles, signals, policy, demo_instrument(symbol)))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    journal = open_journal(tmp_path_factory.mktemp("desk"))
    for name, (strategy, symbol, policy) in {**BOTS, "waiting": BOTS["trend"]}.items():
        candles = demo_candles(1, symbol, HOUR_MS, BARS)
        instrument = demo_instrument(symbol)
        record = new_bot(
            name, find_strategy(strategy), {}, policy, instrument, candles, None, Mode.SIMULATED, created_ts=STARTED
        )
        journal.create_bot(record)
    runner = Runner(journal, lambda key: candles_of(key.market), PaperVenue(), find_strategy, SystemClock())
    asyncio.run(runner.run([BotId(name) for name in BOTS]))
    yield Desk(journal, JournalCockpit(journal, STARTED))
    journal.close()


def test_every_row_is_what_the_kernel_says(desk: Desk) -> None:
    rows = {row.name: row for row in desk.cockpit.fleet().bots}
    for name in BOTS:
        record, row = desk.told_by_kernel(name), rows[name]
        assert row.equity == record.equity[-1]
        assert row.drawdown == pytest.approx(record.equity[-1] / max(10_000.0, record.equity.max()) - 1, abs=1e-12)
        assert row.trades == record.state.money.closed_trades
        assert (row.holding is None) == (record.position[-1] == 0)
        assert row.state == BotState.FINISHED
        assert row.verdict == Verdict.NOT_PROVEN


def test_today_begins_at_midnight_of_the_market(desk: Desk) -> None:
    fleet = desk.cockpit.fleet()
    assert fleet.clock_ts is not None
    into_day = fleet.clock_ts % DAY_MS // HOUR_MS
    assert into_day == BARS % 24 != 0
    for row in fleet.bots:
        if row.name in BOTS:
            equity = desk.told_by_kernel(row.name).equity
            assert row.today == equity[-1] - equity[-1 - into_day]


def test_a_bot_without_a_bar_has_no_figure_and_is_in_no_sum(desk: Desk) -> None:
    fleet = desk.cockpit.fleet()
    row = next(row for row in fleet.bots if row.name == "waiting")
    assert all(isinstance(one, Undefined) for one in (row.equity, row.today, row.open_pnl, row.drawdown))
    (total,) = fleet.totals
    assert (total.book, total.bots, total.missing, total.capital) == (USDT, 4, 1, 30_000.0)
    assert total.equity == pytest.approx(sum(desk.told_by_kernel(name).equity[-1] for name in BOTS), rel=1e-12)


def test_the_book_is_the_sum_of_its_bots_at_every_close(desk: Desk) -> None:
    series = desk.cockpit.equity(USDT, EquityRange.ALL)
    summed = sum(desk.told_by_kernel(name).equity for name in BOTS)
    assert len(series.ts) == BARS
    assert np.allclose(series.value, summed, rtol=1e-12)
    (total,) = desk.cockpit.fleet().totals
    assert total.drawdown_deepest == min(series.drawdown)
    assert total.drawdown == series.drawdown[-1]


def test_a_day_of_equity_ends_with_the_newest_point(desk: Desk) -> None:
    series = desk.cockpit.equity(BotId("hold"), EquityRange.DAY)
    assert len(series.ts) == 25
    assert series.value == tuple(desk.told_by_kernel("hold").equity[-25:])


def test_a_position_carries_what_the_kernel_holds(desk: Desk) -> None:
    position = next(one for one in desk.cockpit.positions() if one.bot == "hold")
    record = desk.told_by_kernel("hold")
    instrument = demo_instrument(BOTS["hold"][1])
    holding = record.state.holding
    close = demo_candles(1, BOTS["hold"][1], HOUR_MS, BARS).close[-1]
    quantity = holding.lots * instrument.lot
    assert (position.side, position.quantity, position.entry_price) == (Side.LONG, quantity, holding.average)
    assert position.open_pnl == pytest.approx(quantity * (close - holding.average), rel=1e-12)
    assert position.entry_ts == int(record.fills["ts"][0])
    assert position.stop_price is None and isinstance(position.r, Undefined)
    (total,) = desk.cockpit.fleet().totals
    assert total.unbounded == 1


def test_a_stop_bounds_what_a_position_can_lose(desk: Desk) -> None:
    bounded = [one for one in desk.cockpit.positions() if one.stop_price is not None]
    assert bounded
    for position in bounded:
        assert position.stop_price is not None
        sign = 1 if position.side == Side.LONG else -1
        assert position.stop_distance == pytest.approx(sign * (1 - position.stop_price / position.mark_price))
        at_stop = sign * position.quantity * (position.stop_price - position.mark_price)
        assert position.at_stop == pytest.approx(at_stop)
        entry_risk = abs(position.entry_price - position.stop_price) * position.quantity
        assert position.r == pytest.approx(position.open_pnl / entry_risk, rel=0.05)


def test_trades_are_those_of_the_kernel_newest_first(desk: Desk) -> None:
    strategy, symbol, policy = BOTS["reversion"]
    candles, found = demo_candles(1, symbol, HOUR_MS, BARS), find_strategy(strategy)
    signals = evaluate(found, Market(candles), resolve(found))
    inputs = prepare(candles, signals, policy, demo_instrument(symbol))
    expected = trades_of(run(inputs), inputs, signals, demo_instrument(symbol))
    rows = desk.cockpit.trades(500, bot=BotId("reversion"))
    assert len(rows) == len(expected) > 3
    assert [row.id for row in rows] == list(range(len(rows), 0, -1))
    assert [row.pnl for row in reversed(rows)] == pytest.approx(expected.pnl.tolist(), rel=1e-9)
    assert [row.entry_ts for row in reversed(rows)] == expected.entry_ts.tolist()
    assert [int(row.reason) for row in reversed(rows)] == expected.reason.tolist()
    with_stop = [row for row, risk in zip(reversed(rows), expected.risk, strict=True) if not np.isnan(risk)]
    risks = expected.risk[~np.isnan(expected.risk)]
    assert [row.r for row in with_stop] == pytest.approx(
        [row.pnl / risk for row, risk in zip(with_stop, risks, strict=True)]
    )
    page = desk.cockpit.trades(2, before=rows[1].sequence, bot=BotId("reversion"))
    assert page == rows[2:4]


def test_refusals_of_today_are_those_of_the_kernel(desk: Desk) -> None:
    view = desk.cockpit.refusals(BotId("trend"))
    today = BARS % 24
    codes = desk.told_by_kernel("trend").refusals[-today:]
    assert view.decisions == today
    assert {one.reason: one.count for one in view.refused} == {
        Refusal(code): int((codes == code).sum()) for code in set(codes.tolist()) - {0}
    }


def test_a_bot_opened_says_what_it_was_told(desk: Desk) -> None:
    view = desk.cockpit.bot(BotId("trend"))
    strategy = find_strategy("ema_crossover")
    assert strategy.hypothesis.behaviour in view.hypothesis
    assert {one.name for one in view.parameters} == {one.name for one in strategy.parameters}
    assert view.anchor_ts == int(demo_candles(1, BOTS["trend"][1], HOUR_MS, 1).ts[0])
    assert desk.cockpit.fleet().data_label == "Simulated data"


def test_what_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="no bot 'nobody'"):
        desk.cockpit.bot(BotId("nobody"))
    with pytest.raises(InputError, match="BTC"):
        desk.cockpit.equity(Book(Mode.PAPER, "BTC"), EquityRange.ALL)


async def test_changes_tell_what_was_and_then_what_comes(desk: Desk) -> None:
    known = desk.cockpit.events(500)
    stream = desk.cockpit.changes(known[1].id)
    first = await anext(stream)
    assert first.id > known[1].id
    await stream.aclose()
    stream = desk.cockpit.changes(10**9)
    coming = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    told = Happening(EventKind.WARNING, "the wind has turned")
    while not coming.done():
        set_state(desk.journal, BotId("waiting"), BotState.STOPPED, told)
        await asyncio.wait({coming}, timeout=0.1)
    event = coming.result()
    assert (event.kind, event.text, event.bot) == (EventKind.WARNING, "the wind has turned", "waiting")
    await stream.aclose()


def test_an_empty_journal_is_an_empty_fleet(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    cockpit = JournalCockpit(journal, STARTED)
    fleet = cockpit.fleet()
    assert (fleet.clock_ts, fleet.bots, fleet.totals) == (None, (), ())
    assert cockpit.positions() == () and cockpit.refusals().decisions == 0
    assert cockpit.health().last_event_id == 0
    journal.close()
