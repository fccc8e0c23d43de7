"""Time that does not jump, set right by the venue's."""

from __future__ import annotations

from karat.bots.steady import SteadyClock


class Hands:
    """A wall clock and a monotonic one, moved by hand."""

    def __init__(self, wall_ms: int) -> None:
        self.wall_ms, self.passed_s = wall_ms, 50.0

    def now_ms(self) -> int:
        return self.wall_ms

    async def sleep(self, seconds: float) -> None:
        self.pass_on(seconds)

    def pass_on(self, seconds: float) -> None:
        self.passed_s += seconds
        self.wall_ms += round(seconds * 1_000)


def a_clock(wall_ms: int = 1_000_000) -> tuple[Hands, SteadyClock]:
    hands = Hands(wall_ms)
    return hands, SteadyClock(hands, lambda: hands.passed_s)


def test_a_wall_clock_that_jumps_is_seen_and_not_followed() -> None:
    hands, steady = a_clock()
    hands.pass_on(3.0)
    hands.wall_ms += 60_000
    assert steady.now_ms() == 1_003_000
    assert steady.skew_ms == 60_000


def test_a_venue_ahead_of_us_is_believed_at_once() -> None:
    _, steady = a_clock()
    assert not steady.is_confirmed
    assert steady.hear(1_030_000) == 30_000
    assert steady.now_ms() == 1_030_000 and steady.skew_ms == -30_000 and steady.is_confirmed


def test_a_venue_behind_us_is_believed_after_some_seconds() -> None:
    hands, steady = a_clock()
    moved = []
    for _ in range(5):
        moved.append(steady.hear(steady.now_ms() - 20_000))
        hands.pass_on(1.0)
    assert moved == [0, 0, 0, -20_000, 0] or moved == [0, 0, 0, -20_000, -20_000]
    assert steady.is_confirmed


def test_messages_that_merely_come_late_move_nothing() -> None:
    hands, steady = a_clock()
    late = [steady.now_ms() + more for more in (0, 1_000, 2_000, 3_000)]
    hands.pass_on(15.0)  # the loop was blocked: all are heard at once
    assert [steady.hear(ts) for ts in late] == [0, 0, 0, 0]
    hands.pass_on(1.0)
    assert steady.hear(steady.now_ms() - 20) == 0
    assert steady.is_confirmed and steady.skew_ms == 0
