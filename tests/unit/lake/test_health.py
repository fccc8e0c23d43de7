"""What bots are told of damage in the lake: of what they read, of nothing else, until it is mended."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.unit.lake.bars import MARKET, bars
from tests.unit.lake.test_quarantine import OTHER, flip, folder_of
from tests.unit.lake.test_reading import lake_with

from karat.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from karat.lake.health import LOOK_MS, LakeHealth


@dataclass
class Hands:
    """A clock that is moved by hand."""

    ms: int = 0

    def now_ms(self) -> int:
        return self.ms


def asked(health: LakeHealth, hands: Hands) -> Callable[..., str]:
    def ask(timeframe_ms: int, *needs: str) -> str:
        hands.ms += LOOK_MS
        return health.wrong(MARKET, timeframe_ms, needs)

    return ask


def test_damage_is_told_to_whoever_reads_it_and_no_longer_once_it_is_mended(tmp_path: Path) -> None:
    lake, hands = lake_with(tmp_path, bars(48), bars(24, market=OTHER)), Hands()
    health = LakeHealth(lake, hands.now_ms)
    ask = asked(health, hands)
    assert ask(HOUR_MS) == ""
    flip(folder_of(tmp_path) / "close.bin", 77)
    assert ask(HOUR_MS) == "", "nobody has found it yet"
    (found,) = lake.prove()
    assert health.wrong(MARKET, HOUR_MS, ()) == "", "looked at once a second"
    assert ask(HOUR_MS) == f"candles {MARKET} 1h is in quarantine: {found.why}"
    assert ask(DAY_MS) == ask(HOUR_MS), "days are built from those hours"
    assert ask(MINUTE_MS) == "" and health.wrong(OTHER, HOUR_MS, ()) == ""
    lake_with(tmp_path, bars(48))
    assert ask(HOUR_MS) == ask(DAY_MS) == ""


def test_bars_that_are_stored_as_they_are_do_not_mind_finer_ones(tmp_path: Path) -> None:
    lake, hands = lake_with(tmp_path, bars(48), bars(600, step=MINUTE_MS)), Hands()
    ask = asked(LakeHealth(lake, hands.now_ms), hands)
    os.truncate(folder_of(tmp_path, "candles.binance_perp.BTCUSDT.1m") / "close.bin", 100)
    lake.prove()
    assert ask(HOUR_MS) == "" and "BTCUSDT 1m is in quarantine" in ask(5 * MINUTE_MS)


def test_a_lake_that_cannot_be_read_is_not_taken_for_whole(tmp_path: Path) -> None:
    lake, hands = lake_with(tmp_path, bars(48)), Hands()
    ask = asked(LakeHealth(lake, hands.now_ms), hands)
    catalog = tmp_path / "lake" / "catalog.json"
    content = catalog.read_bytes()
    catalog.write_bytes(b"?")
    assert ask(HOUR_MS).startswith("whether the data is whole cannot be found out")
    catalog.write_bytes(content)
    assert ask(HOUR_MS) == ""
