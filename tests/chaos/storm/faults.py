"""Faults: what there is (F1 to F26 of the reference), one of them, and a plan of them that can be written and read.

A fault has a moment, how long it lasts, a place and parameters. It takes effect on the next `count` things that it can
meet within its time; no luck is drawn while the storm runs, so leaving one fault out leaves the others as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

Number = int | float | str


class Kind(StrEnum):
    """Fault kinds, by their number in the reference."""

    REQUEST_LOST = "F1"
    ACK_LOST = "F2"
    LATE_ARRIVAL = "F3"
    DUPLICATE = "F4"
    REORDERED = "F5"
    DROPPED = "F6"
    PARTIAL = "F7"
    REJECT = "F8"
    DISCONNECT = "F9"
    HALF_OPEN = "F10"
    STALE_DATA = "F11"
    BAD_DATA = "F12"
    BAN = "F13"
    MAINTENANCE = "F14"
    VENUE_SIDE = "F15"
    CRASH = "F16"
    DATABASE = "F17"
    CLOCK = "F18"
    BLOCKED = "F19"
    TASK_DEATH = "F20"
    AI = "F21"
    NOTIFIER = "F22"
    CALLER = "F23"
    CHAIN = "F24"
    CONFIGURATION = "F25"
    SECOND_INSTANCE = "F26"


NOT_DRAWN: dict[Kind, str] = {
    Kind.AI: "no AI service speaks to a bot of this product yet: there is nothing that could hang or lie",
    Kind.CHAIN: "no venue on a chain can be connected yet: there is no nonce, gas or reorganisation to go wrong",
}
DRAWN = tuple(kind for kind in Kind if kind not in NOT_DRAWN)

VARIANTS: dict[Kind, tuple[str, ...]] = {
    Kind.REORDERED: ("delayed", "nameless", "unseen"),
    Kind.DUPLICATE: ("stream", "answer"),
    Kind.CALLER: ("replayed", "conflicting", "malformed", "flooding"),
    Kind.CONFIGURATION: (
        "unknown_limit",
        "out_of_bounds",
        "no_number",
        "loosening",
        "unknown_parameter",
        "bad_parameter",
    ),
    Kind.SECOND_INSTANCE: ("asks", "takes"),
    Kind.PARTIAL: ("slices", "drop_rest", "overfill", "cancel_race"),
    Kind.DISCONNECT: ("orders", "events", "quotes", "all"),
    Kind.HALF_OPEN: ("events", "quotes", "all"),
    Kind.STALE_DATA: ("withheld", "frozen"),
    Kind.BAD_DATA: ("nan", "zero", "negative", "crossed", "spike", "gap", "duplicate", "revised", "open"),
    Kind.VENUE_SIDE: ("stop_cancelled", "hand_cancels", "manual", "liquidation", "halted", "filters", "leverage"),
    Kind.CRASH: ("step", "before_write", "after_write", "before_post", "after_post"),
    Kind.DATABASE: ("locked", "full", "io", "answer_lost"),
    Kind.CLOCK: ("skew", "jump"),
    Kind.REJECT: ("margin", "reduce_only", "price_band", "rate_limited", "would_trigger", "quantity", "cancel_busy"),
}
"""The ways in which a kind comes, each drawn as likely. A kind that is not here has one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Times in ms since the storm began; `place`: a market, or "" for everywhere."""

    kind: Kind
    at_ms: int
    lasts_ms: int
    place: str = ""
    variant: str = ""
    parameters: Mapping[str, Number] = field(default_factory=dict[str, Number])

    def number(self, name: str) -> int:
        """A parameter that must be there, whole."""
        return int(self.parameters[name])

    @property
    def ends_ms(self) -> int:
        return self.at_ms + self.lasts_ms


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of one storm, by time, and which fleet meets them ("": that of the seed). `quiet_from_ms`: no fault is
    there from then on."""

    seed: int
    faults: tuple[Fault, ...]
    fleet: str = ""

    @property
    def quiet_from_ms(self) -> int:
        return max((fault.ends_ms for fault in self.faults), default=0)

    def of(self, *kinds: Kind) -> list[Fault]:
        return [fault for fault in self.faults if fault.kind in kinds]

    def to_json(self) -> str:
        """One line a fault, so that a corpus can be read and compared."""
        rows = [
            {
                "kind": fault.kind.value, "at_ms": fault.at_ms, "lasts_ms": fault.lasts_ms, "place": fault.place,
                "variant": fault.variant, "parameters": dict(fault.parameters),
            } for fault in self.faults
        ]  # fmt: skip
        lines = ",\n  ".join(json.dumps(row, sort_keys=True) for row in rows)
        return f'{{"seed": {self.seed}, "fleet": "{self.fleet}", "faults": [\n  {lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> FaultPlan:
        told = json.loads(text)
        return cls(
            told["seed"],
            tuple(Fault(**{**row, "kind": Kind(row["kind"])}) for row in told["faults"]),
            told.get("fleet", ""),
        )


def corpus(folder: Path) -> list[FaultPlan]:
    """The plans that failed once, by file name."""
    return [FaultPlan.from_json(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def shrunk(plan: FaultPlan, fails: Callable[[FaultPlan], bool]) -> FaultPlan:
    """As few faults as still fail: halves, quarters, and so on are left out, at last one by one."""
    faults, parts = list(plan.faults), 2
    while faults:
        size = max(len(faults) // parts, 1)
        cuts = [faults[:at] + faults[at + size :] for at in range(0, len(faults), size)]
        smaller = next((cut for cut in cuts if fails(_with(plan, cut))), None)
        if smaller is not None:
            faults, parts = smaller, max(parts - 1, 2)
        elif size == 1:
            break
        else:
            parts = min(parts * 2, len(faults))
    return _with(plan, faults)


def _with(plan: FaultPlan, faults: Iterable[Fault]) -> FaultPlan:
    return replace(plan, faults=tuple(faults))


class Running:
    """A plan while the storm goes on: which fault meets this thing now, and how often each has."""

    def __init__(self, plan: FaultPlan) -> None:
        self._faults = {kind: plan.of(kind) for kind in Kind}
        self._left = {id(fault): int(fault.parameters.get("count", 1_000_000)) for fault in plan.faults}
        self.met: dict[str, int] = {}

    def now(self, kind: Kind, now_ms: int, place: str = "", variants: Sequence[str] = ()) -> Fault | None:
        """The first fault of a kind that is there at `now_ms` for `place`. Nothing is used up."""
        for fault in self._faults[kind]:
            is_there = fault.at_ms <= now_ms < fault.ends_ms and self._left[id(fault)] > 0
            if is_there and fault.place in ("", place) and (not variants or fault.variant in variants):
                return fault
        return None

    def meet(self, kind: Kind, now_ms: int, place: str = "", variants: Sequence[str] = ()) -> Fault | None:
        """As `now`, and it has met one thing more."""
        fault = self.now(kind, now_ms, place, variants)
        if fault is not None:
            self.count(fault)
        return fault

    def count(self, fault: Fault) -> None:
        """It took effect once."""
        self._left[id(fault)] -= 1
        name = f"{fault.kind.value} {fault.variant}".strip()
        self.met[name] = self.met.get(name, 0) + 1
