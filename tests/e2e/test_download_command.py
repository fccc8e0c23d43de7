"""karat data download, as a person gives it: through a proxy and an authority that the usual variables name."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from tests.fakes.binance import USDM, Binance
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.perpetuals import Perpetuals, Rates
from tests.fakes.server import Internet
from tests.fakes.tape import Tape

from karat.app.download_commands import progress_line
from karat.app.main import main
from karat.core.extras import how_to_install
from karat.core.ids import MarketId
from karat.core.time import HOUR_MS
from karat.ingest.download import Order, Progress
from karat.ingest.page import Bars
from karat.lake.store import open_lake

__all__ = ["internet", "whole_internet"]

BTC = "binance_perp:BTCUSDT"
FIRST_MS = 1_704_067_200_000
NOW_MS = FIRST_MS + 500 * HOUR_MS + 1


RATES = Rates(FIRST_MS, 8 * HOUR_MS, 70)


@pytest.fixture
def tape(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> Tape:
    played, key = Tape(FIRST_MS, HOUR_MS, 510), ("BTCUSDT", "1h")
    marks = Binance(internet, USDM, {key: Tape(FIRST_MS, HOUR_MS, 510, seed=9)}, NOW_MS)
    Perpetuals(internet, USDM, Binance(internet, USDM, {key: played}, NOW_MS), {"BTCUSDT": RATES}, marks)
    monkeypatch.setenv("HTTPS_PROXY", internet.https_proxy)
    monkeypatch.setenv("SSL_CERT_FILE", str(internet.ca_file))
    return played


def test_a_download_says_what_the_lake_holds(tape: Tape, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "download", "binance_perp:BTCUSDT"]) == 0
    printed = capsys.readouterr().out
    assert "2024-01-01T00:00:00Z" in printed
    stored = open_lake().candles(MarketId("binance_perp:BTCUSDT"), HOUR_MS)
    assert Bars.of(stored).ts.tolist() == tape.truth(NOW_MS).ts.tolist()
    funding = open_lake().funding(MarketId("binance_perp:BTCUSDT"))
    assert funding.ts.tolist() == list(RATES.truth(NOW_MS))
    assert np.isfinite(funding.mark).all()


def test_json_holds_every_series_and_the_first_error(tape: Tape, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "download", "binance_perp:NOSUCH", "binance_perp:BTCUSDT", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == "symbol_unknown"
    assert [one.get("rows") for one in told["series"]] == [None, 500, len(RATES.truth(NOW_MS)), 500]
    assert [one["kind"] for one in told["series"]] == ["candles", "candles", "funding", "mark"]
    assert (told["series"][1]["new"], told["series"][1]["missing"]) == (500, 0)


def test_a_failure_is_one_line(tape: Tape, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "download", "binance_perp:NOSUCH"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_holes_say_when_they_were_asked_for_last(tape: Tape, capsys: pytest.CaptureFixture[str]) -> None:
    tape.withheld = {FIRST_MS + 70 * HOUR_MS}
    for again in ((), ("--ask-again",)):
        assert main(["data", "download", BTC, "--with", "none", "--json", *again]) == 0
        [told] = json.loads(capsys.readouterr().out)["series"]
        pause_days = 7 if again else 1
        assert (told["holes"], told["asked_again"] - told["asked"]) == (1, pause_days * 24 * HOUR_MS)


@pytest.mark.parametrize("words", [[], ["BTCUSDT"], [BTC, "--timeframe", "1x"], [BTC, "--with", "marks"]])
def test_what_cannot_be_understood_is_refused(words: list[str]) -> None:
    assert main(["data", "download", *words]) == 2


def test_without_ccxt_the_package_is_named(
    tape: Tape, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ccxt.async_support", None)
    assert main(["data", "download", "binance_perp:BTCUSDT", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "package_missing"
    assert error["hint"] == how_to_install("download")


def test_progress_says_how_fast_and_how_long_yet() -> None:
    order = Order(MarketId("binance_perp:BTCUSDT"), HOUR_MS)
    assert progress_line(Progress(order, 0, 9_000, 0.0)) == "binance_perp:BTCUSDT 1h: 0 of 9,000 bars"
    line = progress_line(Progress(order, 3_000, 12_000, 60.0))
    assert line == "binance_perp:BTCUSDT 1h: 3,000 of 12,000 bars, 50 a second, 3 min 0 s left"
