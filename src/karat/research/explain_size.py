"""Why an entry was allowed and how large it was ordered: rules 5, 6, 19, 26, 27, 29 and 34, with their numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from karat.core.model.policy import LevelMode, SizeMode
from karat.core.model.reasons import Refusal
from karat.core.time import DAY_MS, MINUTE_MS
from karat.research.explain_case import Case
from karat.research.explain_lines import Section, number

SIDES = {1: "long", -1: "short", 0: "flat"}


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a decision ordered. `closing` lots end what is held (-1: all), `opening` lots open or grow; `slipped` lots
    count for the slippage of a target's difference, 0: each fill's own."""

    closing: int
    opening: int
    slipped: int


def floor_lots(value: float, step: float) -> int:
    """Whole steps at or below (rule 10)."""
    return math.floor(value / step + 1e-6)


def own(column: object, bar: int, otherwise: float) -> float:
    """The strategy's own value at a bar, or `otherwise` where it gives none."""
    return otherwise if column is None else float(column[bar])  # type: ignore[index]


def leverage_of(case: Case, bar: int, side: int) -> float:
    """Leverage of an entry decided at `bar` (rules 5 and 17)."""
    if case.spot and side > 0:
        return 1.0
    return own(case.signals.leverage, bar, case.policy.leverage)


def stop_distance_of(case: Case, bar: int) -> float:
    """Distance of the stop known at the decision; NaN when it is a fraction of the fill, or when there is none."""
    given = own(case.signals.stop, bar, math.nan)
    if not math.isnan(given):
        return given
    return case.policy.stop_value * float(case.bars.atr[bar]) if case.policy.stop_mode == LevelMode.ATR else math.nan


def tell_filter(case: Case, section: Section, bar: int, side: int, confidence: float) -> None:
    """The filter let the decision pass (rule 19)."""
    policy, equity = case.policy, float(case.record["equity"][bar])
    said = [f"equity {number(equity)} > 0", f"{SIDES[side]} allowed"]
    allowed = policy.allow_long if side > 0 else policy.allow_short
    least = policy.min_confidence
    regimes = policy.min_confidence_by_regime
    if not regimes:
        said.append(f"confidence {number(confidence)} >= {number(least)}")
    passed = equity > 0 and allowed and (bool(regimes) or confidence >= least)
    for text, holds in _market_gates(case, bar):
        said.append(text)
        passed = passed and holds
    if policy.cooldown or policy.loss_streak_limit or not math.isnan(policy.daily_loss_limit):
        said.append("cooldown, daily loss and losses in a row quiet")
    section.demand("19", "the filter says yes: " + "; ".join(said), passed)
    refusal = Refusal(int(case.record["refusals"][bar]))
    section.demand("19", f"the record of the bar holds no refusal ({refusal.name.lower()})", refusal == Refusal.NONE)


def _market_gates(case: Case, bar: int) -> list[tuple[str, bool]]:
    """Volume, funding and session (rule 23), those that are on."""
    policy, bars = case.policy, case.bars
    gates: list[tuple[str, bool]] = []
    if not math.isnan(policy.volume_factor):
        needed = policy.volume_factor * float(bars.volume_mean[bar])
        volume = float(bars.volume[bar])
        gates.append((f"volume {number(volume)} >= {number(needed)}", volume - needed > -1e-9 * max(1.0, needed)))
    known = float(bars.funding_known[bar])
    if not math.isnan(policy.funding_low):
        gates.append((f"funding {number(known)} >= {number(policy.funding_low)}", known >= policy.funding_low))
    if not math.isnan(policy.funding_high):
        gates.append((f"funding {number(known)} <= {number(policy.funding_high)}", known <= policy.funding_high))
    if policy.session_from >= 0:
        minute = (int(case.candles.ts[bar]) + case.candles.timeframe_ms) % DAY_MS // MINUTE_MS
        start, end = policy.session_from, policy.session_to
        inside = start <= minute < end if start <= end else minute >= start or minute < end
        gates.append((f"minute {minute} in [{start}, {end})", inside))
    return gates


def tell_size(
    case: Case, section: Section, bar: int, confidence: float, leverage: float, held_lots: int, *, minimums: bool = True
) -> int:
    """Lots that the rules of size give at the close of `bar`, 0 when a number is missing; every factor that is on
    becomes a line."""
    policy, rules = case.policy, case.rules
    price = float(case.bars.close[bar])
    equity = float(case.record["equity"][bar])
    worth = equity * price if case.inverse else equity
    if case.inverse:
        section.say("29", f"equity {number(equity)} {case.instrument.settle} * close {number(price)} = {number(worth)}")
    base = _base(case, section, bar, worth, price)
    scale = own(case.signals.size_scale, bar, 1.0)
    if scale != 1.0:
        scaled = base * scale if scale > 0.0 else math.nan
        section.say("5", f"size_scale: {number(base)} * {number(scale)} = {number(scaled)}")
        base = scaled
    if policy.confidence_scaling:
        factor = 0.8 + 0.4 * confidence
        section.say("27", f"confidence: {number(base)} * (0.8 + 0.4 * {number(confidence)}) = {number(base * factor)}")
        base *= factor
    base = _halved(case, section, bar, equity, base)
    held = case.quantity(held_lots) * rules.contract_size
    cap = leverage * worth / price - (held / price if case.inverse else held)
    shown = f"{number(leverage)} * {number(worth)} / {number(price)}" + (f" - held {number(held)}" if held_lots else "")
    section.say("27", f"at most leverage * equity / price: min({number(base)}, {shown}) = {number(min(base, cap))}")
    base = min(base, cap)
    if not math.isnan(policy.volume_share):
        share = policy.volume_share * float(case.bars.volume[bar])
        section.say("27", f"at most {number(policy.volume_share)} of the bar's volume: min({number(base)}, "
                          f"{number(share)}) = {number(min(base, share))}")  # fmt: skip
        base = min(base, share)
    contracts = base * price / rules.contract_size if case.inverse else base / rules.contract_size
    if rules.contract_size != 1.0 or case.inverse:
        how = (
            f"* {number(price)} / {number(rules.contract_size)}" if case.inverse else f"/ {number(rules.contract_size)}"
        )
        section.say("29", f"contracts: {number(base)} {how} = {number(contracts)}")
    lots = max(0, floor_lots(contracts, rules.lot)) if contracts > 0.0 else 0
    section.say("27", f"floored to the lot {number(rules.lot)}: {lots} lots = {number(case.quantity(lots))} ordered")
    if minimums:
        tell_minimums(case, section, "27", lots, price)
    return lots


