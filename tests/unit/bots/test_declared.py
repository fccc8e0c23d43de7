"""Bots whose strategy declares series see at each bar what a backtest sees there, whatever is revised later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
from tests.contract.test_parity import case_on
from tests.unit.bots.fleet import Desk, StillClock, demo, kept
from tests.unit.strategies.written import written

from karat.control.parity import compared
from karat.core.model.candles import Series
from karat.core.time import DAY_MS, HOUR_MS
from karat.feeds.replay import ReplayFeed
from karat.ports.cockpit import BotState
from karat.strategies import find_strategy

BARS = 500
CANDLES, FUNDING = demo(BARS)
START = int(CANDLES.ts[0])
BODY = """mood, flow = market.series("mood"), market.series("flow")
paid = market.series("funding")
closed = market.ts + market.timeframe_ms
wild = np.searchsorted(market.observations("mood").available_at, closed, side="right") % 7 == 3
return signals(len(market), long=(mood > 50.0) & (flow > -0.5), exit_long=(mood < 40.0) | (paid > 1.0) | wild)"""


def mood(days: int = BARS // 24 + 2) -> Series:
    """A value a day, from two days before the first bar on, known 30 hours after its time; each third is revised to its
    opposite two days later."""
    dice = np.random.default_rng(3)
    ts = START + np.arange(-2, days) * DAY_MS
    value = dice.uniform(0.0, 100.0, len(ts))
    third = np.arange(0, len(ts), 3)
    times, known = np.concatenate((ts, ts[third])), np.concatenate((ts + 30 * HOUR_MS, ts[third] + 78 * HOUR_MS))
    values = np.concatenate((value, 100.0 - value[third]))
    order = np.lexsort((times, known))
    return Series("mood", times[order], known[order], values[order])


def flow() -> Series:
    """Several values an hour, some of them long before they are known."""
    dice = np.random.default_rng(4)
    ts = START + np.sort(dice.integers(-DAY_MS, BARS * HOUR_MS, 900))
    known = np.sort(ts + dice.integers(0, 5 * HOUR_MS, 900))
    return Series("flow", ts, known, dice.normal(size=900))


SERIES = (mood(), flow())


def desk_of(folder: Path, series: tuple[Series, ...] = SERIES, *, carried: bool = False) -> Desk:
    strategy = written(folder, "moody", BODY, needs=("mood", "funding", "flow"))
    found = {"moody": strategy}
    return Desk(
        folder, CANDLES, FUNDING, lambda name: found.get(name) or find_strategy(name), carried=carried, series=series
    )


def test_it_is_its_backtest_to_the_bit_interrupted_at_any_bars(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    bot = desk.create("ada", "moody")
    for until in (1, 30, 31, 200, None):
        desk.run(bot, until=until)
        desk.reopen()
    result = compared(case_on(desk, SERIES), desk.journal, bot)
    assert result.differences == () and result.fills > 10
    desk.journal.close()


def test_asked_to_be_carried_it_is_computed_from_the_anchor(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    desks = desk_of(tmp_path / "one"), desk_of(tmp_path / "two", carried=True)
    for desk in desks:
        desk.run(desk.create("ada", "moody"))
    one, two = (kept(desk.journal, desk.journal.bots()[0].id) for desk in desks)
    assert one == two and one["fills"]
    for desk in desks:
        desk.journal.close()


def test_a_value_that_is_another_one_later_changes_the_bot(tmp_path: Path) -> None:
    """The comparison would see it: a single value known an hour earlier makes other trades."""
    desk = desk_of(tmp_path)
    bot = desk.create("ada", "moody")
    desk.run(bot)
    early = Series("mood", SERIES[0].ts, SERIES[0].available_at - HOUR_MS, SERIES[0].value)
    assert not compared(case_on(desk, (early, SERIES[1])), desk.journal, bot).equal
    desk.journal.close()


def test_bots_that_declare_nothing_are_given_nothing_of_their_neighbours(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    nosy = written(tmp_path, "nosy", 'return signals(len(market), long=market.series("mood") > 0.0)')
    found, before = {"nosy": nosy}, desk.strategies
    desk.strategies = lambda name: found.get(name) or before(name)
    moody, plain = desk.create("ada", "moody"), desk.create("bea")
    desk.run(moody, plain)
    assert {desk.journal.status(bot).state for bot in (moody, plain)} == {BotState.FINISHED}
    lonely = Desk(tmp_path / "lonely", CANDLES, FUNDING)
    lonely.run(lonely.create("bea"))
    assert kept(desk.journal, plain) == kept(lonely.journal, plain)
    lonely.journal.close()
    desk.journal.close()


def test_values_come_with_the_first_close_that_knows_them() -> None:
    feed = ReplayFeed(CANDLES, FUNDING, StillClock(), series=SERIES)

    async def told() -> list[tuple[int, list[tuple[str, int, float]]]]:
        return [
            (one.bar.ts + HOUR_MS, [(seen.series, seen.available_at, seen.value) for seen in one.observations])
            async for one in feed.arrivals(0)
        ]

    came: list[tuple[str, int, float]] = []
    for bars, (closed, now) in enumerate(asyncio.run(told()), 1):
        came += now
        for series in SERIES:
            known = series.available_at <= closed
            mine = [(known_at, value) for name, known_at, value in came if name == series.name]
            assert mine == list(zip(series.available_at[known].tolist(), series.value[known].tolist(), strict=True))
        if bars % 97 == 0:
            past = feed.past(bars)
            assert [len(one.ts) for one in past.series] == [
                sum(name == one.name for name, _, _ in came) for one in past.series
            ]
