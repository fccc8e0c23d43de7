"""A tape of eight trades, and the bars of each kind that a person adds up by hand."""

from __future__ import annotations

import math

import pytest
from tests.unit.bars.tapes import BEGIN_MS, tape

from karat.bars import (
    Bars,
    BarSpec,
    atr_renko_bars,
    build,
    dollar_bars,
    forming,
    fresh_state,
    range_bars,
    renko_bars,
    tick_bars,
    time_bars,
    volume_bars,
)

TAPE = """
       0  100  1  buy
     400  101  2  buy
     900  100  1  sell
    1000  102  2  buy
    1500  104  1  buy
    3200  103  4  sell
    3300   99  2  sell
    4100   98  1  unknown
"""
# Each line: begin and end in ms, trades, open high low close, volume, quote volume, bought, sold.
# Quote volumes: 100 + 202 + 100 = 402; 204 + 104 = 308; 412 + 198 = 610; 308 + 412 = 720; 402 + 308 = 710.
TABLES = {
    # Nothing was traded in the third second: it has no bar. The fifth is not over.
    time_bars("1s"): """
           0   900  3  100 101 100 100  4  402  3  1
        1000  1500  2  102 104 102 104  3  308  3  0
        3000  3300  2  103 103  99  99  6  610  0  6
    """,
    time_bars("3s"): """
           0  1500  5  100 104 100 104  7  710  6  1
    """,
    tick_bars(3): """
           0   900  3  100 101 100 100  4  402  3  1
        1000  3200  3  102 104 102 103  7  720  3  4
    """,
    # The trade of 4 brings a volume of 3 to 7: it is not split, and what is too much is not carried on.
    volume_bars(4.0): """
           0   900  3  100 101 100 100  4  402  3  1
        1000  3200  3  102 104 102 103  7  720  3  4
    """,
    dollar_bars(402.0): """
           0   900  3  100 101 100 100  4  402  3  1
        1000  3200  3  102 104 102 103  7  720  3  4
    """,
    # From 100 the trade at 102 is not enough; the next is at 104, and 4 is what was traded over.
    range_bars(3.0): """
           0  1500  5  100 104 100 104  7  710  6  1
        3200  3300  2  103 103  99  99  6  610  0  6
    """,
    # From 100: up at 102 and at 104. Down takes two bricks, to 100; 103 before it is the wick. Then to 98.
    renko_bars(2.0): """
           0  1000  4  100 102 100 102  6  606  5  1
        1500  1500  1  102 104 102 104  1  104  1  0
        3200  3300  2  102 103 100 100  6  610  0  6
        4100  4100  1  100 100  98  98  1   98  0  0
    """,
}


def _told(bars: Bars) -> list[tuple[float, ...]]:
    return [(bar.ts_open - BEGIN_MS, bar.ts_close - BEGIN_MS, *bar[2:11]) for bar in bars]


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_the_bars_of_eight_trades(spec: BarSpec) -> None:
    wanted = [tuple(map(float, line.split())) for line in TABLES[spec].strip().splitlines()]
    _, (bars,) = build((spec,), fresh_state((spec,)), tape(TAPE))
    assert _told(bars) == wanted


def test_all_kinds_at_once_are_those_one_by_one() -> None:
    specs = tuple(TABLES)
    _, together = build(specs, fresh_state(specs), tape(TAPE))
    alone = [build((spec,), fresh_state((spec,)), tape(TAPE))[1][0] for spec in specs]
    assert [_told(bars) for bars in together] == [_told(bars) for bars in alone]


def test_the_features_of_a_bar() -> None:
    _, (bars,) = build((time_bars("1s"),), fresh_state((time_bars("1s"),)), tape(TAPE))
    first, second, third = bars
    assert first.vwap == 402 / 4
    assert first.volatility == pytest.approx(math.sqrt(math.log(101 / 100) ** 2 + math.log(100 / 101) ** 2), rel=1e-15)
    assert (first.candle_position, first.flow_imbalance) == (0.0, (3 - 1) / (3 + 1))
    assert second.volatility == pytest.approx(math.log(104 / 102), rel=1e-15)
    assert (second.candle_position, second.flow_imbalance) == (1.0, 1.0)
    assert (third.candle_position, third.flow_imbalance) == (0.0, -1.0)


