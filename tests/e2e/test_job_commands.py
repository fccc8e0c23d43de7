"""karat jobs as a user meets it: a sweep in this terminal is listed, and what makes no sense is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.chaos.sweeping import MARKET, filled

from karat.app.main import main

SWEEP = ("sweep", "buy_and_hold", "--market", MARKET, "--timeframe", "1h", "--json")


def told(capsys: pytest.CaptureFixture[str], *words: str, exits: int = 0):
    assert main(words) == exits
    return json.loads(capsys.readouterr().out)


def test_a_sweep_is_a_job_and_its_words_and_result_are_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled(home)
    swept = told(capsys, *SWEEP)
    (one,) = told(capsys, "jobs", "--json")
    assert (one["kind"], one["arguments"], one["detached"]) == ("sweep", list(SWEEP[1:]), False)
    assert (one["state"], one["exit_code"], one["result"]) == ("finished", 0, swept["sweep"])
    assert one["progress"]["done"] == one["progress"]["of"] == 1
    assert told(capsys, "jobs", "list", "--json") == [one]
    shown = told(capsys, "jobs", "show", "last", "--json")
    assert shown == {**one, "output": []}, "what a terminal shows is not kept"
    told(capsys, *SWEEP)
    assert len(told(capsys, "jobs", "--json")) == 2, "a finished job is over: the same command is a new one"
    over = told(capsys, "jobs", "cancel", one["job"], "--json", exits=2)
    assert over["error"]["code"] == "job_over"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "last"), "unknown_job"),
        (("cancel", "../../token"), "unknown_job"),
        (("resume", "0123456789ab"), "unknown_job"),
        (("start", "rm"), "bad_job"),
        (("start", "sweep"), "bad_command"),
    ],
)
def test_what_makes_no_sense_is_one_line(home: Path, capsys: pytest.CaptureFixture[str], words, code: str) -> None:
    assert told(capsys, "jobs", *words, "--json", exits=2)["error"]["code"] == code
    assert not (home / "jobs").exists()


@pytest.mark.parametrize("words", [("--", "buy_and_hold", "--help"), ("--", "buy_and_hold", "--unheard", "of")])
def test_arguments_that_the_command_would_not_understand_start_nothing(home: Path, words: tuple[str, ...]) -> None:
    assert main(("jobs", "start", "sweep", *words)) == 2
    assert not (home / "jobs").exists()


def test_more_jobs_at_once_than_there_may_be_are_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARAT_JOBS_AT_ONCE", "0")
    assert told(capsys, "jobs", "--json", exits=2)["error"]["code"] == "bad_count"
