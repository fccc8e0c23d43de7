"""Failures that were seen elsewhere (failures.md), told as stories: what the layers say, by the failure's id."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.unit.risk.small_house import (
    BTC,
    ETH,
    FIRST,
    HOUSE,
    NOW,
    RANGE,
    SECOND,
    close,
    entry,
    exactly,
    flying,
    holding,
    house,
    with_account,
    with_bot,
    with_market,
    with_system,
)  # fmt: skip

from karat.risk import Answer, Proposal, Snapshot, decide, default_limits, flatten_reason, with_in_flight

LIMITS = default_limits()


def _says_no(snapshot: Snapshot, proposal: Proposal, rule: str, words: str) -> None:
    decision = decide(snapshot, proposal, LIMITS)
    assert decision.answer is Answer.REFUSED
    said = next(one for one in decision.findings if one.rule == rule)
    assert words in said.reason


def test_v1_after_a_time_out_nothing_is_stacked_on_an_order_that_may_have_arrived() -> None:
    lost = replace(flying(100), bot=FIRST, strategy=entry().strategy, unresolved=True)
    _says_no(house(in_flight=(lost,)), entry(), "duplicate", "may have arrived or not")


def test_d7_a_signal_that_is_seen_again_after_a_restart_gives_no_second_entry() -> None:
    _says_no(house(signal_keys_used=frozenset({"signal-1"})), entry(), "duplicate", "gave an entry before")


def test_v5_a_clock_that_is_off_stops_entries() -> None:
    _says_no(with_system(clock_skew_ms=2_000.0), entry(), "clock_skew", "at most 500")


def test_v6_in_a_maintenance_entries_wait() -> None:
    _says_no(with_system(venue_healthy=False), entry(), "venue", "not healthy")


def test_v7_m2_a_silent_stream_leaves_a_stale_quote_and_no_entry() -> None:
    _says_no(with_market(quote_ms=NOW - 30_000), entry(), "quote_age", "at most 5000")


def test_v10_d5_after_a_disconnect_or_restart_entries_wait_for_the_reconciliation() -> None:
    _says_no(with_system(reconciled=None), entry(), "house", "not known")
    _says_no(with_system(reconciled=False), entry(), "house", "compared")


def test_v13_leverage_that_was_never_read_back_is_no_leverage() -> None:
    _says_no(with_market(leverage=None), entry(), "leverage_confirmed", "not known")


def test_v14_a_halted_symbol_closes_alone_and_leaves_the_others_be() -> None:
    halted = with_market(ETH, house(holdings=(holding(10, SECOND, RANGE, ETH),)), close_only=True, quote_ms=NOW - 10**7)
    _says_no(halted, entry(market=ETH), "venue", "exits alone")
    assert decide(halted, entry(), LIMITS).answer is Answer.APPROVED
    leaving = close(10, bot=SECOND, strategy=RANGE, market=ETH)
    assert decide(halted, leaving, LIMITS).answer is Answer.APPROVED


def test_v16_a_contract_size_taken_a_hundred_times_too_large_does_not_pass() -> None:
    decision = decide(with_market(contract_size=100.0), entry(100), LIMITS)
    # 50,000 of equity, 2% of it at risk, 4.3% of 5,250.525 lost a lot: 4.4 lots
    assert (decision.answer, decision.lots, decision.first) == (Answer.REDUCED, 4, "risk_at_stop")


@pytest.mark.parametrize("price", [0.0, math.nan, -1.0, math.inf, None])
def test_m4_n1_no_price_no_entry(price: float | None) -> None:
    for name in ("bid", "ask", "mark"):
        assert decide(with_market(**{name: price}), entry(), LIMITS).answer is Answer.REFUSED


def test_m3_no_price_comes_from_a_crossed_book() -> None:
    _says_no(with_market(bid=50_010.0), entry(), "spread", "crossed")


def test_m5_a_spike_of_one_print_moves_mark_and_middle_apart() -> None:
    _says_no(with_market(mark=60_000.0), entry(), "price_band", "at most 0.05")


def test_n3_o13_an_exit_sells_no_more_than_is_owned_and_opens_nothing() -> None:
    assert decide(house(holdings=(holding(60),)), close(100), LIMITS).lots == 60
    assert decide(HOUSE, close(100), LIMITS).answer is Answer.NOTHING_TO_CLOSE
    assert decide(house(holdings=(holding(-60),)), close(100), LIMITS).answer is Answer.NOTHING_TO_CLOSE


def test_d1_d2_a_store_that_cannot_be_written_stops_entries() -> None:
    _says_no(with_system(store_writable=False), entry(), "house", "store")


def test_d8_r2_what_is_latched_stays_latched_for_entries_and_open_for_exits() -> None:
    latched = replace(with_system(kill_latched=True, breakers_latched=("losses",)), holdings=(holding(100),))
    _says_no(latched, entry(), "switches", "kill switch is latched")
    assert decide(latched, close(), LIMITS).answer is Answer.APPROVED


def test_p6_r9_without_lease_or_gate_nothing_is_sent() -> None:
    _says_no(with_system(lease_held=False), entry(), "house", "lease")
    _says_no(with_system(gate_open=None), entry(), "house", "gate")


def test_p8_a_crash_loop_ends_in_safe_mode_without_an_entry_at_each_start() -> None:
    _says_no(with_system(safe_mode=True), entry(), "switches", "safe mode")


def test_r1_what_is_resting_counts_as_filled() -> None:
    room = decide(HOUSE, entry(1_000_000, stop_ticks=49_500), LIMITS)
    full = with_in_flight(HOUSE, replace(room.proposal), room.lots)
    again = decide(full, entry(1_000_000, signal_key="signal-2", stop_ticks=49_500), LIMITS)
    assert room.lots > 0 and again.answer is Answer.REFUSED


def test_r4_no_breaker_and_no_missing_figure_traps_a_position() -> None:
    dark = Snapshot(holdings=(holding(100),))
    assert decide(dark, entry(), LIMITS).answer is Answer.REFUSED
    assert decide(dark, close(), LIMITS).answer is Answer.APPROVED
    assert decide(Snapshot(), close(), LIMITS).answer is Answer.APPROVED


def test_r5_a_loop_that_runs_away_is_throttled() -> None:
    _says_no(with_bot(entries_last_hour=12, entries_last_day=20), entry(), "entries_per_hour", "at most 12")


def test_r8_bots_that_move_together_add_up() -> None:
    apart = house(holdings=(holding(2_000, SECOND, RANGE, ETH),), correlations={(BTC, ETH): exactly(0.0)})
    alike = replace(apart, correlations={(ETH, BTC): exactly(1.0)})
    lots = {}
    for name, snapshot in (("apart", apart), ("alike", alike)):
        found = decide(snapshot, entry(1_000_000), LIMITS).findings
        lots[name] = next(one.lots for one in found if one.rule == "correlated_exposure")
    assert lots["apart"] == int(200_000 / 52.50525) and lots["alike"] == int(100_000 / 52.50525)


def test_h2_a_configuration_that_was_refused_sends_nothing() -> None:
    _says_no(with_system(configuration_accepted=False), entry(), "house", "configuration")


def test_an_account_in_a_deep_drawdown_is_flattened_and_lets_nothing_in() -> None:
    sunk = with_account(equity=79_000.0)
    _says_no(sunk, entry(), "drawdown", "at most 0.15")
    assert flatten_reason(sunk, LIMITS) == "drawdown of the account is 0.21, must stay below 0.2"
