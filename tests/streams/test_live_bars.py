"""Bars while trades are streamed by a venue that lies: the same as from the stored tape, and whole only where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.streams.memory_lake import MemoryLake
from tests.streams.venue import LyingVenue, Plan, playing, tape
from tests.streams.virtual import START_MS
from tests.streams.watching import MARKET, watch

from karat.bars import Trades, bar_kinds, build, fresh_state
from karat.core.errors import InputError
from karat.core.model.table import Table
from karat.ingest.bars.batch import BarChoices, TapeReport, build_stored
from karat.ingest.bars.live import BarsWanted
from karat.ingest.bars.tables import bars_name
from karat.ingest.streams.begin import Choices
from karat.ingest.streams.status import StreamStatus
from karat.ports.stream import Trade

SPECS = bar_kinds("1m,10s,tick:40,renko:atr3x0.3@10s", 0.1)
MINUTE = SPECS[0]
CHOICES = Choices(bars={MARKET: BarsWanted(SPECS, candles=True)})


class KilledError(Exception):
    """The process is gone."""


class MortalLake:
    """A lake whose process dies with a change: before it is seen, or right after, when nothing else was done yet."""

    def __init__(self, lake: MemoryLake, dies_at: int, *, seen: bool) -> None:
        self._lake = lake
        self._left = dies_at
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    @contextmanager
    def change(self, wait_seconds: float = 0.0) -> Iterator[Any]:
        self._left -= 1
        if self._left < 0:
            raise KilledError
        with self._lake.change(wait_seconds) as change:
            yield change
            if self._left == 0 and not self._seen:
                raise KilledError
        if self._left == 0:
            raise KilledError


def stream(venue: LyingVenue, lake: MemoryLake, home: Path, until_ms: int, begin_ms: int | None = None) -> StreamStatus:
    [status] = watch(venue, lake, home / "streams", until_ms, begin_ms=begin_ms, choices=CHOICES)
    return status


def stored_bars(lake: MemoryLake) -> list[Table]:
    return [lake.table(bars_name(MARKET, spec, "streamed")) for spec in SPECS]


def built_again(lake: MemoryLake) -> TapeReport:
    """From the stored trades. It refuses when what is stored of the bars is not the same to the bit."""
    return build_stored(lake, MARKET, SPECS, BarChoices(candles=True), lambda trades: None)  # type: ignore[arg-type]


def true_minutes(truth: list[Trade]) -> dict[int, tuple[float, ...]]:
    columns = list(zip(*truth, strict=True))
    whole = Trades(np.array(columns[0]), np.array(columns[1]), np.array(columns[2]), np.array(columns[3], np.int8))
    _, (bars,) = build([MINUTE], fresh_state([MINUTE]), whole)
    return {bar.ts_open: (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades) for bar in bars}


def assert_whole_minutes_are_true(lake: MemoryLake, truth: list[Trade]) -> int:
    """Every minute that is marked whole holds every trade of it. Returns how many are."""
    true = true_minutes(truth)
    rows, count = stored_bars(lake)[0], 0
    for place in np.flatnonzero(rows.columns["whole"] == 1).tolist():
        got = tuple(rows.columns[name][place] for name in ("open", "high", "low", "close", "volume", "trades"))
        assert got == true[int(rows.ts[place])]
        count += 1
    candles = lake.candles(MARKET, 60_000)
    assert candles.ts.tolist() == rows.ts[rows.columns["whole"] == 1].tolist()
    return count


def ticks_are_consecutive(rows: Table, truth: list[Trade]) -> bool:
    """Every whole bar of forty trades holds forty that follow one another in truth."""
    sums = np.convolve([trade.quantity for trade in truth], np.ones(40), "valid")
    whole = rows.columns["whole"] == 1
    return all(np.isclose(sums, volume, rtol=1e-12).any() for volume in rows.columns["volume"][whole])


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
def test_streamed_bars_are_those_of_the_stored_trades_and_a_bar_over_a_gap_is_not_whole(
    counted: bool, tmp_path: Path
) -> None:
    truth, lake = tape(3000, START_MS + 1000, seed=21), MemoryLake()
    plans = (
        Plan(seconds=95),
        Plan(seconds=0.0),
        Plan(seconds=0.0),
        Plan(seconds=0.0),
        Plan(seconds=80, twice=0.2),
        Plan(),
    )
    venue = playing(truth, counted=counted, plans=plans, past="none")
    status = stream(venue, lake, tmp_path, truth[-1].ts + 20_000)
    assert status.gaps >= 1 and status.bars > 60
    assert assert_whole_minutes_are_true(lake, truth) >= 2
    report = built_again(lake)
    assert [kind.new for kind in report.kinds] == [0, 0, 0, 0] and report.cuts == status.gaps + 1
    minutes, _, ticks, bricks = stored_bars(lake)
    assert 2 <= np.count_nonzero(minutes.columns["whole"] == 0) < len(minutes)
    assert ticks_are_consecutive(ticks, truth)
    assert status.cut_bars == sum(kind.cut for kind in report.kinds)
    assert np.count_nonzero(bricks.columns["whole"]) > 10


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "uncounted"])
@pytest.mark.parametrize("seen", [True, False], ids=["after the change", "within the change"])
@pytest.mark.parametrize("dies_at", [2, 9])
def test_bars_go_on_where_a_killed_process_left_them(counted: bool, seen: bool, dies_at: int, tmp_path: Path) -> None:
    truth, lake = tape(900, START_MS + 1000, seed=22), MemoryLake()
    with pytest.raises(KilledError):
        stream(playing(truth, counted=counted), MortalLake(lake, dies_at, seen=seen), tmp_path, truth[-1].ts)  # type: ignore[arg-type]
    killed_ms = truth[300].ts
    stream(playing(truth, counted=counted), lake, tmp_path, truth[-1].ts + 20_000, begin_ms=killed_ms)
    assert [kind.new for kind in built_again(lake).kinds] == [0, 0, 0, 0]
    assert assert_whole_minutes_are_true(lake, truth) >= 1
    untouched = MemoryLake()
    stream(playing(truth, counted=counted), untouched, tmp_path / "another", truth[-1].ts + 20_000)
    for one, other in zip(stored_bars(lake), stored_bars(untouched), strict=True):
        for name in one.schema.names:
            np.testing.assert_array_equal(one.columns[name], other.columns[name])


@pytest.mark.parametrize("damage", ["the file is gone", "the file is garbage", "the file is of other kinds"])
def test_without_its_saved_progress_a_stream_builds_from_the_stored_trades(damage: str, tmp_path: Path) -> None:
    truth, lake = tape(500, START_MS + 1000, seed=23), MemoryLake()
    stream(playing(truth), lake, tmp_path, truth[300].ts)
    file = tmp_path / "streams" / f"{MARKET}.bars"
    if damage == "the file is gone":
        file.unlink()
    elif damage == "the file is garbage":
        file.write_text("{", "utf-8")
    else:
        file.write_text(file.read_text("utf-8").replace('"state": "', '"state": "00'), "utf-8")
    stream(playing(truth), lake, tmp_path, truth[-1].ts + 20_000, begin_ms=truth[310].ts)
    assert [kind.new for kind in built_again(lake).kinds] == [0, 0, 0, 0]


def test_bars_that_cannot_go_on_leave_the_trades_alone(tmp_path: Path) -> None:
    truth, lake = tape(400, START_MS + 1000, seed=24), MemoryLake()
    wild = [trade if trade.number != 200 else trade._replace(price=9e8) for trade in truth]
    choices = Choices(bars={MARKET: BarsWanted(bar_kinds("renko:0.1", 0.1))})
    [status] = watch(playing(wild), lake, tmp_path / "streams", truth[-1].ts + 20_000, choices=choices)
    assert status.rows == 400 and "leaps over more than" in status.bar_trouble
    with pytest.raises(InputError) as raised:
        watch(playing(wild), lake, tmp_path / "streams", truth[-1].ts + 40_000, choices=choices)
    assert raised.value.code == "brick_too_small"
