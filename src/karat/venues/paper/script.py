"""A script of what goes wrong between the desk and the paper venue, so that demos and drills can show it.

Steps, separated by commas; N counts the orders that are submitted from 1 on, a time is written 200ms, 60s or 5m:

    lose_request:N          the order never arrives
    lose_ack:N              it arrives, its acknowledgement is lost
    lose_fill:N             its fills are not said until they are fetched
    twice:N                 every word about it comes twice
    reject:N:REASON         the venue refuses it
    slices:N:0.5/0.3/0.2    each of its fills comes in parts of these shares
    latency:TIME            every request arrives so much later
    delay:TIME              every word of the venue comes so much later
    down:TIME, down:N:TIME  the connection is lost for so long, from the first order on, or from the N-th
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from karat.core.errors import InputError

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000}
_NUMBERED = ("lose_request", "lose_ack", "lose_fill", "twice")


@dataclass(frozen=True, slots=True)
class Script:
    """What goes wrong with which submitted order. Empty: nothing."""

    lose_request: frozenset[int] = frozenset()
    lose_ack: frozenset[int] = frozenset()
    lose_fill: frozenset[int] = frozenset()
    twice: frozenset[int] = frozenset()
    rejects: Mapping[int, str] = field(default_factory=dict[int, str])
    slices: Mapping[int, tuple[float, ...]] = field(default_factory=dict[int, tuple[float, ...]])
    downs_ms: Mapping[int, int] = field(default_factory=dict[int, int])
    latency_ms: int = 0
    delay_ms: int = 0

    @property
    def needs_clock(self) -> bool:
        return self.latency_ms > 0 or self.delay_ms > 0 or bool(self.downs_ms)

    @classmethod
    def parse(cls, text: str) -> Script:
        """Read the steps. Raises InputError `bad_script` with the step that cannot be read."""
        script = cls()
        for step in filter(None, (part.strip() for part in text.split(","))):
            try:
                script = _with(script, step.split(":", 2))
            except (ValueError, KeyError) as unread:
                raise InputError(
                    "bad_script", f"'{step}' is no step of a script.", "Write for example lose_ack:3."
                ) from unread
        return script


def _with(script: Script, words: list[str]) -> Script:
    kind, rest = words[0], words[1:]
    if kind in _NUMBERED and len(rest) == 1:
        changed: dict[str, frozenset[int]] = {kind: getattr(script, kind) | {_number(rest[0])}}
        return replace(script, **changed)  # type: ignore[arg-type]
    if kind == "reject" and len(rest) == 2 and rest[1]:
        return replace(script, rejects={**script.rejects, _number(rest[0]): rest[1]})
    if kind == "slices" and len(rest) == 2:
        return replace(script, slices={**script.slices, _number(rest[0]): _shares(rest[1])})
    if kind == "down" and len(rest) in (1, 2):
        first = _number(rest[0]) if len(rest) == 2 else 1
        return replace(script, downs_ms={**script.downs_ms, first: _time_ms(rest[-1])})
    if kind == "latency" and len(rest) == 1:
        return replace(script, latency_ms=_time_ms(rest[0]))
    if kind == "delay" and len(rest) == 1:
        return replace(script, delay_ms=_time_ms(rest[0]))
    raise ValueError(kind)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _time_ms(text: str) -> int:
    digits = text.rstrip("ms")
    return _number(digits) * _UNITS_MS[text[len(digits) :]]


def _shares(text: str) -> tuple[float, ...]:
    shares = tuple(float(share) for share in text.split("/"))
    if not all(share > 0.0 for share in shares) or not math.isclose(sum(shares), 1.0):
        raise ValueError(text)
    return shares


def cut(lots: int, shares: tuple[float, ...]) -> list[int]:
    """Whole lots by share, the last part takes what is left; parts without a lot fall away."""
    parts, left = [], lots
    for share in shares[:-1]:
        part = min(left, math.floor(lots * share))
        parts.append(part)
        left -= part
    return [part for part in (*parts, left) if part > 0]
