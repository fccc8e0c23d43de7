"""Plans of faults from a seed: how many, which, when, where, how hard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.chaos.storm.faults import DRAWN, VARIANTS, Fault, FaultPlan, Kind, Number
from tests.chaos.storm.seeds import Dice

from karat.core.ids import MarketId


@dataclass(frozen=True, slots=True)
class Profile:
    """How much of it. `faults`: the mean for 10 virtual minutes; `hardness` scales how long they last."""

    name: str
    faults: float
    hardness: float


CALM = Profile("calm", 0.0, 1.0)
LIGHT = Profile("light", 6.0, 0.7)
NORMAL = Profile("normal", 18.0, 1.0)
HEAVY = Profile("heavy", 45.0, 1.4)
PROFILES = {profile.name: profile for profile in (CALM, LIGHT, NORMAL, HEAVY)}

_WEIGHTS: dict[Kind, float] = {
    Kind.REQUEST_LOST: 3, Kind.ACK_LOST: 3, Kind.LATE_ARRIVAL: 3, Kind.DUPLICATE: 2, Kind.REORDERED: 2,
    Kind.DROPPED: 2, Kind.PARTIAL: 2, Kind.REJECT: 2, Kind.DISCONNECT: 2, Kind.HALF_OPEN: 1, Kind.STALE_DATA: 1,
    Kind.BAD_DATA: 3, Kind.BAN: 0.5, Kind.MAINTENANCE: 0.7, Kind.VENUE_SIDE: 3, Kind.CRASH: 4, Kind.DATABASE: 2,
    Kind.CLOCK: 1, Kind.BLOCKED: 1, Kind.TASK_DEATH: 0.7, Kind.NOTIFIER: 0.5, Kind.SECOND_INSTANCE: 0.5,
    Kind.CALLER: 0.8, Kind.CONFIGURATION: 0.8,
}  # fmt: skip
_EVERYWHERE = frozenset({
    Kind.BAN, Kind.MAINTENANCE, Kind.CRASH, Kind.DATABASE, Kind.CLOCK, Kind.BLOCKED, Kind.TASK_DEATH, Kind.NOTIFIER,
    Kind.SECOND_INSTANCE, Kind.DISCONNECT, Kind.HALF_OPEN, Kind.CALLER, Kind.CONFIGURATION,
})  # fmt: skip
_LASTS_MS: dict[Kind, tuple[int, int]] = {
    Kind.DISCONNECT: (2_000, 40_000), Kind.HALF_OPEN: (5_000, 60_000), Kind.STALE_DATA: (10_000, 90_000),
    Kind.BAN: (5_000, 30_000), Kind.MAINTENANCE: (10_000, 60_000), Kind.CLOCK: (10_000, 60_000),
    Kind.NOTIFIER: (10_000, 60_000),
}  # fmt: skip
_WAITS = frozenset({"cancel_race"})  # for what it can meet, however long that takes: few limits are let go of
_COUNTED_MS = (15_000, 60_000)  # how long one that waits for its next things waits
_Parameters = dict[str, Number]


def draw_plan(
    seed: int, profile: Profile, lasts_ms: int, markets: Sequence[MarketId], arrival_ms_max: int
) -> FaultPlan:
    """The plan of a seed. The last quarter of the storm is left quiet, so that it can be seen to heal."""
    dice = Dice(seed, "faults")
    mean = profile.faults * lasts_ms / 600_000
    count = int(mean * (0.5 + dice.unit())) if mean else 0
    last_ms = lasts_ms * 3 // 4
    faults = [_draw(dice, profile, last_ms, markets, arrival_ms_max) for _ in range(count)]
    faults = [one for fault in faults for one in _outage(Dice(seed, f"outage {fault.at_ms}"), fault, arrival_ms_max)]
    faults = [one for fault in faults for one in _held_on_to(Dice(seed, f"slices {fault.at_ms}"), fault)]
    return FaultPlan(seed, tuple(sorted(faults, key=lambda fault: (fault.at_ms, fault.kind.value, fault.variant))))


def _outage(dice: Dice, fault: Fault, arrival_ms_max: int) -> list[Fault]:
    """A database may be gone for all of the time, not for some writes alone; and the process may die meanwhile."""
    if fault.kind is not Kind.DATABASE or not dice.chance(0.5):
        return [fault]
    gone = replace(fault, parameters={})
    if not dice.chance(0.5):
        return [gone]
    at_ms, variant = dice.between(fault.at_ms, fault.ends_ms), dice.pick(VARIANTS[Kind.CRASH])
    return [gone, Fault(Kind.CRASH, at_ms, fault.lasts_ms, "", variant, _crash(dice, arrival_ms_max))]


def _held_on_to(dice: Dice, fault: Fault) -> list[Fault]:
    """An order that rests may fill bit by bit for long, and not be let go of meanwhile, and be said so twice, before it
    is asked of again: else the three hardly ever meet."""
    if (fault.kind, fault.variant) != (Kind.PARTIAL, "slices") or not dice.chance(0.5):
        return [fault]
    rests = replace(fault, parameters={**fault.parameters, "resting": 1, "slices": dice.between(10, 40)})
    busy = replace(fault, kind=Kind.REJECT, variant="cancel_busy", parameters={"count": 12})
    twice = {"count": 60, "late_ms": dice.between(100, 900)}
    return [rests, busy, replace(busy, kind=Kind.DUPLICATE, variant="answer", parameters=twice)]


def _draw(dice: Dice, profile: Profile, last_ms: int, markets: Sequence[MarketId], arrival_ms_max: int) -> Fault:
    kind = dice.weighted([(kind, _WEIGHTS[kind]) for kind in DRAWN])
    variant = dice.pick(VARIANTS[kind]) if kind in VARIANTS else ""
    at = dice.between(0, last_ms - 1)
    lasts = int(dice.between(*_LASTS_MS.get(kind, _COUNTED_MS)) * profile.hardness)
    place = "" if kind in _EVERYWHERE or dice.chance(0.3) else dice.pick(list(markets))
    more = _PARAMETERS.get(kind, _counted)(dice, arrival_ms_max)
    if kind is Kind.VENUE_SIDE and not place:
        place = dice.pick(list(markets))
    if variant in _WAITS:
        lasts = last_ms
    return Fault(kind, at, min(lasts, last_ms - at), place, variant, more)


def _counted(dice: Dice, _: int) -> _Parameters:
    return {"count": dice.between(1, 3)}


def _late(dice: Dice, arrival_ms_max: int) -> _Parameters:
    return {"count": dice.between(1, 3), "late_ms": dice.between(1, arrival_ms_max)}


def _delayed(dice: Dice, _: int) -> _Parameters:
    return {"count": dice.between(2, 8), "delay_ms": dice.between(50, 8_000)}


def _partial(dice: Dice, _: int) -> _Parameters:
    return {"count": 1, "slices": dice.between(2, 5), "lots": dice.between(1, 3)}


def _windowed(_: Dice, __: int) -> _Parameters:
    return {}


def _venue_side(dice: Dice, _: int) -> _Parameters:
    return {"count": 1, "side": dice.pick((1, -1)), "lots": dice.between(1, 20)}


def _crash(dice: Dice, _: int) -> _Parameters:
    return {"count": 1, "steps": dice.between(1, 400), "down_ms": dice.between(200, 30_000)}


def _clock(dice: Dice, _: int) -> _Parameters:
    return {"ms": dice.pick((-1, 1)) * dice.between(300, 120_000)}


def _blocked(dice: Dice, _: int) -> _Parameters:
    return {"count": dice.between(1, 2), "ms": dice.between(200, 15_000)}


def _numbered(dice: Dice, _: int) -> _Parameters:
    return {"count": 1, "number": dice.between(0, 1_000)}


_PARAMETERS: dict[Kind, Callable[[Dice, int], _Parameters]] = {
    Kind.LATE_ARRIVAL: _late, Kind.REORDERED: _delayed, Kind.PARTIAL: _partial, Kind.VENUE_SIDE: _venue_side,
    Kind.CRASH: _crash, Kind.CLOCK: _clock, Kind.BLOCKED: _blocked, Kind.TASK_DEATH: _numbered,
    Kind.DISCONNECT: _windowed, Kind.HALF_OPEN: _windowed, Kind.STALE_DATA: _windowed, Kind.BAN: _windowed,
    Kind.MAINTENANCE: _windowed, Kind.NOTIFIER: _windowed, Kind.SECOND_INSTANCE: _counted,
    Kind.CALLER: _numbered, Kind.CONFIGURATION: _numbered,
}  # fmt: skip
