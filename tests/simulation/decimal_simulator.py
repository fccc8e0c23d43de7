"""The slow, obvious simulator: simulation.md walked bar by bar in exact decimals, to be read beside that page.

1. At each open: funding, gap liquidation, gap take, orders due, borrow (steps 1 to 5).
2. Inside the bar, or on each finer bar: stop or liquidation, take, re-entry limit (steps 6 to 8).
3. At the close: levels move, equity is marked, blocks are updated, then the decision (step 9).

It shares no formula with the compiled kernel: the property tests compare the two.
"""

from __future__ import annotations

from decimal import Decimal, localcontext

from tests.simulation.decimal_account import liquidation_price, mark, pay_borrow, pay_funding
from tests.simulation.decimal_decisions import decide
from tests.simulation.decimal_fills import enter, leave, liquidate, maker, taker, under_minimum
from tests.simulation.decimal_filter import update_blocks
from tests.simulation.decimal_levels import move_levels
from tests.simulation.decimal_numbers import CONTEXT, Ruler, known
from tests.simulation.decimal_state import DecimalBar, Position, State, Tape
from tests.simulation.decimal_statistics import sharpe
from tests.simulation.world import Run, World

from karat.core.model.reasons import Reason


def simulate(world: World) -> Run:
    """Walk a world from its first bar to its last."""
    return simulate_with_doubts(world)[0]


def simulate_with_doubts(world: World) -> tuple[Run, list[str]]:
    """The run, and where it stood on a knife's edge; a world with doubts says nothing about agreement."""
    with localcontext(CONTEXT):
        state = _begin(world)
        for bar in range(len(world.bars)):
            _at_the_open(state, bar)
            _inside(state, bar)
            _at_the_close(state, bar)
        return _end(state), state.ruler.doubts


def _begin(world: World) -> State:
    start = known(world.policy.capital)
    ruler = Ruler(known(world.instrument.tick), known(world.instrument.lot))
    return State(Tape(world), ruler, start, peak=start)


def _end(state: State) -> Run:
    return Run(
        fills=state.fills,
        equity=list(state.equity),
        refusals=state.refusals,
        funding=state.funding,
        borrow=state.borrow,
        realised=state.realised,
        max_drawdown=state.max_drawdown,
        sharpe=sharpe(state),
        closed_trades=state.closed_trades,
        open_lots=state.held,  # rule 18
    )


def _at_the_open(state: State, bar: int) -> None:
    coarse = state.tape.bars[bar]
    pay_funding(state, bar)  # step 1
    _gap_liquidation(state, bar)  # step 2
    _gap_take(state, bar, coarse)  # step 3
    _orders_due(state, bar)  # step 4
    pay_borrow(state, bar)  # step 5


def _inside(state: State, bar: int) -> None:
    """Steps 6 to 8 on the bar, or on each finer bar, each beginning with step 3 at its own open."""
    finer = state.tape.detail[bar]
    for fine in finer or [state.tape.bars[bar]]:
        if finer:
            _gap_take(state, bar, fine)
        _stop_or_liquidation(state, bar, fine)  # step 6
        _take(state, bar, fine)  # step 7
        _reentry(state, bar, fine)  # step 8


def _at_the_close(state: State, bar: int) -> None:
    """Step 9."""
    move_levels(state, bar)
    mark(state, bar)
    update_blocks(state, bar)
    decide(state, bar)


def _gap_liquidation(state: State, bar: int) -> None:
    position, coarse = state.position, state.tape.bars[bar]
    if position is None:
        return
    level = liquidation_price(state.tape, position)
    if level is not None and state.ruler.compare_prices(coarse.open, level) * position.side <= 0:
        liquidate(state, bar, coarse.ts)


def _gap_take(state: State, bar: int, walked: DecimalBar) -> None:
    """Step 3: the open is at or beyond the take."""
    position = state.position
    if position is None or position.take is None or position.take_filled:
        return
    if _traded_through(state, position.take, walked.open, position.side):
        _fill_take(state, bar, walked, position)


def _traded_through(state: State, ticks: int, price: Decimal, side: int) -> bool:
    """A limit that waits for the price to go `side` is touched one tick further; without `strict_limit` at once."""
    beyond = side if state.tape.policy.strict_limit else 0
    return state.ruler.compare_prices(price, state.ruler.price(ticks + beyond)) * side >= 0


