"""karat calibrate as a user meets it, with a simple prover in the place of the product's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.calibration.real_worlds import rough_hours
from tests.unit.calibration.simple_prover import SimpleProver

from karat.app.calibrate_commands import calibrate_command, calibrated, show_calibration
from karat.core.errors import InputError
from karat.core.model.candles import CANDLE_COLUMNS, Candles
from karat.core.time import HOUR_MS
from karat.feeds.demo import DEMO_SYMBOLS, demo_candles
from karat.lake.quality import measure
from karat.lake.store import open_lake
from karat.research.calibration.calibrating import Asked
from karat.research.calibration.edges import Nature

ASKED = Asked(
    markets=2, planted_markets=1, panel_size=1, natures=(Nature.TREND,), powers=(3.0,), bars=8_760, sizing=2,
    measuring=2,
)  # fmt: skip


def put(candles: Candles, *, simulated: bool = False) -> None:
    quality = replace(measure(candles, sessions=False), simulated=simulated)
    with open_lake().change() as change:
        change.put_candles(candles, quality, sessions=False)


def wild_ending(market: str, days: int) -> Candles:
    """Hours whose last fifth, the vault, is a hundred times as wild: whoever reads it, sees it."""
    calm = rough_hours(days, market=market)
    columns = {name: getattr(calm, name).copy() for name in CANDLE_COLUMNS}
    columns["high"][len(calm) * 4 // 5 + 1 :] *= 5.0
    return Candles(calm.market, HOUR_MS, **columns)


def test_markets_take_after_the_real_ones_of_the_lake_before_their_vaults() -> None:
    put(wild_ending("binance_perp:ABUSDT", 500))
    put(rough_hours(300, market="binance_perp:SHORTUSDT"))
    put(demo_candles(7, DEMO_SYMBOLS[0], HOUR_MS, 12_000), simulated=True)
    told = calibrated(SimpleProver(), ASKED, workers=1, as_json=True)
    assert {one["market"] for one in told["likeness"]} == {"binance_perp:ABUSDT"}
    assert told["edgeless"][2]["markets"] == 2 and told["powers"][0]["markets"] == 1
    calm = calibrated_alone("binance_perp:CALMUSDT")
    assert told["likeness"][1]["volatility"] == pytest.approx(calm, rel=1e-6)


def calibrated_alone(market: str) -> float:
    """The volatility of the same market without a wild end."""
    put(rough_hours(500, market=market))
    told = calibrated(SimpleProver(), ASKED, (market,), workers=1, as_json=True)
    return told["likeness"][1]["volatility"]


def test_the_table_goes_to_a_file_and_the_whole_as_json_to_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(rough_hours(500, market="binance_perp:ABUSDT"))
    told = calibrated(SimpleProver(), ASKED, workers=1, as_json=True)
    show_calibration(told, "karat calibrate --seed 0", tmp_path / "table.md", as_json=True)
    assert json.loads(capsys.readouterr().out) == told
    page = (tmp_path / "table.md").read_text()
    assert page.startswith("# Calibration of the prover") and "`karat calibrate --seed 0`" in page
    show_calibration(told, "karat calibrate --seed 0", None, as_json=False)
    assert "Markets without any edge" in capsys.readouterr().out


def test_without_a_real_market_nothing_is_begun() -> None:
    with pytest.raises(InputError) as refused:
        calibrated(SimpleProver(), ASKED, workers=1)
    assert refused.value.code == "no_real_market"
    with pytest.raises(InputError) as none:
        calibrated(SimpleProver(), ASKED, workers=0)
    assert none.value.code == "bad_count"


def test_what_cannot_be_asked_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError) as powers:
        calibrate_command(powers="1,much")
    assert powers.value.code == "bad_powers"
    with pytest.raises(InputError) as natures:
        calibrate_command(natures=("trend", "magic"))
    assert natures.value.code == "bad_natures" and "magic" in natures.value.message
    with pytest.raises(InputError) as twice:
        calibrate_command(natures=("trend", "trend"))
    assert twice.value.code == "bad_natures"
    with pytest.raises(InputError) as nowhere:
        calibrate_command(out=tmp_path / "nowhere" / "table.md")
    assert nowhere.value.code == "bad_path"
