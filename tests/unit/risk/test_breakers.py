"""Circuit breakers latch and are released by rule; the kill switch only when all is flat and somebody asks."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from karat.risk import default_limits
from karat.risk.breakers import (
    DAY_MS,
    BarClosed,
    BreakerEvent,
    BreakerState,
    OrderAnswered,
    OrderMeant,
    TradeClosed,
    after,
    breaker_state_of,
)  # fmt: skip
from karat.risk.kill import (
    KillEvent,
    KillPulled,
    KillReleaseAsked,
    KillState,
    VenueSeen,
    after_kill_event,
    kill_state_of,
)

LIMITS = default_limits()
HOUR = 3_600_000


def bar(number: int, equity: float | None = 1_000.0, intact: bool | None = True, sure: float | None = 0.9) -> BarClosed:
    return BarClosed(number, number * HOUR, equity, 1_000.0, intact, sure)


def told(*events: BreakerEvent, state: BreakerState | None = None) -> BreakerState:
    state = state or BreakerState()
    for event in events:
        state = after(state, event, LIMITS)
    return state


def test_three_losses_in_a_row_latch_for_24_bars_and_are_forgiven() -> None:
    state = told(bar(10), TradeClosed(-1.0), TradeClosed(-1.0), TradeClosed(2.0), TradeClosed(-1.0), TradeClosed(-1.0))
    assert not state.latched
    state = told(TradeClosed(-1.0), state=state)
    assert state.latched == ("losses_in_row",) and state.latches[0].until_bar == 34
    assert told(bar(33), state=state).latched == ("losses_in_row",)
    free = told(bar(34), TradeClosed(-1.0), state=state)
    assert not free.latched and free.losses == 1


def test_a_day_that_loses_over_five_percent_is_over_until_the_next() -> None:
    assert not told(bar(10, 950.0)).latched
    state = told(bar(10, 949.0), bar(23, 1_000.0))
    assert state.latched == ("daily_drawdown",) and state.latches[0].until_ms == DAY_MS
    assert not told(bar(24), state=state).latched


def test_equity_that_nobody_knows_is_a_lost_day() -> None:
    assert told(bar(10, None)).latched == told(bar(10, math.nan)).latched == ("daily_drawdown",)


def test_a_model_that_is_unsure_five_times_is_left_alone() -> None:
    low = [bar(number, sure=0.34) for number in range(10, 15)]
    assert not told(*low[:4], bar(14), bar(15, sure=0.34)).latched
    assert not told(*low[:4], bar(14, sure=None)).latched
    state = told(*low[:4], bar(14, sure=math.nan))
    assert state.latched == ("confidence",) and state.latches[0].until_bar == 38
    assert not told(bar(38), state=state).latched


def test_broken_data_latches_until_it_is_whole() -> None:
    state = told(bar(10, intact=False), bar(11, intact=None))
    assert state.latched == ("data",)
    assert not told(bar(12), state=state).latched


def test_r5_five_rejections_in_a_row_stop_the_loop() -> None:
    no, yes = OrderAnswered(rejected=True), OrderAnswered(rejected=False)
    assert not told(no, no, no, no, yes, no).latched
    assert told(no, no, no, no, no).latched == ("rejections_in_row",)


def test_an_order_too_large_for_its_market_stops_its_bot() -> None:
    assert not told(OrderMeant(500.0, 2.0, 10_000.0, 1_000.0)).latched
    assert told(OrderMeant(501.0, 1.0, 10_000.0, 1_000.0)).latched == ("trade_volume",)
    assert told(OrderMeant(400.0, 3.0, 10_000.0, 1_000.0)).latched == ("leverage_over_depth",)
    assert told(OrderMeant(None, 1.0, 1.0, 1.0)).latched == ("trade_volume", "leverage_over_depth")


_NUMBERS = st.sampled_from((None, math.nan, -100.0, 0.3, 900.0, 1_000.0))
_EVENTS = st.one_of(
    st.builds(TradeClosed, _NUMBERS),
    st.builds(OrderAnswered, st.booleans()),
    st.builds(OrderMeant, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS),
    st.builds(bar, st.integers(0, 60), _NUMBERS, st.sampled_from((True, False, None)), _NUMBERS),
)


@given(st.lists(_EVENTS, max_size=40))
def test_every_latch_survives_a_restart_and_is_released_by_rule(events: list[BreakerEvent]) -> None:
    state = BreakerState()
    for event in events:
        before, state = state, told(event, state=state)
        assert isinstance(event, BarClosed) or set(before.latched) <= set(state.latched)
        assert len(set(state.latched)) == len(state.latched)
    assert breaker_state_of(json.loads(json.dumps(state.as_dict(), allow_nan=False))) == state
    assert not told(bar(200), state=state).latched


def pulled(*events: KillEvent, state: KillState | None = None) -> KillState:
    state = state or KillState()
    for event in events:
        state = after_kill_event(state, event)
    return state


FLAT, ASKED = VenueSeen(0, 0), KillReleaseAsked("operator")


def test_r2_the_kill_switch_latches_until_all_is_flat_and_somebody_asks() -> None:
    state = pulled(KillPulled("file", 5), KillPulled("drawdown", 9))
    assert (state.latched, state.reason, state.since_ms) == (True, "file", 5)
    assert pulled(ASKED, state=state).last_word == "the venue was not seen flat since"
    for unsafe in (VenueSeen(1, 0), VenueSeen(0, 1), VenueSeen(None, 0), VenueSeen(0, None)):
        assert pulled(FLAT, unsafe, ASKED, state=state).latched
    assert pulled(FLAT, KillPulled("again", 11), ASKED, state=state).latched
    assert pulled(FLAT, KillReleaseAsked(""), state=state).latched
    assert not pulled(FLAT, ASKED, state=state).latched


@given(st.lists(st.sampled_from((FLAT, ASKED, VenueSeen(1, 0), KillPulled("file", 5))), max_size=12))
def test_d8_no_restart_releases_the_kill_switch(events: list[KillEvent]) -> None:
    whole = pulled(*events)
    state = KillState()
    for event in events:
        state = kill_state_of(json.loads(json.dumps(after_kill_event(state, event).as_dict())))
    assert state == whole
