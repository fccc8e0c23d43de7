"""What holds for every snapshot and proposal: worse is never more, unknown is never more, exits always go."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.risk.small_house import (
    BTC,
    ETH,
    FIRST,
    HOUSE,
    NOW,
    OIL,
    RANGE,
    SECOND,
    TREND,
    close,
    entry,
    flying,
    holding,
    with_bot,
    with_market,
)  # fmt: skip

from karat.core.ids import symbol_of
from karat.risk import RULES, Answer, Proposal, Snapshot, decide, default_limits, with_in_flight
from karat.risk.case import Case

LIMITS = default_limits()
MARKETS = (BTC, ETH, OIL)
OWNERS = ((FIRST, TREND), (SECOND, RANGE))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A house in some order: losses, things held and in flight, margins used; contradiction-free."""
    equity = draw(st.floats(96_000.0, 100_000.0))
    account = replace(HOUSE.account, equity=equity, margin_used=draw(st.floats(0.0, 50_000.0)))
    account = replace(account, margin_free=draw(st.floats(1_000.0, 100_000.0)))
    side = draw(st.sampled_from((1, 1, 1, -1)))
    held = [
        holding(side * draw(st.integers(0, 1_500)), *draw(st.sampled_from(OWNERS)), of=draw(st.sampled_from(MARKETS)))
        for _ in range(draw(st.integers(0, 3)))
    ]
    flights = [
        flying(draw(st.integers(1, 1_000)), side, *draw(st.sampled_from(OWNERS)), of=draw(st.sampled_from(MARKETS)))
        for _ in range(draw(st.integers(0, 3)))
    ]
    found = replace(HOUSE, account=account, holdings=tuple(held), in_flight=tuple(flights))
    found = with_bot(FIRST, found, equity=draw(st.floats(48_000.0, 50_000.0)), losses_in_row=draw(st.integers(0, 2)))
    return with_market(BTC, found, depth=draw(st.floats(10_000.0, 1e7)), max_lots=draw(st.integers(50, 10_000)))


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    key = draw(st.sampled_from(("one", "two", "three")))
    bot, strategy = draw(st.sampled_from(OWNERS))
    return entry(draw(st.integers(1, 20_000)), bot=bot, strategy=strategy, signal_key=key)


def _worsen(snapshot: Snapshot, way: str, by: float) -> Snapshot:
    account, system = snapshot.account, snapshot.system
    bot = next(one for one in snapshot.bots if one.bot == FIRST)
    assert account.equity and account.margin_free and account.margin_used is not None and bot.equity
    assert snapshot.holdings is not None and snapshot.in_flight is not None
    btc = next(one for one in snapshot.markets if one.market == BTC)
    assert btc.depth and btc.max_lots
    worse = {
        "equity": lambda: replace(snapshot, account=replace(account, equity=account.equity * (1.0 - by))),
        "peak": lambda: replace(snapshot, account=replace(account, equity_peak=100_000.0 * (1.0 + by))),
        "day": lambda: replace(snapshot, account=replace(account, equity_day_start=100_000.0 * (1.0 + by))),
        "used": lambda: replace(snapshot, account=replace(account, margin_used=account.margin_used + 1e5 * by)),
        "free": lambda: replace(snapshot, account=replace(account, margin_free=account.margin_free * (1.0 - by))),
        "bot": lambda: with_bot(FIRST, snapshot, equity=bot.equity * (1.0 - by)),
        "losses": lambda: with_bot(FIRST, snapshot, losses_in_row=int(bot.losses_in_row or 0) + int(by * 10)),
        "often": lambda: with_bot(FIRST, snapshot, entries_last_hour=int(by * 40), entries_last_day=int(by * 40)),
        "depth": lambda: with_market(BTC, snapshot, depth=btc.depth * (1.0 - by)),
        "size": lambda: with_market(BTC, snapshot, max_lots=max(1, int(btc.max_lots * (1.0 - by)))),
        "quote": lambda: with_market(BTC, snapshot, quote_ms=NOW - 1_000 - int(by * 20_000)),
        "leverage": lambda: with_market(BTC, snapshot, maintenance_rate=0.005 + by),
        "fee": lambda: with_market(BTC, snapshot, taker_fee=0.0005 + by / 10),
        "clock": lambda: replace(snapshot, system=replace(system, clock_skew_ms=5.0 + by * 2_000)),
        "flying": lambda: replace(snapshot, in_flight=(*snapshot.in_flight, flying(1 + int(by * 5_000), of=ETH))),
        "held": lambda: replace(snapshot, holdings=(*snapshot.holdings, holding(int(by * 5_000), SECOND, RANGE, BTC))),
    }  # fmt: skip
    return worse[way]()