def test_what_one_trade_cannot_say_is_undefined() -> None:
    _, (bars,) = build((tick_bars(1),), fresh_state((tick_bars(1),)), tape("0 100 1 unknown"))
    assert math.isnan(bars[0].volatility), "there is no return"
    assert math.isnan(bars[0].candle_position), "high equals low"
    assert math.isnan(bars[0].flow_imbalance), "no side is known"
    assert bars[0].vwap == 100


def test_a_gap_gives_several_bricks_and_the_first_has_the_trades() -> None:
    _, (bars,) = build((renko_bars(2.0),), fresh_state((renko_bars(2.0),)), tape("0 100 1 buy\n5 107 3 buy"))
    assert _told(bars) == [
        (0, 5, 2, 100, 102, 100, 102, 4, 421, 4, 0),
        (5, 5, 0, 102, 104, 102, 104, 0, 0, 0, 0),
        (5, 5, 0, 104, 106, 104, 106, 0, 0, 0, 0),
    ]
    assert all(math.isnan(number) for number in bars[1][11:]), "a brick without trades has no features"


def test_a_turn_takes_two_bricks() -> None:
    spec = renko_bars(2.0)
    up = "0 100 1 buy\n1 102 1 buy\n2 104 1 buy"
    for last, bricks in ((102, 2), (100.1, 2), (100, 3), (98, 4)):
        _, (bars,) = build((spec,), fresh_state((spec,)), tape(f"{up}\n3 {last} 1 sell"))
        assert len(bars) == bricks, last
    assert [(bar.open, bar.close) for bar in bars] == [(100, 102), (102, 104), (102, 100), (100, 98)]


def test_the_wall_stands_on_whole_bricks_wherever_a_tape_begins() -> None:
    """The first trade, at 101.9, is nearest to 102."""
    _, (bars,) = build((renko_bars(2.0),), fresh_state((renko_bars(2.0),)), tape("0 101.9 1 buy\n1 104 1 buy"))
    assert [(bar.open, bar.close, bar.low) for bar in bars] == [(102, 104, 101.9)]


def test_an_atr_brick_keeps_the_size_it_began_with() -> None:
    """Seconds 0, 1 and 3 have ranges -, 104 - 100 = 4 and 104 - 99 = 5: their ATR of two, 4.5, is known at 4100.

    Two of it are 9: from 98 to 107. Second 4 has the range 107 - 98 = 9: 4.5 + (9 - 4.5) / 2 = 6.75, but the brick from
    107 to 116 has begun with 9. The next has int(2 * 6.75 + 0.5) = 14, and ends at 130.
    """
    later = "4200 107 1 buy\n5000 108 1 buy\n5500 116 1 buy\n5600 129 1 buy\n5700 130 1 buy"
    specs = (atr_renko_bars("1s", 1.0, period=2, multiple=2.0),)
    state, (bars,) = build(specs, fresh_state(specs), tape(TAPE + later))
    assert [(bar.trades, bar.open, bar.close) for bar in bars] == [(2, 98, 107), (2, 107, 116), (2, 116, 130)]
    assert state.waiting == (7,), "seven trades came before the first ATR"


def test_the_bar_that_is_forming_can_be_looked_at() -> None:
    specs = (time_bars("1s"), tick_bars(3), tick_bars(4), renko_bars(2.0))
    state, _ = build(specs, fresh_state(specs), tape(TAPE))
    second, three, four, brick = forming(specs, state)
    assert second is not None and (second.ts_open, second.trades, second.close) == (BEGIN_MS + 4_000, 1, 98)
    assert three is not None and (three.trades, three.open, three.close, three.volume) == (2, 99, 98, 3)
    assert four is None and brick is None


def test_weeks_begin_on_mondays() -> None:
    week = 7 * 86_400_000
    specs = (time_bars("1w"),)
    _, (bars,) = build(specs, fresh_state(specs), tape(f"{-1} 1 1 buy\n0 2 1 buy\n{week - 1} 3 1 buy\n{week} 4 1 buy"))
    assert [(bar.ts_open - BEGIN_MS, bar.close) for bar in bars] == [(-week, 1), (0, 3)]