def _orders_due(state: State, bar: int) -> None:
    """Step 4: exits, then entries, at the open, as taker."""
    orders, coarse = state.orders, state.tape.bars[bar]
    if orders is None or orders.due != bar:
        return
    state.orders = None
    position = state.position
    if orders.exit_reason is not None and position:  # with nothing left to close it is void
        lots = position.lots if orders.exit_lots is None else orders.exit_lots
        terms = taker(state, bar, -position.side, coarse.open, orders.shared_lots or lots)
        leave(state, bar, coarse.ts, lots, orders.exit_reason, terms, decision=orders.decision_bar)
    plan = orders.entry
    if plan is not None and plan.adds == (state.position is not None):
        # An entry that finds a position is void; so is an add or a growth that finds none (rules 4 and 34).
        terms = taker(state, bar, plan.side, coarse.open, orders.shared_lots or plan.lots)
        enter(state, bar, coarse.ts, plan, terms)


def _stop_or_liquidation(state: State, bar: int, walked: DecimalBar) -> None:
    """Step 6: only the one met first, for a long the higher, the stop if equal."""
    position = state.position
    if position is None:
        return
    side = position.side
    extreme = walked.low if side > 0 else walked.high
    stop = None if position.stop is None else state.ruler.price(position.stop)
    liquidation = liquidation_price(state.tape, position)
    if stop is not None and (liquidation is None or state.ruler.compare_prices(stop, liquidation) * side >= 0):
        if state.ruler.compare_prices(extreme, stop) * side <= 0:
            _fill_stop(state, bar, walked, position, stop)
    elif liquidation is not None and state.ruler.compare_prices(extreme, liquidation) * side <= 0:
        liquidate(state, bar, walked.ts)


def _fill_stop(state: State, bar: int, walked: DecimalBar, position: Position, stop: Decimal) -> None:
    """A taker fill at the worse of open and stop, of all that is left."""
    raw = min(walked.open, stop) if position.side > 0 else max(walked.open, stop)
    terms = taker(state, bar, -position.side, raw, position.lots)
    reason = Reason.TRAIL if position.trailed else Reason.STOP  # rule 15
    leave(state, bar, walked.ts, position.lots, reason, terms, level=position.stop)


def _take(state: State, bar: int, walked: DecimalBar) -> None:
    """Step 7: a resting limit, filled at its price and never better."""
    position = state.position
    if position is None or position.take is None or position.take_filled:
        return
    extreme = walked.high if position.side > 0 else walked.low
    if _traded_through(state, position.take, extreme, position.side):
        _fill_take(state, bar, walked, position)


def _fill_take(state: State, bar: int, walked: DecimalBar, position: Position) -> None:
    """Rule 14: a fraction of what was entered, or all where nothing or too little would be left or closed."""
    assert position.take is not None
    entered = state.ruler.quantity(position.lots_entered)
    lots = state.ruler.lots_down(known(state.tape.policy.take_fraction) * entered)
    rest = position.lots - lots
    if lots == 0 or under_minimum(state, rest, state.ruler.price(position.take)):
        lots = position.lots
    position.take_filled = True
    leave(state, bar, walked.ts, lots, Reason.TAKE, maker(state, position.take), level=position.take)


def _reentry(state: State, bar: int, walked: DecimalBar) -> None:
    """Step 8. Alive in bars `alive_from` to `alive_to`, post-only at its first open."""
    limit = state.limit
    if limit is None or bar < limit.alive_from:
        return
    if bar > limit.alive_to:
        state.limit = None
        return
    side, price = limit.plan.side, state.ruler.price(limit.ticks)
    if not limit.seen:
        limit.seen = True
        if state.ruler.compare_prices(walked.open, price) * side <= 0:
            state.limit = None  # it would have taken: void
            return
    extreme = walked.low if side > 0 else walked.high
    if not _traded_through(state, limit.ticks, extreme, -side):
        return
    state.limit = None
    enter(state, bar, walked.ts, limit.plan, maker(state, limit.ticks), limit_ticks=limit.ticks)
    if state.position:
        state.position.reentries = limit.placed
        _stop_or_liquidation(state, bar, walked)  # the price passed P on its way; the take is not live in this bar
