"""A bot is proven by its dossier, and only while it is the bot that the dossier speaks of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.control.dossiers import MARKET, POLICY, SETTINGS, WATCHED, dossier, fill_lake
from tests.unit.journal.entries import bot_record

from karat.control.deploy import deployment
from karat.control.proved import proved_by, seals
from karat.control.verdict import Judge
from karat.core.errors import InputError
from karat.core.ids import MarketId, StrategyName
from karat.core.instruments import instrument_for
from karat.core.model.policy import CostLevel, SizeMode
from karat.core.time import HOUR_MS
from karat.ports.journal import BotRecord, DossierMark
from karat.ports.verdict import Verdict
from karat.research.dossier.folder import FILE, Dossier, load_dossier
from karat.research.ledger.trials import TrialLedger
from karat.strategies import code_hash, find_strategy

STRATEGY = find_strategy("ema_crossover")


def bot_of(source: Dossier) -> BotRecord:
    """The bot that a dossier speaks of."""
    proved = proved_by(source, STRATEGY)
    return replace(
        bot_record(), strategy=StrategyName(STRATEGY.name), code_hash=code_hash(STRATEGY), market=MARKET,
        parameters=proved.parameters, policy=proved.with_capital(1_000.0), instrument=instrument_for(MARKET, None),
        timeframe_ms=HOUR_MS, dossier=DossierMark(source.id, source.hash),
    )  # fmt: skip


@pytest.fixture
def gold(home: Path) -> Iterator[Dossier]:
    fill_lake(home)
    yield dossier(home)


def test_it_is_proven_by_gold_on_watch_by_watch_and_by_nothing_else(gold: Dossier, home: Path) -> None:
    judge, watched = Judge(), dossier(home, WATCHED, policy=replace(POLICY, stop_value=0.4))
    dead = dossier(home, earned=-1.0, policy=replace(POLICY, stop_value=0.3))
    assert judge.judge(bot_of(gold)).verdict is Verdict.PROVEN
    assert judge.judge(bot_of(watched)).verdict is Verdict.ON_WATCH
    buried = judge.judge(bot_of(dead))
    assert buried.verdict is Verdict.NOT_PROVEN and "says buried: vault_return is -1" in buried.reason
    assert judge.judge(replace(bot_of(gold), dossier=None)).verdict is Verdict.NOT_PROVEN


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda bot: replace(bot, parameters={**bot.parameters, "slow_period": 21}), "parameters"),
        (lambda bot: replace(bot, policy=bot.policy.with_costs(CostLevel.BASE)), "policy"),
        (lambda bot: replace(bot, policy=replace(bot.policy, stop_value=0.031)), "policy"),
        (lambda bot: replace(bot, timeframe_ms=4 * HOUR_MS), "timeframe"),
        (lambda bot: replace(bot, market=MarketId("simulated:OTHER-USDT")), "market"),
        (lambda bot: replace(bot, code_hash="0" * 64), "code"),
        (lambda bot: replace(bot, instrument=replace(bot.instrument, taker_fee=0.0)), "fees"),
    ],
)
def test_another_bot_than_the_dossiers_is_not_proven(gold: Dossier, change, named: str) -> None:
    judgement = Judge().judge(change(bot_of(gold)))
    assert judgement.verdict is Verdict.NOT_PROVEN
    assert judgement.reason == f"Not as in dossier {gold.id}: its {named}."


def test_another_strategy_under_the_same_dossier_is_not_proven(gold: Dossier) -> None:
    other = find_strategy("buy_and_hold")
    judgement = Judge().judge(replace(bot_of(gold), strategy=StrategyName(other.name), code_hash=code_hash(other)))
    assert judgement.verdict is Verdict.NOT_PROVEN
    assert judgement.reason == f"Not as in dossier {gold.id}: its strategy, code."


def test_what_is_edited_lost_or_never_sealed_proves_nothing_any_more(gold: Dossier, home: Path) -> None:
    judge, bot, file = Judge(), bot_of(gold), gold.folder / FILE
    assert judge.judge(bot).verdict is Verdict.PROVEN
    sound = file.read_bytes()
    file.write_bytes(sound.replace(b'"made": 0', b'"made": 1'))
    assert "was changed since" in judge.judge(bot).reason
    forged = replace(bot, dossier=DossierMark(gold.id, load_dossier(gold.folder).hash))
    assert "not sealed" in judge.judge(forged).reason
    file.write_bytes(sound)
    assert judge.judge(bot).verdict is Verdict.PROVEN
    shutil.rmtree(gold.folder)
    assert "not there any more" in judge.judge(bot).reason


def test_a_damaged_or_lost_ledger_proves_nothing(gold: Dossier, home: Path) -> None:
    judge, bot, ledger = Judge(), bot_of(gold), home / "ledger" / "trials.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"at": 0', b'"at": 1'))
    judgement = judge.judge(bot)
    assert judgement.verdict is Verdict.NOT_PROVEN and "trial ledger" in judgement.reason
    shutil.rmtree(ledger.parent)
    assert "not sealed" in judge.judge(bot).reason


def test_the_policy_is_the_dossiers_at_pessimistic_costs_with_what_was_varied(gold: Dossier) -> None:
    proved = proved_by(gold, STRATEGY)
    assert proved.policy == replace(POLICY.with_costs(CostLevel.PESSIMISTIC), stop_value=SETTINGS["stop_value"])
    assert proved.with_capital(1_000.0) == replace(proved.policy, capital=1_000.0)
    assert proved.parameters == {one.name: SETTINGS[one.name] for one in STRATEGY.parameters}


def test_a_limit_that_was_varied_and_off_stays_off(home: Path) -> None:
    fill_lake(home)
    policy = replace(POLICY, daily_loss_limit=0.1, size_mode=SizeMode.FRACTION, size_value=0.5)
    settings = {**SETTINGS, "daily_loss_limit": float("nan"), "size_mode": SizeMode.FRACTION}
    found = proved_by(dossier(home, policy=policy, settings=settings), STRATEGY).policy
    assert found.daily_loss_limit != found.daily_loss_limit
    assert (found.size_mode, found.size_value) == (SizeMode.FRACTION, 0.5)


def test_a_copy_elsewhere_is_no_dossier_of_this_home(gold: Dossier, tmp_path: Path) -> None:
    sealed = seals(TrialLedger())
    copy = tmp_path / gold.id
    shutil.copytree(gold.folder, copy)
    assert deployment(load_dossier(copy), sealed).mark == DossierMark(gold.id, gold.hash)
    shutil.rmtree(gold.folder)
    with pytest.raises(InputError) as refused:
        deployment(load_dossier(copy), sealed)
    assert refused.value.code == "no_dossier"
