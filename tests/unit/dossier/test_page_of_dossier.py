"""The page of a dossier holds what its verdict rests on, says what is missing, and lets no text become markup."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.dossier.proved import A_LONG_RECORD, proved

from karat.research.dossier.document import code_hash_of, data_of
from karat.research.dossier.page import page
from karat.research.dossier.page.words import asked, show
from karat.research.prove.stage import QUESTIONS

Told = dict[str, Any]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return proved(tmp_path_factory.mktemp("watched"), 0.2).told


@pytest.fixture(scope="module")
def buried(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return proved(tmp_path_factory.mktemp("buried"), 0.0).told


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return proved(tmp_path_factory.mktemp("unknown"), 0.2, thresholds=A_LONG_RECORD).told


def gold_of(told: Told) -> Told:
    """As if nothing had kept it from gold: so small a record earns none."""
    told = copy.deepcopy(told)
    told["result"] |= {"verdict": "gold", "decided_by": None, "reason": "Every gate was passed."}
    return told


def payload_of(html: str) -> Told:
    begin = html.index('id="data">') + len('id="data">')
    return json.loads(html[begin : html.index("</script>", begin)])


def test_each_verdict_has_a_word_a_sign_and_a_colour_of_its_own(watched: Told, buried: Told, unknown: Told) -> None:
    pages = {
        "Gold": page(gold_of(watched)), "Watch": page(watched), "Buried": page(buried), "No evidence": page(unknown),
    }  # fmt: skip
    signs = set()
    for word, html in pages.items():
        badge = html[html.index('<div class="badge">') : html.index("</strong>", html.index('<div class="badge">'))]
        assert badge.endswith(f"<strong>{word}")
        signs.add(badge[badge.index(' d="') : badge.index("</svg>")])
        assert f"panel verdict {word.lower().replace(' ', '-')}" in html
        assert len(html) < 2_000_000
    assert len(signs) == 4


def test_the_head_says_where_it_died_and_by_what_it_is_found_again(buried: Told) -> None:
    html = page(buried)
    assert "Reason of death</b>: stage tournament, decided by" in html
    assert f'<p class="reason">{buried["result"]["reason"]}</p>' in html
    for found in (buried["proof"], code_hash_of(buried), data_of(buried)["bars_hash"], "1970-01-01 00:00 UTC"):
        assert found in html


def test_every_stage_has_its_question_and_what_was_not_reached_is_said(buried: Told) -> None:
    html = page(buried)
    for question in QUESTIONS.values():
        assert question in html
    assert html.count('class="outcome not-reached"') >= 6
    assert "Never reached" in html
    assert "the last fifth of the record; it stays closed" in html
    assert payload_of(html)["searches"] == {"sweep": None, "refinement": None}
    assert payload_of(html)["curves"]["walk"] is None


def test_every_check_and_gate_stands_with_its_reason(watched: Told) -> None:
    html = page(watched).replace("&#x27;", "'")
    for stage in watched["result"]["stages"][:5]:
        for check in stage["checks"]:
            assert check["reason"] in html
    for gate in watched["result"]["gates"]["gates"]:
        assert gate["reason"] in html
        assert watched["spec"]["thresholds"]["gates"].get(gate["gate"], {}).get("source", "") in html


def test_hypothesis_parameters_trials_and_data_are_all_there(watched: Told) -> None:
    html = page(watched)
    for sentence in watched["hypothesis"].values():
        assert sentence in html
    for parameter in watched["parameters"]:
        assert f"<code>{parameter['name']}</code>" in html
        assert parameter["meaning"] in html
    luck = watched["result"]["stages"][5]["numbers"]["luck"]
    assert f"<code>{luck['family']}</code>" in html
    assert show("annual_sharpe_of_luck", luck["annual_sharpe_of_luck"]).text in html
    for one in watched["spec"]["data"]:
        assert one["bars_hash"][:12] in html


def test_pictures_of_every_kind_are_drawn_once_all_was_reached(watched: Told) -> None:
    html = page(watched)
    data = payload_of(html)
    assert [one["kind"] for one in data["curves"]["equity"]["series"]] == ["default", "chosen", "vault"]
    assert {one["kind"] for one in data["curves"]["equity"]["bands"]} <= {
        "bull", "bear", "range", "high_volatility", "crash_and_recovery",
    }  # fmt: skip
    windows = watched["result"]["stages"][5]["numbers"]["walk_forward"]["windows"]
    assert len(data["curves"]["walk"]["bands"]) == len(windows)
    for name in ("sweep", "refinement"):
        assert data["searches"][name]["centre"] is not None
    assert html.count('class="fan"') == 7
    assert html.count('class="histogram"') == 1
    assert "Never reached" not in html


def test_what_the_user_changed_is_told_and_marked(unknown: Told) -> None:
    html = page(unknown)
    assert "The user changed 1 threshold: gates.days." in html
    assert '<span class="chip">changed</span>' in html
    assert "No threshold was changed" not in html


def test_simulated_data_are_said_before_anything_else(buried: Told) -> None:
    assert "SIMULATED DATA" not in page(buried)
    html = page({**buried, "simulated": True})
    assert html.index("SIMULATED DATA") < html.index("<h1>")
    assert "simulated data: Karat dossier</title>" in html


def test_no_text_of_a_dossier_becomes_markup(watched: Told) -> None:
    bad = "</script><img src=x onerror=alert(1)>"
    told = copy.deepcopy(watched)
    told["result"] |= {"reason": bad, "strategy": bad}
    told["spec"]["strategies"][0]["name"] = bad
    told["hypothesis"]["behaviour"] = bad
    told["parameters"][0] |= {"meaning": bad, "unit": bad}
    told["result"]["stages"][0]["checks"][0]["reason"] = bad
    told["spec"]["data"][0]["quality"]["sources"] = [bad]
    told["result"]["stages"][1]["pictures"]["variants"]["by"] = bad
    html = page(told)
    assert "<img" not in html
    assert html.count("</script>") == 2
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") > 6


def test_a_figure_without_a_value_shows_its_reason(watched: Told) -> None:
    told = copy.deepcopy(watched)
    robustness = told["result"]["stages"][5]["numbers"]["robustness"]
    robustness["shuffled"] = robustness["noisy"] = {"undefined": "fewer than two trades"}
    told["result"]["stages"][5]["pictures"]["cross_validation"] = {}
    html = page(told)
    assert html.count("Undefined: fewer than two trades.") == 2
    assert html.count('class="fan"') == 5
    assert "Undefined: no path has a Sharpe ratio." in html


def test_an_examination_that_ended_early_says_what_it_never_asked(watched: Told) -> None:
    told = copy.deepcopy(watched)
    told["result"]["stages"] = told["result"]["stages"][:6]
    examined = told["result"]["stages"][5]
    for kind in ("numbers", "pictures"):
        examined[kind] = {"luck": examined[kind]["luck"]}
    html = page(told)
    assert html.count("the examination ended at an earlier group of its questions") == 5
    assert "<dt>Sharpe of luck</dt>" in html
    assert "the last fifth of the record; it stays closed" in html


def test_a_band_of_which_a_part_is_undefined_is_not_drawn(watched: Told) -> None:
    told = copy.deepcopy(watched)
    told["result"]["stages"][5]["numbers"]["robustness"]["worse"]["sharpe"]["p5"] = {"undefined": "it lost everything"}
    drawn, less = (page(one).count('class="strip"') for one in (watched, told))
    assert less == drawn - 1
    assert "it lost everything" in page(told)


def test_a_strategy_with_nothing_to_vary_has_no_heat_map(watched: Told) -> None:
    told = copy.deepcopy(watched)
    told["parameters"] = []
    for stage in told["result"]["stages"][1:3]:
        stage["pictures"]["variants"] |= {"settings": [{}], "values": [1.0], "of": 1}
    html = page(told)
    assert html.count("Nothing varied: there is one variant.") == 2
    assert "It has no parameters." in html
    assert payload_of(html)["searches"] == {"sweep": None, "refinement": None}


def test_figures_read_as_people_say_them() -> None:
    assert show("total_return", -0.961251).text == "\N{MINUS SIGN}96.13%"
    assert show("deflated_sharpe", 0.9999999).text == "over 99.99%", "nearly certain is not certain"
    assert show("deflated_sharpe", 1.0).text == "100%"
    assert show("sharpe", 1.0).text == "1.00"
    assert show("trades", 1234.0).text == "1,234"
    assert show("p_value", 1.234e-7).text == "1.2e\N{MINUS SIGN}07"
    assert show("sharpe", {"undefined": "no trade"}).reason == "no trade"
    assert asked("plateau_score", "at least 0.5") == "at least 50%"
    assert asked("days", "at least 365") == "at least 365"
    assert asked("total_return", "above 0") == "above 0%"


def test_the_page_is_the_one_that_is_written(tmp_path: Path) -> None:
    one = proved(tmp_path, 0.0)
    assert (one.dossier.folder / "index.html").read_text() == page(one.told)
