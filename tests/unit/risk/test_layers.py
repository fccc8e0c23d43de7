"""Each rule of the five layers says no when it should; numbers that can be done by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from tests.unit.risk.small_house import (
    BTC,
    ETH,
    HOUSE,
    NOW,
    OIL,
    PER_LOT,
    RANGE,
    SECOND,
    TREND,
    entry,
    flying,
    holding,
    house,
    with_account,
    with_bot,
    with_market,
    with_system,
)  # fmt: skip

from karat.risk import RULES, Answer, Decision, Outcome, Proposal, Snapshot, decide, default_limits, flatten_reason

LIMITS = default_limits()


def asked(snapshot: Snapshot, proposal: Proposal) -> Decision:
    return decide(snapshot, proposal, LIMITS)


def test_in_a_house_in_order_an_entry_passes_every_rule() -> None:
    decision = asked(HOUSE, entry())
    assert decision.answer is Answer.APPROVED and decision.lots == 100 and not decision.first
    assert [one.outcome for one in decision.findings] == [Outcome.PASSED] * len(RULES)
    assert {one.layer for one in decision.findings} == {1, 2, 3, 4, 5}


REFUSED = [
    ("sane", HOUSE, entry(lots=0)),
    ("sane", HOUSE, entry(side=0)),
    ("sane", HOUSE, entry(lots=math.nan)),
    ("sane", HOUSE, entry(signal_key="")),
    ("duplicate", house(signal_keys_used=frozenset({"signal-1"})), entry()),
    ("decision_age", HOUSE, entry(decided_ms=NOW - 60_001)),
    ("decision_age", HOUSE, entry(decided_ms=NOW + 1)),
    ("quote_age", with_market(quote_ms=NOW - 5_001), entry()),
    ("quote_age", with_market(quote_ms=NOW + 1), entry()),
    ("spread", with_market(ask=50_000.0 * 1.003), entry()),
    ("spread", with_market(ask=49_000.0), entry()),
    ("price_band", HOUSE, entry(limit_ticks=52_600)),
    ("price_band", with_market(mark=47_000.0), entry()),
    ("size_min", with_market(min_lots=101), entry()),
    ("notional_min", with_market(min_notional=5_000.0), entry()),
    ("stop_present", HOUSE, entry(stop_ticks=None)),
    ("stop_present", HOUSE, entry(stop_ticks=51_000)),
    ("stop_distance", HOUSE, entry(stop_ticks=39_000)),
    ("leverage", with_market(leverage=6.0), entry(leverage=6.0)),
    ("leverage_confirmed", with_market(leverage=20.0), entry()),
    ("leverage_confirmed", with_market(leverage=None), entry()),
    ("liquidation_distance", with_market(maintenance_rate=0.46), entry()),
    ("liquidation_over_stop", with_market(leverage=5.0), entry(leverage=5.0, stop_ticks=43_000)),
    ("bot_running", with_bot(halted=True), entry()),
    ("bot_daily_drawdown", with_bot(equity=47_000.0), entry()),
    ("bot_drawdown", with_bot(equity_peak=70_000.0), entry()),
    ("strategy_daily_drawdown", with_bot(SECOND, strategy=TREND, equity=40_000.0), entry()),
    ("entries_per_hour", with_bot(entries_last_hour=12, entries_last_day=12), entry()),
    ("entries_per_day", with_bot(entries_last_day=50), entry()),
    ("losses_in_row", with_bot(losses_in_row=3), entry()),
    ("contradiction", house(holdings=(holding(-10),)), entry()),
    ("contradiction", house(in_flight=(flying(10, -1, strategy=TREND),)), entry()),
    ("marks_age", with_market(ETH, house(holdings=(holding(1, SECOND, RANGE, ETH),)), quote_ms=NOW - 60_001), entry()),
    ("daily_drawdown", with_account(equity=94_000.0), entry()),
    ("drawdown", with_account(equity_peak=120_000.0), entry()),
    ("switches", with_system(kill_latched=True), entry()),
    ("switches", with_system(breakers_latched=("rejections",)), entry()),
    ("switches", with_system(safe_mode=True), entry()),
    ("house", with_system(reconciled=False), entry()),
    ("house", with_system(lease_held=False), entry()),
    ("house", with_system(gate_open=False), entry()),
    ("house", with_system(store_writable=False), entry()),
    ("house", with_system(configuration_accepted=False), entry()),
    ("venue", with_system(venue_healthy=False), entry()),
    ("venue", with_market(close_only=True), entry()),
    ("data", with_system(data_intact=False), entry()),
    ("clock_skew", with_system(clock_skew_ms=-501.0), entry()),
    ("orders_in_flight", house(in_flight=tuple(flying(1) for _ in range(20))), entry()),
    ("margin_free_taken", with_account(margin_free=0.0), entry()),
]


@pytest.mark.parametrize(("rule", "snapshot", "proposal"), REFUSED)
def test_an_entry_is_refused(rule: str, snapshot: Snapshot, proposal: Proposal) -> None:
    decision = asked(snapshot, proposal)
    assert decision.answer is Answer.REFUSED and decision.lots == 0
    said = next(one for one in decision.findings if one.rule == rule)
    assert said.outcome is Outcome.REFUSED and said.reason
    assert len(decision.findings) == len(RULES)
    json.dumps(decision.as_dict(), allow_nan=False)


MANY = 1_000_000
BOUND = [  # the rule, the snapshot, and the lots that its limit leaves, by hand
    ("order_notional", HOUSE, int(100_000 / PER_LOT)),
    ("depth_taken", with_market(depth=100_000.0), int(10_000 / PER_LOT)),
    ("position", house(holdings=(holding(1_000),)), int(50_000 / PER_LOT)),
    ("gross_exposure", house(holdings=(holding(-4_000, SECOND, RANGE, ETH),)), int(100_000 / PER_LOT)),
    ("net_exposure", house(holdings=(holding(3_000, SECOND, RANGE, ETH),)), int(50_000 / PER_LOT)),
    ("net_exposure", house(holdings=(holding(-1_000, SECOND, RANGE, OIL),)), int(250_000 / PER_LOT)),
    ("net_exposure", house(in_flight=(flying(1_000, -1, of=OIL),)), int(200_000 / PER_LOT)),
    ("symbol_exposure", house(in_flight=(flying(1_000),)), int(100_000 / PER_LOT) - 1_000),
    ("sector_exposure", house(holdings=(holding(2_000, SECOND, RANGE, ETH),)), int(50_000 / PER_LOT)),
    ("strategy_exposure", house(holdings=(holding(2_000, SECOND, TREND, OIL),)), int(50_000 / PER_LOT)),
    ("correlated_exposure", house(holdings=(holding(2_000, SECOND, RANGE, ETH),)), int(120_000 / PER_LOT)),
    ("margin_used", with_account(margin_used=40_000.0), int(20_000 / (PER_LOT * 0.5005))),
    ("margin_free_taken", with_account(margin_free=10_000.0), int(9_500 / (PER_LOT * 0.5005))),
]


@pytest.mark.parametrize(("rule", "snapshot", "lots"), BOUND)
def test_a_size_is_bounded(rule: str, snapshot: Snapshot, lots: int) -> None:
    said = next(one for one in asked(snapshot, entry(MANY)).findings if one.rule == rule)
    assert (said.outcome, said.lots) == (Outcome.REDUCED, lots)


def test_the_risk_at_the_stop_is_halved_in_a_drawdown() -> None:
    way = (50_005 * 1.002 - 48_000) / (50_005 * 1.002) + 2 * 0.0005
    for equity, share in ((50_000.0, 0.02), (48_500.0, 0.01)):
        said = next(one for one in asked(with_bot(equity=equity), entry(MANY)).findings if one.rule == "risk_at_stop")
        assert said.limit == share and said.lots == int(equity * share / (PER_LOT * way))


def test_the_strictest_rule_wins_and_is_named() -> None:
    decision = asked(with_market(max_lots=7), entry(MANY))
    assert (decision.answer, decision.lots, decision.first) == (Answer.REDUCED, 7, "size_max")
    assert "7 lots" in decision.reason


def test_what_is_made_too_small_for_the_market_is_refused() -> None:
    decision = asked(with_market(max_lots=7, min_lots=8), entry(MANY))
    assert (decision.answer, decision.first) == (Answer.REFUSED, "size_min")


def test_a_market_told_of_twice_is_a_contradiction() -> None:
    decision = asked(house(markets=(*HOUSE.markets, HOUSE.markets[0])), entry())
    assert decision.answer is Answer.REFUSED and f"{BTC} is told of twice" in decision.reason


@pytest.mark.parametrize(("equity", "wanted"), [(80_001.0, False), (80_000.0, True), (None, False), (math.nan, False)])
def test_a_deep_drawdown_asks_to_flatten(equity: float | None, wanted: bool) -> None:
    assert (flatten_reason(with_account(equity=equity), LIMITS) is not None) == wanted


def test_every_rule_is_named_once_and_has_its_limit() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert sum(one is not None for one in (rule.gate, rule.cap, rule.floor)) == 1 and rule.meaning
        assert not rule.limit or LIMITS.find(rule.limit)
    tested = {name for name, _, _ in (*REFUSED, *BOUND)} | {"size_max", "risk_at_stop"}
    assert tested == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"lots": 10**400}, "sane"),
        ({"limit_ticks": 10**400}, "sane"),
        ({"stop_ticks": -5}, "sane"),
        ({"side": 2}, "sane"),
        ({"stop_ticks": None}, "stop_present"),
        ({"leverage": math.inf}, "leverage_confirmed"),
        ({"decided_ms": None}, "decision_age"),
    ],
)
def test_nonsense_is_called_so_and_raises_nothing(changes: dict[str, Any], first: str) -> None:
    decision = asked(HOUSE, entry(**changes))
    assert (decision.answer, decision.first) == (Answer.REFUSED, first)
    json.dumps(decision.as_dict(), allow_nan=False)


def test_shorts_and_inverse_contracts_risk_at_their_stop_what_hand_says() -> None:
    short = 50_000 * 0.9999 * 0.998  # sold across the book, with the widest spread once more
    sold = asked(HOUSE, entry(MANY, side=-1, stop_ticks=52_000))
    said = next(one for one in sold.findings if one.rule == "risk_at_stop")
    assert said.lots == int(1_000 / (PER_LOT * ((52_000 - short) / short + 0.001)))
    bought = 50_005 * 1.002  # a coin that fell to 48,000 pays for less of the loss
    coins = with_market(inverse=True, contract_size=1.0, lot=50.0)
    said = next(one for one in asked(coins, entry(MANY)).findings if one.rule == "risk_at_stop")
    assert said.lots == int(1_000 / (50.0 * ((bought - 48_000) / bought + 0.001) * bought / 48_000))
