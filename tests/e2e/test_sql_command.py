"""karat data sql, as a person or a script runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.lake.bars import MARKET, START, bars

from karat.app.main import main
from karat.core.extras import how_to_install
from karat.lake.store import open_lake
from karat.ports.lake import Quality

PACKAGE = Path(__file__).resolve().parents[2] / "src"
WITHOUT = "import sys; sys.modules['{module}'] = None; from karat.app.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(autouse=True)
def lake(home: Path) -> None:
    with open_lake(home).change() as change:
        change.put_candles(bars(120), Quality())


def test_json_gives_columns_types_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    statement = (
        "select market, ts, close, null as none, 'nan'::double as odd, 1.5 as exact, epoch_ms(ts) as time, "
        "[1, 2] as list, {'a': 'inf'::float} as record, '\\xAA'::blob as bytes from candles limit 1"
    )
    assert main(["data", "sql", statement, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["columns"] == ["market", "ts", "close", "none", "odd", "exact", "time", "list", "record", "bytes"]
    assert told["types"][:3] == ["VARCHAR", "BIGINT", "DOUBLE"]
    row = [MARKET, START, 101.0, None, {"undefined": "not a number"}, 1.5, "2024-01-01T00:00:00", [1, 2]]
    assert told["rows"] == [[*row, {"a": {"undefined": "infinite"}}, "aa"]]


def test_csv_gives_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sql", "select ts, close, null as none from candles order by ts", "--csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["ts,close,none", f"{START},101.0,"]
    assert len(lines) == 121


def test_people_see_the_first_rows_and_are_told_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sql", "select ts from candles order by ts"]) == 0
    out, err = capsys.readouterr()
    assert str(START) in out
    assert out.count("│\n") == 50
    assert err == "Only the first 50 rows are shown; --csv and --json give all.\n"


def test_a_pushed_folder_can_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "cold")
    assert main(["data", "push", place]) == 0
    assert main(["data", "sql", "--cold", place, "select sum(close) as total from candles", "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(bars(120).close.sum())
    assert main(["data", "sql", "--cold", str(tmp_path / "none"), "select 1"]) == 2


def test_bad_sql_is_one_line_and_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "sql", "select\n\n from where"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert main(["data", "sql", "selec 1", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad_sql"
    assert main(["data", "sql", "select 1", "--json", "--csv"]) == 2


@pytest.mark.parametrize(
    ("module", "extra", "words"),
    [
        ("duckdb", "sql", ("sql", "select 1")),
        ("obstore", "s3", ("push", "s3://bucket/lake")),
        ("duckdb", "s3", ("push", "place")),
    ],
)
def test_without_its_extra_a_command_says_how_to_get_it(
    module: str, extra: str, words: tuple[str, ...], home: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WITHOUT.format(module=module), "data", *words]
    environment = {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": str(PACKAGE)}
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, len(run.stderr.splitlines())) == (2, "", 1)
    assert how_to_install(extra) in run.stderr


def test_a_launched_query_leaves_nothing_on_standard_error(home: Path) -> None:
    command = [sys.executable, "-m", "karat.app", "data", "sql", "select count(*) as bars from candles", "--csv"]
    environment = {**os.environ, "KARAT_HOME": str(home), "PYTHONPATH": str(PACKAGE)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "bars\n120\n", "")
