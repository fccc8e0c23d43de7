"""Where strategies come from: the catalogue, a user's folder, installed packages; and what is said of broken ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.strategies.written import marked_line, write_strategy

from karat.core.errors import InputError
from karat.strategies import all_strategies, code_hash, find_strategy, resolve, strategy_names

STARTERS = [
    "basis", "bollinger_mean_reversion", "buy_and_hold", "donchian_breakout", "ema_crossover", "pairs",
    "rsi_macd_momentum",
]  # fmt: skip
QUIET = "return signals(len(market))"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path, with an installed distribution that offers entry points."""
    folder = tmp_path / "site"
    info = folder / "mypack-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mypack\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.startswith("mypack")]:
        del sys.modules[name]


def test_the_starters_are_there_without_a_user_folder(tmp_path: Path) -> None:
    assert list(strategy_names(tmp_path / "none")) == STARTERS


def test_a_file_in_the_users_folder_is_found_by_name(tmp_path: Path) -> None:
    write_strategy(tmp_path, "mine", QUIET)
    assert find_strategy("mine", tmp_path).name == "mine"
    assert [*STARTERS, "mine"] == list(strategy_names(tmp_path))


def test_a_strategy_is_found_though_its_file_has_another_name(tmp_path: Path) -> None:
    write_strategy(tmp_path, "mine", QUIET).rename(tmp_path / "collection.py")
    assert find_strategy("mine", tmp_path).name == "mine"


def test_a_changed_file_is_loaded_anew(tmp_path: Path) -> None:
    write_strategy(tmp_path, "mine", QUIET)
    first = find_strategy("mine", tmp_path)
    write_strategy(tmp_path, "mine", QUIET, warmup="7")
    second = find_strategy("mine", tmp_path)
    assert (first.warmup_bars(resolve(first)), second.warmup_bars(resolve(second))) == (20, 7)


def test_a_helper_beside_it_can_be_imported_and_counts_for_the_hash(tmp_path: Path) -> None:
    helper = tmp_path / "_helpers.py"
    helper.write_text("LEVEL = 30\n\n\ndef level():\n    return LEVEL\n")
    write_strategy(tmp_path, "mine", QUIET, head="from ._helpers import level\n", warmup="level()")
    first = find_strategy("mine", tmp_path)
    before = code_hash(first)
    assert "mine" in strategy_names(tmp_path) and len(all_strategies(tmp_path).broken) == 0
    helper.write_text(helper.read_text().replace("30", "31"))
    second = find_strategy("mine", tmp_path)
    assert (first.warmup_bars(resolve(first)), second.warmup_bars(resolve(second))) == (30, 31)
    assert code_hash(second) != before
    assert code_hash(first) == before


def test_a_helper_compiled_in_another_file_is_never_stale(tmp_path: Path) -> None:
    head = "from karat.core.compiled import compiled\nfrom ._helpers import level\n\n\n"
    head += "@compiled\ndef warmup(period):\n    return period + level()\n\n"
    helper = tmp_path / "_helpers.py"
    for number in (5, 7):
        helper.write_text(
            f"from karat.core.compiled import compiled\n\n\n@compiled\ndef level():\n    return {number}\n"
        )
        write_strategy(tmp_path, "mine", QUIET, head=head, warmup="warmup(p.period)")
        mine = find_strategy("mine", tmp_path)
        assert mine.warmup_bars(resolve(mine)) == 20 + number


def test_an_unknown_name_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean ema_crossover") as refused:
        find_strategy("ema_cross", tmp_path)
    assert refused.value.code == "unknown_strategy"


def test_a_broken_file_names_file_and_line_and_leaves_the_others_alone(tmp_path: Path) -> None:
    write_strategy(tmp_path, "mine", QUIET)
    broken = tmp_path / "broken.py"
    broken.write_text("import numpy\n\nlevel = numpy.nothing_here  # culprit\n")
    with pytest.raises(InputError, match=f"broken.py:{marked_line(broken)}: AttributeError") as refused:
        find_strategy("broken", tmp_path)
    assert refused.value.code == "broken_strategy_file"
    found = all_strategies(tmp_path)
    assert [error.code for error in found.broken] == ["broken_strategy_file"]
    assert "mine" in [strategy.name for strategy in found.strategies]


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "typo.py").write_text("x = 1\ndef signals(:\n    pass\n")
    with pytest.raises(InputError, match=r"typo\.py:2: "):
        find_strategy("typo", tmp_path)


def test_a_file_without_a_strategy_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("x = 1\n")
    with pytest.raises(InputError, match="there is no strategy in it"):
        find_strategy("empty", tmp_path)


def test_a_class_that_lacks_its_hypothesis_is_refused_when_loaded(tmp_path: Path) -> None:
    file = write_strategy(tmp_path, "mine", QUIET)
    file.write_text(file.read_text().replace("    hypothesis =", "    idea ="))
    with pytest.raises(InputError, match="lacks hypothesis"):
        find_strategy("mine", tmp_path)


def test_a_hypothesis_must_say_something_in_every_field(tmp_path: Path) -> None:
    file = write_strategy(tmp_path, "mine", QUIET)
    file.write_text(file.read_text().replace("persistence=WORD", 'persistence=" "'))
    with pytest.raises(InputError, match="says nothing about persistence"):
        find_strategy("mine", tmp_path)


def test_a_users_strategy_may_not_take_the_name_of_a_starter(tmp_path: Path) -> None:
    write_strategy(tmp_path, "ema_crossover", QUIET)
    for ask in (lambda: find_strategy("ema_crossover", tmp_path), lambda: all_strategies(tmp_path)):
        with pytest.raises(InputError) as refused:
            ask()
        assert refused.value.code == "duplicate_strategy"


def test_an_installed_package_brings_its_strategies_by_entry_point(installed: Path, tmp_path: Path) -> None:
    write_strategy(installed, "from_afar", QUIET).rename(installed / "mypack.py")
    (installed / "mypack-1.0.dist-info" / "entry_points.txt").write_text("[karat.strategies]\nafar = mypack:Written\n")
    assert find_strategy("from_afar", tmp_path / "none").name == "from_afar"
    (installed / "mypack-1.0.dist-info" / "entry_points.txt").write_text("[karat.strategies]\nafar = mypack\n")
    assert "from_afar" in strategy_names(tmp_path / "none")


def test_a_broken_entry_point_is_reported_and_the_rest_is_there(installed: Path, tmp_path: Path) -> None:
    (installed / "mypack-1.0.dist-info" / "entry_points.txt").write_text("[karat.strategies]\nafar = mypack:Nothing\n")
    found = all_strategies(tmp_path / "none")
    assert [strategy.name for strategy in found.strategies] == STARTERS
    assert "Entry point afar" in found.broken[0].message


def test_the_hash_of_a_starter_is_stable_within_a_version(tmp_path: Path) -> None:
    assert code_hash(find_strategy("ema_crossover")) == code_hash(find_strategy("ema_crossover"))
    assert len({code_hash(find_strategy(name)) for name in STARTERS}) == len(STARTERS)