def tell_minimums(case: Case, section: Section, rule: str, lots: int, price: float) -> None:
    """Neither minimum is missed."""
    quantity = case.quantity(lots)
    value = quantity * case.rules.contract_size * (1.0 if case.inverse else price)
    least, worth = case.rules.min_quantity, case.rules.min_notional
    holds = quantity - least > -1e-9 * max(1.0, least) and value - worth > -1e-9 * max(1.0, worth)
    text = f"minimums: {number(quantity)} >= {number(least)}, notional {number(value)} >= {number(worth)}"
    section.demand(rule, text, holds)


def _base(case: Case, section: Section, bar: int, worth: float, price: float) -> float:
    """Rule 26, in base units."""
    policy, value = case.policy, case.policy.size_value
    if policy.size_mode == SizeMode.NOTIONAL:
        base = value / price
        section.say("26", f"fixed notional: {number(value)} / {number(price)} = {number(base)}")
    elif policy.size_mode == SizeMode.FRACTION:
        base = value * worth / price
        section.say("26", f"fraction of equity: {number(value)} * {number(worth)} / {number(price)} = {number(base)}")
    elif policy.size_mode == SizeMode.RISK:
        distance = stop_distance_of(case, bar)
        if math.isnan(distance):
            distance = policy.stop_value * price
        base = worth * value / distance if distance > 0.0 else math.nan
        section.say(
            "26", f"risk: {number(worth)} * {number(value)} / stop distance {number(distance)} = {number(base)}"
        )
    else:
        volatility = float(case.bars.volatility[bar])
        base = worth * value / (volatility * price) if volatility > 0.0 else math.nan
        section.say("26", f"volatility target: {number(worth)} * {number(value)} / ({number(volatility)} * "
                          f"{number(price)}) = {number(base)}")  # fmt: skip
    return base


def _halved(case: Case, section: Section, bar: int, equity: float, base: float) -> float:
    bound = case.policy.drawdown_halving
    if math.isnan(bound):
        return base
    peak = max(case.policy.capital, float(case.record["equity"][: bar + 1].max()))
    drawdown = 1.0 - equity / peak
    if drawdown - bound >= 1e-9 * max(1.0, bound):
        section.say("27", f"drawdown {number(drawdown)} > {number(bound)}: {number(base)} * 0.5 = {number(base * 0.5)}")
        return base * 0.5
    section.say("27", f"drawdown {number(drawdown)} is not above {number(bound)}: not halved")
    return base


def tell_target(case: Case, section: Section, bar: int, held_leverage: float) -> Ordered:
    """The order of a target decided at `bar` (rule 34). `held_leverage` is that of the position held then."""
    assert case.signals.target is not None, "a target is explained where the strategy gives one"
    target, held = float(case.signals.target[bar]), int(case.record["position"][bar])
    side = (target > 0) - (target < 0)
    holding = (held > 0) - (held < 0)
    wanted_side = side or holding
    leverage = held_leverage if wanted_side == holding else leverage_of(case, bar, wanted_side)
    section.say("34", f"target {number(target)} while {held} lots are held")
    confidence = float(case.signals.confidence[bar])
    full = tell_size(case, section, bar, confidence, leverage, 0, minimums=False)
    wanted = target * full
    gap = wanted - held
    lots = floor_lots(abs(gap) * case.rules.lot, case.rules.lot)
    section.say(
        "34", f"wanted {number(target)} * {full} = {number(wanted)} lots, difference {number(gap)}: {lots} lots"
    )
    direction = 1 if gap > 0 else -1
    closing = min(lots, abs(held)) if holding == -direction else 0
    opening = lots - closing
    if closing and not opening and abs(held) - closing > 0 and not _worth_keeping(case, abs(held) - closing, bar):
        section.say("34", "the trim would leave less than the minimum: all is closed")
        closing = abs(held)
    return Ordered(closing, opening, closing + opening)


def _worth_keeping(case: Case, lots: int, bar: int) -> bool:
    quantity, price = case.quantity(lots), float(case.bars.close[bar])
    value = quantity * case.rules.contract_size * (1.0 if case.inverse else price)
    least, worth = case.rules.min_quantity, case.rules.min_notional
    return quantity - least > -1e-9 * max(1.0, least) and value - worth > -1e-9 * max(1.0, worth)
