"""From a seed to a verdict, one or many, on one processor or several."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from tests.chaos.storm.drawing import HEAVY, LIGHT, NORMAL, PROFILES, Profile, draw_plan
from tests.chaos.storm.faults import FaultPlan
from tests.chaos.storm.plug import the_plug
from tests.chaos.storm.setting import Setting
from tests.chaos.storm.storm import Storm, Verdict

_STORMS_A_PROCESS = 400  # what one abandons is let go of by its end, at the latest


def profile_of(seed: int) -> Profile:
    """Seeds take turns, so that every run has all of them."""
    return (NORMAL, HEAVY, NORMAL, LIGHT)[seed % 4]


def plan_of(seed: int, setting: Setting, profile: str = "") -> FaultPlan:
    chosen = PROFILES[profile] if profile else profile_of(seed)
    plan = draw_plan(seed, chosen, setting.lasts_ms, setting.markets, setting.traits.arrival_ms_max)
    return replace(plan, fleet=setting.fleet)


def setting_of(seed: int, fleet: str = "") -> Setting:
    """The plug may have its own (`setting(seed, fleet)`); else the default. `fleet` "": as the seed draws it."""
    make = getattr(the_plug(), "setting", None)
    return Setting() if make is None else make(seed, fleet)


def verdict(seed: int, profile: str = "") -> Verdict:
    """Of the plan that the seed draws."""
    setting = setting_of(seed)
    return judged(plan_of(seed, setting, profile), setting)


def judged(plan: FaultPlan, setting: Setting | None = None) -> Verdict:
    """Of any plan."""
    return Storm(the_plug(), setting or setting_of(plan.seed, plan.fleet), plan).run()


def verdicts(seeds: Iterable[int], processes: int, profile: str = "") -> Iterator[Verdict]:
    """Of many seeds, as they come in."""
    if processes <= 1:
        yield from (verdict(seed, profile) for seed in seeds)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _settle_in, maxtasksperchild=_STORMS_A_PROCESS) as pool:
        yield from pool.imap_unordered(partial(verdict, profile=profile), seeds)


def _settle_in() -> None:
    """What is loaded once stays: the collector of garbage need not look at it in each storm."""
    setting_of(1)
    gc.collect()
    gc.freeze()
