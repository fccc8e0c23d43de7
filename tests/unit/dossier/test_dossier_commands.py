"""karat dossier lists the dead too, shows one, draws its page, and refuses what was edited."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.dossier.proved import Proved, proved

from karat.app.dossier_views import show_verified, verified_json
from karat.app.main import main
from karat.core.errors import EXIT_INPUT
from karat.research.dossier.folder import FILE
from karat.research.dossier.verify import Difference, Verified

BEGINNING = "ema_crossover-test-M0"


@pytest.fixture
def buried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Proved:
    monkeypatch.setenv("KARAT_HOME", str(tmp_path))
    return proved(tmp_path, 0.0)


def edited(one: Proved) -> None:
    file = one.dossier.folder / FILE
    file.write_text(file.read_text().replace('"verdict": "buried"', '"verdict": "gold"', 1))


def test_the_dead_are_listed_with_stage_and_reason(buried: Proved, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dossier", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["dossiers"]
    assert (row["strategy"], row["market"], row["verdict"], row["stage"]) == (
        "ema_crossover", "test:M0", "buried", "tournament",
    )  # fmt: skip
    assert row["reason"] == buried.told["result"]["reason"]
    assert row["sealed"] is True
    assert main(["dossier", "list", "--verdict", "gold", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"dossiers": []}
    assert main(["dossier", "list", "--verdict", "great"]) == EXIT_INPUT
    assert "Choose gold, watch, buried, no_evidence." in capsys.readouterr().err


def test_one_is_shown_by_the_beginning_of_its_name(buried: Proved, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dossier", "show", BEGINNING]) == 0
    shown = capsys.readouterr().out
    assert "BURIED  ema_crossover on test:M0 1h" in shown
    assert buried.told["result"]["reason"] in shown
    assert main(["dossier", "show", BEGINNING, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == buried.told


def test_the_page_is_drawn_again_where_it_is_not_what_the_dossier_says(
    buried: Proved, capsys: pytest.CaptureFixture[str]
) -> None:
    page = buried.dossier.folder / "index.html"
    drawn = page.read_text()
    page.write_text(drawn.replace("Buried", "Gold"))
    assert main(["dossier", "open", BEGINNING]) == 0
    assert Path(capsys.readouterr().out.strip()) == page.resolve()
    assert page.read_text() == drawn


def test_an_edited_dossier_is_named_everywhere_and_not_verified(
    buried: Proved, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(buried)
    assert main(["dossier", "list"]) == 0
    assert "EDITED" in capsys.readouterr().out
    assert main(["dossier", "show", BEGINNING]) == 0
    assert "nobody's verdict" in capsys.readouterr().out
    assert main(["dossier", "open", BEGINNING]) == 0
    assert "EDITED" in capsys.readouterr().err
    assert main(["dossier", "verify", BEGINNING]) == EXIT_INPUT
    assert "the trial ledger never sealed" in capsys.readouterr().err


def test_differences_are_told_with_both_values_the_first_twenty(
    buried: Proved, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Verified(
        tuple(Difference(f"stages[{k}].value", k, k + 1) for k in range(25)), (Difference("processor", "old", "new"),)
    )
    show_verified(buried.dossier, found)
    shown = capsys.readouterr().out
    assert "25 fields came out otherwise" in shown
    assert "stages[19].value" in shown
    assert "stages[20].value" not in shown
    assert "processor was old, is new" in shown
    told = verified_json(buried.dossier, found)
    assert (told["verified"], len(told["differences"])) == (False, 25)
    assert told["differences"][0] == {"field": "stages[0].value", "kept": 0, "made": 1}
