"""Bots under limits on the demo market: where each layer bites, what follows, and what a restart forgets of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.unit.bots.fleet import POLICY, Desk, StillClock, demo, kept

from karat.bots.runner import Runner
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.policy import LevelMode, SizeMode
from karat.core.model.reasons import Reason, Refusal
from karat.feeds.demo.symbols import DEMO_SYMBOLS
from karat.feeds.replay import ReplayFeed
from karat.ports.commands import CommandAsked
from karat.ports.journal import LimitedBy
from karat.ports.trading import LoggedEvent
from karat.strategies import find_strategy
from karat.venues.paper import PaperVenue

BARS = 700
RISKING = replace(POLICY, size_mode=SizeMode.RISK, size_value=0.005)  # 487 lots of about 42.8 at the first entry
FLEET = LimitedBy.FLEET


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, *demo(BARS))
    yield opened
    opened.journal.close()


def asked(desk: Desk, name: str, value: float, *, yes: bool = True) -> None:
    payload = {"name": name, "value": value, "yes": yes}
    desk.journal.ask(CommandAsked(f"set {name} {value}", 1, "ada", "limits.set", payload))


def told(desk: Desk, kind: str) -> list[LoggedEvent]:
    return [one for one in desk.journal.log(0, 10**6) if one.kind == kind]


def first_decision(desk: Desk, bot: BotId, until: int = 200) -> dict[str, Any]:
    desk.run(bot, until=until)
    return dict(told(desk, "risk")[0].payload)


@pytest.mark.parametrize(
    ("layer", "limit", "value", "lots"),
    [
        (1, "limits.order_notional", 5_000.0, 116),
        (2, "limits.risk_at_stop", 0.001, None),
        (4, "limits.symbol_exposure", 0.5, 116),
        (5, "limits.margin_used", 0.05, None),
    ],
)
def test_each_layer_makes_an_entry_smaller(layer: int, limit: str, value: float, lots: int | None, desk: Desk) -> None:
    asked(desk, limit, value)
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    decision = first_decision(desk, bot)
    rule = limit.removeprefix("limits.")
    assert (decision["answer"], decision["first"], decision["asked_lots"]) == ("reduced", rule, 487)
    assert lots is None or decision["lots"] == lots
    found = next(one for one in decision["findings"] if one["rule"] == rule)
    assert (found["layer"], found["outcome"], found["lots"]) == (layer, "reduced", decision["lots"])
    entry = desk.journal.fills(bot)[0]
    assert (entry.reason, entry.lots) == (Reason.ENTRY, decision["lots"])
    trace = next(one for one in desk.journal.traces(bot, 0, 2**62) if f" by risk.{rule}" in one.reason)
    gates = ["signal", "regime", "filter", "sizing", "switches", "filter", "breakers", "risk"]
    assert trace.first == "" and [gate["gate"] for gate in trace.chain] == gates


def test_the_third_layer_refuses_the_second_entry_of_a_day(desk: Desk) -> None:
    asked(desk, "limits.entries_per_day", 1)
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot)
    decisions = [one.payload for one in told(desk, "risk")]
    refused = [one for one in decisions if one["answer"] == "refused"]
    assert refused and {one["first"] for one in refused} == {"entries_per_day"}
    entered = [int(one["signal_key"].split("@")[1].split("/")[0]) for one in decisions if one["lots"]]
    assert all(later - earlier >= 24 * 3_600_000 for earlier, later in pairwise(entered))
    assert Refusal.RISK in dict(desk.journal.refusals(bot)).values()


def test_the_filter_blocks_before_anybody_reckons_a_size(desk: Desk) -> None:
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot, until=140)
    blocked = [one for one in desk.journal.traces(bot, 0, 2**62) if one.first.startswith("filter.")]
    assert {one.first for one in blocked} == {"filter.confidence"}
    chain = {gate["gate"]: gate for gate in blocked[0].chain}
    assert chain["filter"]["regime"]["undefined"].endswith("bars, and 120 are needed")
    assert {one["condition"] for one in chain["filter"]["blocked"]} >= {"confidence", "cooldown", "positions"}
    assert "risk" not in chain and not told(desk, "risk") and not desk.journal.fills(bot)
    assert set(dict(desk.journal.refusals(bot)).values()) == {Refusal.FILTER}


def test_three_losses_in_a_row_stop_the_bot_for_24_bars_and_no_longer(desk: Desk) -> None:
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot)
    fell, released = told(desk, "breaker")[:2]
    assert fell.payload == {"breaker": "losses_in_row", "fell": True}
    assert released.payload == {"breaker": "losses_in_row", "fell": False}
    results = [one.payload["pnl"] for one in told(desk, "closed") if one.sequence < fell.sequence]
    assert len(results) >= 2 and all(pnl < 0.0 for pnl in results[-2:])
    assert released.at_ms > fell.at_ms
    assert "; no entries before bar " in fell.text
    until = int(fell.text.rsplit(" ", 1)[1].rstrip("."))
    entered = [fill.bar for fill in desk.journal.fills(bot) if fill.reason == Reason.ENTRY]
    assert not [bar for bar in entered if until - 23 < bar <= until] and [bar for bar in entered if bar > until]


def test_a_drawdown_of_the_account_closes_everything_and_latches(desk: Desk) -> None:
    asked(desk, "limits.flatten_drawdown", 0.01)
    free = desk.create("free", "buy_and_hold", replace(POLICY, stop_mode=LevelMode.NONE, take_mode=LevelMode.NONE))
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(free, bot)
    kill, flat = told(desk, "kill")
    assert flat.payload["flat"] is True
    assert kill.payload["pulled"]["reason"].startswith("drawdown of the account is 0.01")
    assert kill.payload["by"] == "limits.flatten_drawdown"
    assert desk.journal.marks(free).position[-1] == desk.journal.marks(bot).position[-1] == 0
    assert [fill.reason for fill in desk.journal.fills(free)] == [Reason.ENTRY, Reason.KILL]
    closed = desk.journal.fills(free)[-1].bar
    assert desk.journal.marks(free).position[closed - 1] > 0
    assert not [fill for fill in desk.journal.fills(bot) if fill.reason == Reason.ENTRY and fill.bar > closed]
    assert desk.journal.facts()["kill"]["latched"] is True
    assert Refusal.SWITCH in dict(desk.journal.refusals(bot)).values()


def test_a_bot_far_below_its_peak_waits_for_a_person_and_begins_a_new_peak(desk: Desk) -> None:
    asked(desk, "limits.bot_drawdown", 0.01)
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot, until=600)
    [halted] = told(desk, "halted")
    assert halted.payload["code"] == "bot_drawdown" and f"halt:{bot}" in desk.journal.facts()
    decisions, fills = len(told(desk, "risk")), len(desk.journal.fills(bot))
    desk.journal.ask(CommandAsked("go on", 2, "ada", "bot.resume", {"bot": "ada"}))
    desk.run(bot)
    assert told(desk, "risk")[decisions].payload["answer"] != "refused", "it would fall again at once"
    assert len(desk.journal.fills(bot)) > fills
    assert desk.journal.facts()[f"breakers:{bot}"]["peak"] == max(desk.journal.marks(bot).equity[600:])


def test_an_account_far_below_its_peak_waits_for_a_person_too(desk: Desk) -> None:
    asked(desk, "limits.drawdown", 0.01)
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot, until=600)
    [halted] = told(desk, "halted")
    assert halted.payload["code"] == "drawdown" and desk.journal.facts()["account:USDT"]["fallen"] == [bot]
    fills = len(desk.journal.fills(bot))
    desk.journal.ask(CommandAsked("go on", 2, "ada", "bot.resume", {"bot": "ada"}))
    desk.run(bot)
    assert len(desk.journal.fills(bot)) > fills and len(told(desk, "halted")) == 1
    assert desk.journal.facts()["account:USDT"]["fallen"] == []


def test_a_person_lets_go_of_what_a_drawdown_has_pulled(desk: Desk) -> None:
    asked(desk, "limits.flatten_drawdown", 0.01)
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(bot, until=600)
    assert len(told(desk, "kill")) == 2, "pulled, then seen flat"
    desk.journal.ask(CommandAsked("go on", 2, "ada", "kill.release", {}))
    fills = len(desk.journal.fills(bot))
    desk.run(bot)
    assert "kill" not in desk.journal.facts() and len(desk.journal.fills(bot)) > fills
    assert len(told(desk, "kill")) == 3, "the peak begins anew: it does not fall again at once"


def test_interrupted_it_goes_on_as_if_nothing_had_happened(desk: Desk, tmp_path: Path) -> None:
    whole = Desk(tmp_path / "whole", desk.candles, desk.funding)
    whole.run(whole.create("ada", policy=RISKING, limits=FLEET))
    bot = desk.create("ada", policy=RISKING, limits=FLEET)
    for until in (160, 161, 333, 500, None):
        desk.run(bot, until=until)
        desk.reopen()
    assert len(desk.journal.fills(bot)) > 10
    assert kept(desk.journal, bot) == kept(whole.journal, bot)
    assert told(desk, "breaker") and [one.text for one in told(desk, "breaker")] == [
        one.text for one in told(whole, "breaker")
    ]
    whole.journal.close()


def test_beside_bots_under_limits_a_free_one_trades_as_one_call_does(desk: Desk) -> None:
    for name in ("limits.symbol_exposure", "limits.order_notional", "limits.entries_per_day"):
        asked(desk, name, {"limits.entries_per_day": 1, "limits.order_notional": 500}.get(name, 0.01))
    free, bot = desk.create("free"), desk.create("ada", policy=RISKING, limits=FLEET)
    desk.run(free, bot)
    assert desk.journal.marks(free).equity.tobytes() == desk.in_one_call().equity.tobytes()
    assert "symbol_exposure" in {one.payload["first"] for one in told(desk, "risk")}


def test_without_a_stop_a_bot_under_limits_is_not_made(desk: Desk) -> None:
    with pytest.raises(InputError, match="needs a stop"):
        desk.create("ada", "buy_and_hold", replace(POLICY, stop_mode=LevelMode.NONE), FLEET)
    assert desk.create("ada", "buy_and_hold", replace(POLICY, stop_mode=LevelMode.NONE))


def test_a_limit_is_loosened_only_where_that_is_said_and_undone_in_turn(desk: Desk) -> None:
    asked(desk, "limits.spread", 0.001, yes=False)
    asked(desk, "limits.spread", 0.003, yes=False)
    asked(desk, "limits.gross_exposure", 2.5, yes=False)
    desk.journal.ask(CommandAsked("back", 2, "bea", "limits.undo", {"yes": True}))
    desk.journal.ask(CommandAsked("back again", 2, "bea", "limits.undo", {}))
    desk.run()
    answers = [desk.journal.command(one.asked.id) for one in desk.journal.commands(9)][::-1]
    assert [one.answer for one in answers if one is not None] == [
        "limits.spread 0.002 to 0.001 share: tightening",
        "limits.spread from 0.001 to 0.003 share lets more through than before.",
        "limits.gross_exposure 3 to 2.5 multiple: tightening",
        "limits.gross_exposure 2.5 to 3 multiple: loosening",
        "limits.spread from 0.001 to 0.002 share lets more through than before.",
    ]
    assert desk.journal.facts()["limits"]["values"] == {"limits.spread": 0.001}
    assert [one.payload["done"] for one in told(desk, "command")] == [True, False, True, True, False]
    changes = desk.journal.facts()["limits"]["changes"]
    assert [(one["name"], one["who"], one["undone"], one["undoes"]) for one in changes] == [
        ("limits.spread", "ada", False, ""),
        ("limits.gross_exposure", "ada", True, ""),
        ("limits.gross_exposure", "bea", False, "set limits.gross_exposure 2.5"),
    ]


def test_bots_of_several_markets_are_one_account(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", *demo(BARS, DEMO_SYMBOLS[1]))
    other.journal.close()
    other.journal = desk.journal
    asked(desk, "limits.gross_exposure", 0.4)
    bots = [one.create(name, policy=RISKING, limits=FLEET) for name, one in (("ada", desk), ("bea", other))]
    markets, clock = {one.candles.market: one for one in (desk, other)}, StillClock()
    runner = Runner(
        desk.journal,
        lambda key: ReplayFeed(markets[key.market].candles, markets[key.market].funding, clock),
        PaperVenue(), find_strategy, clock,
    )  # fmt: skip
    asyncio.run(runner.run(bots))
    decisions = [one.payload for one in told(desk, "risk")]
    assert {one["bot"] for one in decisions if one["lots"]} == set(bots)
    assert not [one for one in decisions if one["first"] == "marks_age"]
    shared = [one for one in decisions if one["first"] == "gross_exposure"]
    values = [found["value"] for one in shared for found in one["findings"] if found["rule"] == "gross_exposure"]
    own = [found["value"] for one in shared for found in one["findings"] if found["rule"] == "symbol_exposure"]
    assert any(both > alone for both, alone in zip(values, own, strict=True)), "what the other bot holds counts"
