"""A dossier is made again to the bit, or refused, or told apart from what came out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.dossier.proved import Proved, proved
from tests.unit.prove.grounds import InMemory

from karat.core.errors import InputError, NeedsOperator
from karat.core.model.policy import LevelMode
from karat.research.dossier.folder import FILE, Dossier, load_dossier, write_dossier
from karat.research.dossier.verify import Difference, Verified, axes_of, differences, verify
from karat.research.json_form import setting_json
from karat.research.ledger.trials import LOOK, TrialLedger
from karat.strategies import Market, find_strategy
from karat.strategies.template import strategy_template


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    """One that went through every stage and opened its vault."""
    return proved(tmp_path_factory.mktemp("watched"), 0.2)


@pytest.fixture
def buried(tmp_path: Path) -> Proved:
    return proved(tmp_path, 0.0)


def again(one: Proved, dossier: Dossier | None = None, ground: InMemory | None = None) -> Verified:
    return verify(
        dossier or one.dossier, one.strategy, ground or one.ground, one.ledger, now_ms=lambda: 1,
        progress=lambda what: None,
    )  # fmt: skip


def rewritten(one: Proved, old: str, new: str) -> Dossier:
    """The dossier with one text in its file replaced."""
    file = one.dossier.folder / FILE
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return load_dossier(one.dossier.folder)


def test_an_honest_dossier_comes_out_the_same_to_the_bit_and_nothing_is_counted_again(watched: Proved) -> None:
    lines = watched.ledger.lines()
    judged_by = watched.told["result"]["stages"][5]["numbers"]["luck"]["ledger_lines"]
    assert 0 < judged_by < len(lines), "the windows of the walk forward were counted after the verdict on luck"
    assert watched.told["result"]["stages"][-1]["stage"] == "vault", "the whole way is gone again"
    found = again(watched)
    assert found.differences == ()
    assert found.elsewhere == ()
    assert watched.ledger.lines() == lines


def test_an_edited_verdict_is_nobodys_verdict(buried: Proved) -> None:
    dossier = rewritten(buried, '"verdict": "buried"', '"verdict": "gold"')
    with pytest.raises(NeedsOperator, match="never sealed") as raised:
        again(buried, dossier)
    assert raised.value.code == "dossier_edited"


def test_a_wrong_figure_is_found_even_where_it_was_sealed(buried: Proved) -> None:
    days = buried.told["result"]["stages"][0]["numbers"]["days"]
    dossier = rewritten(buried, f'"days": {days}', f'"days": {days + 1.0}')
    buried.ledger.seal(buried.strategy, dossier.told["result"], dossier.hash, 0)
    assert again(buried, dossier).differences == (Difference("stages[0].numbers.days", days + 1.0, days),)


def test_a_changed_strategy_is_refused_and_both_hashes_are_named(tmp_path: Path) -> None:
    file = tmp_path / "own_idea.py"
    file.write_text(strategy_template("own_idea"))
    one = proved(tmp_path, 0.0, strategy=find_strategy("own_idea", tmp_path))
    file.write_text(file.read_text() + "\nA_NEW_THOUGHT = 1\n")
    changed = replace(one, strategy=find_strategy("own_idea", tmp_path))
    with pytest.raises(InputError, match="own_idea has changed: its code hash was") as raised:
        again(changed)
    assert str(one.dossier.folder / "code") in raised.value.hint


def test_other_bars_are_refused_and_told(buried: Proved) -> None:
    name, data = next(iter(buried.ground.markets.items()))
    later = replace(data, market=data.market[24:])
    fewer = InMemory({**buried.ground.markets, name: later})
    with pytest.raises(InputError, match=r"test:M0 1h .* 24 fewer than the 14,016 proved"):
        again(buried, ground=fewer)
    louder = Market(replace(data.candles, volume=data.candles.volume * 2.0))
    other = InMemory({**buried.ground.markets, name: replace(data, market=louder)})
    with pytest.raises(InputError, match="with other prices, volumes or funding"):
        again(buried, ground=other)


def test_a_vault_that_was_never_opened_stays_closed(watched: Proved, tmp_path: Path) -> None:
    elsewhere = TrialLedger(tmp_path)
    for line in watched.ledger.lines():
        if line.record["kind"] != LOOK:
            elsewhere.chain.append(line.record)
    dossier = write_dossier(watched.told, watched.strategy, elsewhere, 0, tmp_path)
    with pytest.raises(NeedsOperator, match="never opened for this"):
        again(replace(watched, ledger=elsewhere), dossier)


def test_policy_axes_come_back_as_they_were_kept() -> None:
    values = {
        "stop_mode": (LevelMode.NONE, LevelMode.FRACTION),
        "stop_value": (0.01, 0.025),
        "allow_short": (True, False),
    }
    kept = {name: [setting_json(one) for one in some] for name, some in values.items()}
    assert axes_of({"policy_axes": json.loads(json.dumps(kept))}) == values
    off = axes_of({"policy_axes": {"daily_loss_limit": [{"undefined": "off"}, 0.05]}})["daily_loss_limit"]
    assert off[0] != off[0], "a limit that is off is NaN"
    assert off[1] == 0.05


def test_differences_name_fields_that_came_or_went_and_lists_of_other_lengths() -> None:
    kept = {"a": 1.0, "b": [1, 2], "c": {"d": True}, "same": [{"x": 0.1}]}
    made = {"a": 1.0000000000000002, "b": [1], "c": {"d": 1, "e": None}, "same": [{"x": 0.1}]}
    found = {one.path: (one.kept, one.made) for one in differences(kept, made)}
    assert found == {
        "a": (1.0, 1.0000000000000002), "b": ("2 entries", "1 entries"), "c.d": (True, 1), "c.e": ("nothing", None),
    }  # fmt: skip