_WAYS = (
    "equity", "peak", "day", "used", "free", "bot", "losses", "often", "depth", "size", "quote", "leverage", "fee",
    "clock", "flying", "held",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(snapshots(), proposals(), st.sampled_from(_WAYS), st.floats(0.0, 0.5))
def test_a_worse_snapshot_never_gives_more(snapshot: Snapshot, proposal: Proposal, way: str, by: float) -> None:
    assert decide(_worsen(snapshot, way, by), proposal, LIMITS).lots <= decide(snapshot, proposal, LIMITS).lots


def _places(snapshot: Snapshot) -> list[tuple[str, int, str]]:
    rows = [("", 0, one.name) for one in fields(snapshot) if one.name not in ("account", "system", "markets", "bots")]
    rows += [(part, 0, one.name) for part in ("account", "system") for one in fields(getattr(snapshot, part))]
    for part in ("markets", "bots"):
        names = [
            one.name for one in fields(getattr(snapshot, part)[0]) if one.name not in ("market", "bot", "strategy")
        ]
        rows += [(part, row, name) for row in range(len(getattr(snapshot, part))) for name in names]
    return rows


def _spoilt(snapshot: Snapshot, place: tuple[str, int, str], value: Any) -> Snapshot:
    part, row, name = place
    if not part:
        return replace(snapshot, **{name: value})
    if part in ("account", "system"):
        return replace(snapshot, **{part: replace(getattr(snapshot, part), **{name: value})})
    rows = list(getattr(snapshot, part))
    rows[row] = replace(rows[row], **{name: value})
    return replace(snapshot, **{part: tuple(rows)})


@settings(max_examples=300, deadline=None)
@given(snapshots(), proposals(), st.data())
def test_taking_a_figure_away_never_helps_an_entry(snapshot: Snapshot, proposal: Proposal, data: st.DataObject) -> None:
    places = _places(snapshot)
    spoilt = _spoilt(snapshot, data.draw(st.sampled_from(places)), None)
    assert decide(spoilt, proposal, LIMITS).lots <= decide(snapshot, proposal, LIMITS).lots


def test_each_figure_that_an_entry_needs_refuses_it_when_it_is_gone_or_nan() -> None:
    held = replace(HOUSE, holdings=(holding(10), holding(10, SECOND, RANGE, ETH)))
    needless = {"correlations"}  # of the markets that are named; all others below are asked for by some rule
    for place in _places(HOUSE):
        part, row, name = place
        if (part == "markets" and row > 0) or (part == "bots" and row > 0) or name in needless:
            continue
        texts_and_lists = ("holdings", "in_flight", "signal_keys_used", "breakers_latched", "sector")
        for value in (None,) if name in texts_and_lists else (None, math.nan):
            decision = decide(_spoilt(held, place, value), entry(), LIMITS)
            assert decision.answer is Answer.REFUSED, (place, value)
            json.dumps(decision.as_dict(), allow_nan=False)
    assert decide(replace(held, correlations=None), entry(), LIMITS).first == "correlated_exposure"


@settings(max_examples=200, deadline=None)
@given(snapshots(), st.integers(1, 5_000), st.sets(st.integers(0, 100)), st.sampled_from((None, math.nan, -1.0)))
def test_an_exit_is_never_refused_and_never_more_than_is_held(
    snapshot: Snapshot, lots: int, which: set[int], value: Any
) -> None:
    places = _places(snapshot)
    for index in which:
        place = places[index % len(places)]
        snapshot = _spoilt(snapshot, place, None if place[2] in ("holdings", "in_flight") else value)
    decision = decide(snapshot, close(lots), LIMITS)
    assert decision.answer is not Answer.REFUSED
    if snapshot.holdings is None:
        assert decision.lots == lots
    else:
        held = sum(one.lots for one in snapshot.holdings if (one.bot, one.market) == (FIRST, BTC))
        assert decision.lots == min(lots, max(held, 0))


@settings(max_examples=200, deadline=None)
@given(snapshots(), proposals())
def test_what_was_approved_passes_when_it_is_asked_again(snapshot: Snapshot, proposal: Proposal) -> None:
    decision = decide(snapshot, proposal, LIMITS)
    if decision.lots:
        again = decide(snapshot, replace(proposal, lots=decision.lots), LIMITS)
        assert (again.answer, again.lots) == (Answer.APPROVED, decision.lots)


@settings(max_examples=100, deadline=None)
@given(snapshots(), proposals(), st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_nothing(snapshot: Snapshot, proposal: Proposal, random: Any) -> None:
    shuffled = random.sample(RULES, len(RULES))
    assert decide(snapshot, proposal, LIMITS, shuffled) == decide(snapshot, proposal, LIMITS)


@settings(max_examples=200, deadline=None)
@given(snapshots(), proposals(), st.sampled_from(range(len(RULES))))
def test_one_rule_less_never_gives_less(snapshot: Snapshot, proposal: Proposal, left_out: int) -> None:
    fewer = [rule for index, rule in enumerate(RULES) if index != left_out]
    assert decide(snapshot, proposal, LIMITS, fewer).lots >= decide(snapshot, proposal, LIMITS).lots


def _within(share: float, name: str) -> bool:
    return share <= LIMITS.value(f"limits.{name}") * (1.0 + 1e-9)


@settings(max_examples=200, deadline=None)
@given(snapshots(), proposals(), proposals())
def test_two_in_a_row_never_pass_a_limit_together(snapshot: Snapshot, first: Proposal, second: Proposal) -> None:
    for proposal in (first, second):
        before = decide(snapshot, proposal, LIMITS)
        if not before.lots:
            continue
        snapshot = with_in_flight(snapshot, proposal, before.lots)
        all_of_it = Case(snapshot, proposal, LIMITS).exposures  # counted anew, by this test
        equity, used = snapshot.account.equity or 0.0, snapshot.account.margin_used or 0.0
        free = snapshot.account.margin_free or 0.0
        assert _within(math.fsum(one.notional for one in all_of_it) / equity, "gross_exposure")
        same = math.fsum(one.notional for one in all_of_it if symbol_of(one.market) == symbol_of(proposal.market))
        assert _within(same / equity, "symbol_exposure")
        of = math.fsum(one.notional for one in all_of_it if one.strategy == proposal.strategy)
        assert _within(of / equity, "strategy_exposure")
        margin = math.fsum(one.margin for one in all_of_it)
        assert _within((used + margin) / equity, "margin_used") and _within(margin / free, "margin_free_taken")
    if any(one.signal_key == second.signal_key for one in snapshot.in_flight or ()):
        assert decide(snapshot, second, LIMITS).answer is Answer.REFUSED
