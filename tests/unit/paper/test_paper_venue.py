"""The paper venue's part of a bar and the bot's part of it are together the whole bar of a backtest."""

from __future__ import annotations

from tests.unit.bots.fleet import MARKET, POLICY, demo

from karat.feeds.demo.symbols import demo_instrument
from karat.kernel.engine import Inputs, Recorder, advance, prepare, record_of, recorder, run
from karat.kernel.loop import CLOSE_ONLY, VENUE_ONLY
from karat.kernel.prepare import Extras
from karat.kernel.state import State, fresh_state, state_bytes
from karat.strategies import Market, evaluate, find_strategy, resolve
from karat.venues.paper import PaperVenue

BARS = 500


def inputs_of(bars: int) -> Inputs:
    candles, funding = demo(bars)
    strategy = find_strategy("bollinger_mean_reversion")
    given = evaluate(strategy, Market(candles, funding), resolve(strategy))
    return prepare(candles, given, POLICY, demo_instrument(MARKET), Extras(funding=funding))


def closed(inputs: Inputs, state: State, room: Recorder) -> State:
    return advance(inputs, state, state.bar + 1, room, CLOSE_ONLY)


def test_venue_and_close_make_the_whole_bar() -> None:
    inputs, venue, room = inputs_of(BARS), PaperVenue(), recorder(BARS)
    state = fresh_state(inputs.rules)
    for _ in range(BARS):
        state = closed(inputs, venue.trade(inputs, state, room), room)
    stepped, whole = record_of(state, room), run(inputs)
    assert len(whole.fills["ts"]) > 20
    assert all(stepped.fills[name].tolist() == whole.fills[name].tolist() for name in whole.fills)
    assert stepped.equity.tobytes() == whole.equity.tobytes()
    assert state_bytes(stepped.state) == state_bytes(whole.state)


def test_where_it_does_nothing_the_kernel_does_nothing_either() -> None:
    inputs, venue, room = inputs_of(BARS), PaperVenue(), recorder(BARS)
    state, quiet = fresh_state(inputs.rules), 0
    for bar in range(BARS):
        met = venue.trade(inputs, state, room)
        if met is state:
            quiet += 1
            asked = advance(inputs, state, bar + 1, recorder(BARS), VENUE_ONLY)._replace(bar=bar)
            assert state_bytes(asked) == state_bytes(state)
        state = closed(inputs, met, room)
    assert 50 < quiet < BARS
