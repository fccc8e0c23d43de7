"""The entry filter and the blocks it asks (rules 19 to 23)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.simulation.decimal_numbers import ONE, ZERO, known, number
from tests.simulation.decimal_sizing import plan_entry
from tests.simulation.decimal_state import Plan, State, Tape

from karat.core.model.instrument import Kind
from karat.core.model.reasons import Refusal
from karat.core.time import DAY_MS, MINUTE_MS

NEW_YORK = ZoneInfo("America/New_York")


def ask(
    state: State, bar: int, side: int, *, reversing: bool = False, adding: bool = False
) -> tuple[Refusal, Plan | None]:
    """Rule 19 to its end: the first "no", or a plan."""
    refusal = first_refusal(state, bar, side, reversing=reversing)
    if refusal != Refusal.NONE:
        return refusal, None
    confidence = state.tape.confidence[bar]
    assert confidence is not None, "the filter has refused an unknown confidence"
    plan = plan_entry(state, bar, side, confidence, adding=adding)
    return (Refusal.SIZE, None) if plan is None else (Refusal.NONE, plan)


def first_refusal(state: State, bar: int, side: int, *, reversing: bool) -> Refusal:
    """Rule 19 up to, not including, size."""
    checks = [
        (Refusal.EQUITY, equity_positive(state, bar)),
        (Refusal.SIDE, _side_allowed(state.tape, side)),
        (Refusal.OWN_EXIT, not own_exit(state.tape, bar, side)),
        (Refusal.REGIME, not _uses_regimes(state.tape) or _regime(state.tape, bar) >= 0),
        (Refusal.CONFIDENCE, _confident(state, bar)),
        (Refusal.COOLDOWN, _cooled_down(state, bar, reversing=reversing)),
        (Refusal.DAILY_LOSS, not state.day_blocked),
        (Refusal.LOSS_STREAK, not too_many_losses(state)),
        (Refusal.VOLUME, _volume_enough(state, bar)),
        (Refusal.FUNDING, _funding_fits(state.tape, bar)),
        (Refusal.SESSION, _in_session(state.tape, bar)),
    ]
    return next((refusal for refusal, passed in checks if not passed), Refusal.NONE)


def equity_positive(state: State, bar: int) -> bool:
    return state.ruler.compare(state.equity[bar], ZERO) > 0


def _side_allowed(tape: Tape, side: int) -> bool:
    if side > 0:
        return tape.policy.allow_long
    return tape.policy.allow_short and not (tape.spot and number(tape.policy.borrow_rate) is None)


def own_exit(tape: Tape, bar: int, side: int) -> bool:
    return bool(tape.world.exit_long[bar] if side > 0 else tape.world.exit_short[bar])


def _uses_regimes(tape: Tape) -> bool:
    return tape.world.regime is not None and len(tape.policy.min_confidence_by_regime) > 0


def _regime(tape: Tape, bar: int) -> int:
    """The code at `bar`; -1 unknown, and so is a code the policy has no numbers for."""
    assert tape.world.regime is not None
    code = tape.world.regime[bar]
    return code if code < len(tape.policy.min_confidence_by_regime) else -1


def _confident(state: State, bar: int) -> bool:
    tape, confidence = state.tape, state.tape.confidence[bar]
    if confidence is None:
        return False  # rule 6
    if not _uses_regimes(tape):
        minimum = tape.policy.min_confidence
    elif _regime(tape, bar) < 0:
        return False  # refused before as an unknown regime
    else:
        minimum = tape.policy.min_confidence_by_regime[_regime(tape, bar)]
    return state.ruler.compare(confidence, known(minimum)) >= 0


def _cooled_down(state: State, bar: int, *, reversing: bool) -> bool:
    """Rule 20. A reversal is decided before its exit: only `c = 0` lets it open."""
    tape = state.tape
    if not _uses_regimes(tape):
        cooldown = tape.policy.cooldown
    elif _regime(tape, bar) < 0:
        return False
    else:
        cooldown = tape.policy.cooldown_by_regime[_regime(tape, bar)]
    if reversing:
        return cooldown == 0
    return state.closed is None or bar - state.closed.bar >= cooldown


def too_many_losses(state: State) -> bool:
    """Rule 22; a limit of 0 never refuses."""
    limit = state.tape.policy.loss_streak_limit
    return limit > 0 and state.losses_in_a_row >= limit


def _volume_enough(state: State, bar: int) -> bool:
    """Rule 23. Without enough bars before it the mean is unknown, and unknown refuses."""
    factor, window = number(state.tape.policy.volume_factor), state.tape.policy.volume_window
    if factor is None:
        return True
    if bar < window:
        return False
    before = [other.volume for other in state.tape.bars[bar - window : bar]]
    mean = sum(before, ZERO) / window
    return state.ruler.compare(state.tape.bars[bar].volume, factor * mean) >= 0


def _funding_fits(tape: Tape, bar: int) -> bool:
    """Rule 23: the last rate known at the decision."""
    low, high = number(tape.policy.funding_low), number(tape.policy.funding_high)
    if low is None and high is None:
        return True
    rates = [rate for ts, rate, _ in tape.funding if ts <= tape.decision_time(bar)]
    if not rates:
        return False
    return (low is None or rates[-1] >= low) and (high is None or rates[-1] <= high)


def _in_session(tape: Tape, bar: int) -> bool:
    """Rule 23: minute of day of the decision time in [from, to), over midnight if from > to."""
    start, end = tape.policy.session_from, tape.policy.session_to
    if start < 0:
        return True
    minute = tape.decision_time(bar) % DAY_MS // MINUTE_MS
    if start > end:
        return minute >= start or minute < end
    return start <= minute < end


def day_of(tape: Tape, bar: int) -> object:
    """Rule 21: the day of `ts + timeframe`. Equities: the session, the New York date of the bar's open."""
    if tape.kind == Kind.EQUITY:
        return datetime.fromtimestamp(tape.bars[bar].ts / 1000, UTC).astimezone(NEW_YORK).date()
    return tape.decision_time(bar) // DAY_MS


def update_blocks(state: State, bar: int) -> None:
    """Rules 21 and 22 at the close of `bar`, after equity is marked. The bar's own trades are already counted."""
    tape, day = state.tape, day_of(state.tape, bar)
    if day != state.day:
        at_midnight = tape.kind != Kind.EQUITY and tape.decision_time(bar) % DAY_MS == 0
        state.day_reference = state.equity[bar] if at_midnight else state.equity_before(bar)
        state.day_blocked = False
        if state.day is not None and too_many_losses(state):
            state.losses_in_a_row = 0
        state.day = day
    limit = number(tape.policy.daily_loss_limit)
    if limit is not None and _lost_at_least(state, state.equity[bar], limit):
        state.day_blocked = True


def _lost_at_least(state: State, equity: Decimal, limit: Decimal) -> bool:
    if state.day_reference == 0:
        return True  # a share of nothing is unknown, and unknown refuses
    return state.ruler.compare(ONE - equity / state.day_reference, limit) >= 0
