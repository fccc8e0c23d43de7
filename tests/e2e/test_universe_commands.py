"""What was listed when, as a person asks: looks at a venue, a history from a file, a list of winners refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.binance import USDM, Binance
from tests.fakes.fixtures import internet, whole_internet
from tests.fakes.server import Internet
from tests.fakes.tape import Tape

from karat.app.main import main
from karat.core.time import DAY_MS, HOUR_MS, iso, parse_time_ms

__all__ = ["internet", "whole_internet"]

FIRST_MS = parse_time_ms("2024-01-01")
NOW_MS = FIRST_MS + 100 * DAY_MS
HISTORY = """ts,event,kind,symbol,until,successor,ratio
2020-01-01,complete,linear,,2023-01-01,,
2020-01-01,listed,linear,BTCUSDT,,,
2020-01-01,listed,linear,LENDUSDT,,,
2020-10-15,renamed,linear,LENDUSDT,,AAVEUSDT,0.01
"""


@pytest.fixture
def venue(internet: Internet, monkeypatch: pytest.MonkeyPatch) -> Binance:
    tapes = {(symbol, "1h"): Tape(FIRST_MS, HOUR_MS, 10) for symbol in ("BTCUSDT", "ETHUSDT", "LUNAUSDT")}
    monkeypatch.setenv("HTTPS_PROXY", internet.https_proxy)
    monkeypatch.setenv("SSL_CERT_FILE", str(internet.ca_file))
    return Binance(internet, USDM, tapes, NOW_MS)


def told(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    assert main([*(str(word) for word in words), "--json"]) == code
    return json.loads(capsys.readouterr().out)


def universe(capsys: pytest.CaptureFixture[str], at_ms: int) -> list[str]:
    return told(capsys, "data", "universe", "binance_perp", "--kind", "perpetual", "--as-of", iso(at_ms))["markets"]


def test_looks_make_a_record_of_what_was_listed(venue: Binance, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "data", "universe", "binance_perp", "--as-of", iso(NOW_MS), code=2)["error"]["code"] == (
        "universe_unknown"
    )
    [first] = told(capsys, "data", "listings", "binance_perp")["venues"]
    assert (first["at"], first["markets"], first["listed"], first["grids"]) == (NOW_MS, 3, 3, 3)
    venue.ends["LUNAUSDT"] = NOW_MS + HOUR_MS
    venue.now_ms += DAY_MS
    [second] = told(capsys, "data", "listings", "binance_perp")["venues"]
    assert (second["markets"], second["listed"], second["delisted"]) == (2, 0, 1)
    three = ["binance_perp:BTCUSDT", "binance_perp:ETHUSDT", "binance_perp:LUNAUSDT"]
    assert universe(capsys, NOW_MS) == three
    assert universe(capsys, NOW_MS + HOUR_MS - 1) == three, "it ended an hour later, by the venue's own date"
    assert universe(capsys, NOW_MS + HOUR_MS) == three[:2]
    refused = told(capsys, "data", "universe", "binance_perp", "--as-of", "2024-02-01", code=2)
    assert refused["error"]["code"] == "universe_unknown", (
        "their days of listing are known, those that died by then not"
    )


def test_a_list_of_todays_winners_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "listings" / "binance_perp.csv"
    file.parent.mkdir()
    file.write_text(HISTORY)
    told(capsys, "data", "import", file)
    words = ("data", "universe", "binance_perp", "--check", "BTCUSDT", "AAVEUSDT")
    assert told(capsys, *words, "--as-of", "2020-06-01", code=2)["error"]["code"] == "not_listed_then"
    assert told(capsys, *words, "--as-of", "2021-06-01")["markets"] == ["binance_perp:AAVEUSDT", "binance_perp:BTCUSDT"]
    assert main(["data", "universe", "binance_perp", "--as-of", "2020-06-01"]) == 0
    assert capsys.readouterr().out.split() == ["binance_perp:BTCUSDT", "binance_perp:LENDUSDT"]
    assert told(capsys, *words, "--as-of", "2024-06-01", code=2)["error"]["code"] == "universe_unknown"


def test_a_venue_that_is_being_mended_ends_no_market(venue: Binance, capsys: pytest.CaptureFixture[str]) -> None:
    tape = venue.tapes["BTCUSDT", "1h"]
    venue.tapes |= {(f"COIN{number}USDT", "1h"): tape for number in range(20)}
    told(capsys, "data", "listings", "binance_perp")
    everything = universe(capsys, NOW_MS)
    venue.tapes = {key: tape for key, tape in venue.tapes.items() if not key[0].startswith("COIN1")}
    venue.now_ms += DAY_MS
    [answer] = told(capsys, "data", "listings", "binance_perp", code=2)["venues"]
    assert answer["error"]["code"] == "list_shrunk"
    venue.tapes |= {(f"COIN{number}USDT", "1h"): tape for number in range(20)}
    told(capsys, "data", "listings", "binance_perp")
    assert universe(capsys, NOW_MS + DAY_MS) == everything


def test_a_venue_without_a_list_leaves_the_others(venue: Binance, capsys: pytest.CaptureFixture[str]) -> None:
    answer = told(capsys, "data", "listings", "yahoo", "nowhere", "binance_perp", code=2)["venues"]
    assert [one["venue"] for one in answer] == ["binance_perp", "yahoo", "nowhere"]
    assert [one["error"]["code"] for one in answer[1:]] == ["no_list", "venue_unknown"]
