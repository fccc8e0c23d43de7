"""What a fleet file may say of a pair, and what its report tells of one."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.fleet.pairs import MARKETS, STOPPED, PairRun, still
from tests.unit.fleet.test_pairs import DEAR, HOME, WIDE

from karat.control.fleet.bot_result import BotResult
from karat.control.fleet.pair_result import RoundTrip, pair_result
from karat.control.fleet.plan import read_plan
from karat.core.errors import InputError
from karat.core.model.policy import SizeMode
from karat.core.time import HOUR_MS

HEAD = 'capital = 20000\ncurrency = "USDT"\n\n[[bots]]\n'
PAIR = {
    "name": '"spread"', "strategy": '"pairs"', "legs": '["binance_perp:BTCUSDT", "binance_perp:ETHUSDT"]',
    "timeframe": '"1h"', "share": "0.5",
}  # fmt: skip


def file(**changed: str) -> str:
    rows = {**PAIR, **changed}
    return HEAD + "".join(f"{name} = {value}\n" for name, value in rows.items())


def test_two_legs_are_two_bots_with_half_of_the_capital_each() -> None:
    plan = read_plan(file(parameters="{ window = 100 }", policy="{ leverage = 3 }"))
    (pair,) = plan.pairs
    assert [bot.name for bot in plan.bots] == ["spread-first", "spread-second"]
    assert pair.legs == plan.bots and pair.share == 0.5 and sum(bot.share for bot in plan.bots) == 0.5
    for place, bot in enumerate(plan.bots, 1):
        assert bot.parameters == {"window": 100, "leg": place}
        policy = bot.policy
        assert (policy.capital, policy.size_mode, policy.size_value) == (5_000.0, SizeMode.NOTIONAL, 5_000.0)
        assert policy.leverage == 3.0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"legs": '["binance_perp:BTCUSDT"]'}, "has 1 legs"),
        ({"legs": '["binance_perp:BTCUSDT", "binance_perp:ETHUSDT", "binance_perp:SOLUSDT"]'}, "has 3 legs"),
        ({"legs": '["binance_perp:BTCUSDT", "binance_perp:BTCUSDT"]'}, "both legs are binance_perp:BTCUSDT"),
        ({"legs": '"binance_perp:BTCUSDT"'}, "no list of markets"),
        ({"market": '"binance_perp:BTCUSDT"'}, "has a market and legs"),
        ({"leg": "1"}, "has no 'leg'"),
        ({"parameters": "{ leg = 2 }"}, "parameters set leg"),
        ({"policy": '{ size_mode = "fraction" }'}, "policy sets size_mode"),
    ],
)
def test_a_wrong_pair_is_refused_before_anything_runs(changed: dict[str, str], words: str) -> None:
    with pytest.raises(InputError) as refused:
        read_plan(file(**changed))
    assert refused.value.code == "bad_fleet" and words in refused.value.message


def result_of(pair: PairRun, leg: int) -> BotResult:
    """As `fleet_result` reads it, on the clock of the leg."""
    bot, marks = pair.bots[leg], pair.journal.marks(pair.bots[leg].id)
    notional = marks.position * bot.instrument.lot * marks.close
    trades = pair.journal.trades(1_000, bot=bot.id)[::-1]
    return BotResult(bot, 0.5, marks.equity, notional, pair.fills(leg), trades, {}, {})


def test_the_line_of_a_pair_is_the_sum_of_its_legs() -> None:
    """The golden pair: 40 and 39.215 are won. At hour 2 it holds 4,000 of the one and 39.215 * 102 = 3,999.93 of the
    other, of 10,000."""
    run = PairRun(still(MARKETS[0], HOME), still(MARKETS[1], DEAR)).run()
    found = pair_result("spread", result_of(run, 0), result_of(run, 1))
    assert found.capital == 10_000.0 and found.equity[-1] == pytest.approx(10_079.215)
    assert found.gross[2] == pytest.approx(0.799993) and found.net[2] == pytest.approx(0.000007, abs=1e-9)
    (trip,) = found.trips
    assert (trip.entry_ts, trip.exit_ts) == (2 * HOUR_MS, 4 * HOUR_MS)
    assert trip == RoundTrip(trip.entry_ts, trip.exit_ts, (1, -1), ("signal", "signal"), trip.pnl)
    assert trip.pnl == pytest.approx((40.0, 39.215)) and trip.result == pytest.approx(79.215)


def test_a_round_trip_says_by_what_each_leg_was_left_and_an_open_one_is_none() -> None:
    run = PairRun(still(MARKETS[0], [100.0] * 10, {3: 94.0}), still(MARKETS[1], WIDE), policy=STOPPED).run()
    found = pair_result("spread", result_of(run, 0), result_of(run, 1))
    (trip,) = found.trips  # the second one, of hour 8, is open at the end
    assert trip.reasons == ("stop", "signal") and trip.exit_ts == 4 * HOUR_MS
    assert trip.result == pytest.approx(-200.0)  # 40 * (95 - 100); the second came out at its own price
    assert np.count_nonzero(found.gross) == 4
