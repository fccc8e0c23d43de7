"""Whatever a vendor makes of pages, order, holes and revisions, in the end the lake holds the truth."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fakes.binance import USDM, Binance
from tests.fakes.desk import Desk, same
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import CUT, DOWN, EMPTY, GARBAGE, Internet, Trouble, too_many
from tests.fakes.tape import Tape

from karat.core.errors import RetryLater
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.asking import ask_for
from karat.ingest.download import Order
from karat.ingest.page import Bars

__all__ = ["internet", "whole_internet"]

FIRST_MS = 1_704_067_200_000
BARS = 60
TROUBLES = [None, None, None, DOWN, GARBAGE, EMPTY, CUT, too_many(5)]

lies = st.fixed_dictionaries(
    {
        "page_max": st.integers(1, 80),
        "shuffled": st.booleans(),
        "twice": st.booleans(),
        "withheld": st.sets(st.integers(1, BARS - 20), max_size=20),
        "revised": st.integers(0, 15),
        "hours": st.integers(0, 20),
        "troubles": st.lists(st.sampled_from(TROUBLES), max_size=8),
    }
)


def lie(tape: Tape, said: dict[str, object], now_ms: int) -> None:
    """Set the tape as drawn. Bars are revised at the end alone, and none is both revised and withheld: what a vendor
    does not show again cannot be compared."""
    closed = [ts for ts in tape.rows if ts + HOUR_MS <= now_ms]
    late = closed[len(closed) - int(said["revised"]) :] if said["revised"] else []  # type: ignore[call-overload]
    tape.page_max, tape.shuffled, tape.twice = said["page_max"], said["shuffled"], said["twice"]  # type: ignore[assignment]
    tape.withheld = {FIRST_MS + bar * HOUR_MS for bar in said["withheld"]}  # type: ignore[union-attr]
    tape.altered = {ts: tape.other(ts) for ts in late}


@settings(
    max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)  # an example takes tenths of a second: a failing one is shown as it is and not made smaller
@given(runs=st.lists(lies, min_size=1, max_size=3))
def test_the_lake_ends_with_the_truth(internet: Internet, runs: list[dict[str, object]]) -> None:
    internet.forget()
    tape = Tape(FIRST_MS, HOUR_MS, 200)
    now_ms = FIRST_MS + BARS * HOUR_MS + 1
    vendor = Binance(internet, USDM, {("BTCUSDT", "1h"): tape}, now_ms)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), internet, now_ms)
        for said in runs:
            lie(tape, said, vendor.now_ms)
            troubles: list[Trouble | None] = said["troubles"]  # type: ignore[assignment]
            internet.script(USDM, *troubles)
            [outcome] = desk.run(Order(MarketId("binance_perp:BTCUSDT"), HOUR_MS))
            assert outcome.error is None or isinstance(outcome.error, RetryLater)
            vendor.now_ms += int(said["hours"]) * HOUR_MS  # type: ignore[call-overload]
            desk.clock.turn(3_600 * int(said["hours"]))  # type: ignore[call-overload]
        lie(tape, {"page_max": 1000, "shuffled": False, "twice": False, "withheld": (), "revised": 0}, vendor.now_ms)
        internet.calm()
        desk.download("binance_perp:BTCUSDT", ask_again=True)
        assert same(desk.stored("binance_perp:BTCUSDT"), tape.truth(vendor.now_ms))


@st.composite
def vendors(draw: st.DrawFn) -> tuple[set[int], int, str]:
    """What a vendor has, how much it sends at once, and which end it keeps."""
    return draw(st.sets(st.integers(0, 60))), draw(st.integers(1, 70)), draw(st.sampled_from(["oldest", "newest"]))


@pytest.mark.parametrize("step", [1, 60_000])
@settings(max_examples=10, deadline=None)
@given(vendor=vendors(), wanted=st.sets(st.integers(0, 60), min_size=1))
def test_every_bar_the_vendor_has_is_asked_out_of_it(
    step: int, vendor: tuple[set[int], int, str], wanted: set[int]
) -> None:
    has, most, end = vendor
    questions = 0

    async def ask(from_ms: int, to_ms: int) -> tuple[Bars, int]:
        nonlocal questions
        questions += 1
        times = sorted(bar * step for bar in has if from_ms <= bar * step < to_ms)
        times = times[:most] if end == "oldest" else times[-most:]
        return Bars(np.array(times, np.int64), np.ones((len(times), 5))), to_ms

    async def all_answers() -> tuple[set[int], int]:
        came: set[int] = set()
        settled = 0
        async for answer in ask_for(np.array(sorted(wanted), np.int64) * step, step, ask):
            came |= {int(ts) // step for ts in answer.bars.ts}
            settled += answer.settled
        return came, settled

    came, settled = asyncio.run(all_answers())
    assert came >= wanted & has
    assert settled == len(wanted)
    assert questions <= 4 * len(wanted) + 4
