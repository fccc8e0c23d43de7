"""Families of code: a copy under another name stays where it was, another idea does not."""

from __future__ import annotations

import pytest

from karat.research.ledger.lineage import SAME_FAMILY, fingerprint, fingerprint_of, nearest_family, similarity
from karat.strategies import find_strategy
from karat.strategies.template import strategy_template

STARTERS = ("buy_and_hold", "donchian_breakout", "ema_crossover", "bollinger_mean_reversion", "rsi_macd_momentum")
ORIGINAL = strategy_template("dip_buyer")
RENAMED = (
    ORIGINAL.replace("DipBuyer", "SecretSauce")
    .replace("dip_buyer", "secret_sauce")
    .replace("slow_period", "alpha")
    .replace("fast_period", "beta")
    .replace("dip_ends", "x1")
    .replace("slow =", "aa =")
    .replace(", slow)", ", aa)")
    .replace("100, 20, 400", "150, 30, 500")
    .replace("Buys the end of a dip", "Something else entirely")
)


def test_a_copy_with_other_names_numbers_and_words_is_the_same_code():
    assert RENAMED != ORIGINAL
    assert similarity(fingerprint_of([ORIGINAL]), fingerprint_of([RENAMED])) == 1.0


def test_a_copy_with_one_more_condition_stays_in_its_family():
    changed = ORIGINAL.replace(
        "& market.awake(p.fast_period)", "& market.awake(p.fast_period) & above(market.close, market.sma(7))"
    )
    assert changed != ORIGINAL
    assert SAME_FAMILY <= similarity(fingerprint_of([ORIGINAL]), fingerprint_of([changed])) < 1.0


@pytest.mark.parametrize("name", STARTERS)
def test_every_starter_is_a_family_of_its_own(name):
    own = fingerprint(find_strategy(name))
    others = {other: [fingerprint(find_strategy(other))] for other in STARTERS if other != name}
    assert nearest_family(own, others) is None
    assert nearest_family(own, {**others, "itself": [own]}) == ("itself", 1.0)


def test_the_nearest_of_several_families_is_joined():
    near, far = fingerprint_of([ORIGINAL]), fingerprint_of(["def f(a):\n    return [len(b) for b in a if b]\n"])
    assert nearest_family(near, {"far": [far], "near": [far, near]}) == ("near", 1.0)
