"""Every bar without a trade has a first "no", and it is the one that the kernel gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.bots.fleet import POLICY, Desk, demo

from karat.bots.desk.tracing import gate_of
from karat.control.why import NOT_REACHED, PASSED, SAID_NO, Explained, explained
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.core.model.policy import Policy
from karat.core.model.reasons import Reason, Refusal
from karat.oms.client_ids import Part, part_of

BARS = 600
REENTERS = (Reason.STOP, Reason.TAKE, Reason.TRAIL)
POLICIES = {
    "as it comes": POLICY,
    "slow": replace(POLICY, latency=3),
    "no way back": replace(POLICY, reentry_max=1, loss_streak_limit=2, daily_loss_limit=0.01),
    "poor": replace(POLICY, capital=0.5, reentry_max=0),
    "shy": replace(POLICY, min_confidence=0.9, reentry_max=0),
}


def whole(desk: Desk, bot: BotId) -> tuple[Explained, ...]:
    return explained(desk.journal, bot, int(desk.candles.ts[-1]), BARS)


def expected_of(desk: Desk, bot: BotId, policy: Policy) -> list[str]:
    """The first "no" of every bar, told from the backtest's record: its refusals, fills and positions, and from when
    orders were decided and due."""
    record = desk.in_one_call(policy=policy)
    decided: dict[int, int] = {}
    lifted: set[int] = set()
    for intent in desk.journal.intents(bot):
        if intent.part == "limit":
            lifted.add(intent.decision_bar)
        elif intent.part in ("entry", "exit"):
            decided[intent.decision_bar] = intent.due_bar
    assert set(record.refusals.tolist()) != {0} or record.position.any(), "where nothing happens nothing is shown"
    said: list[str] = []
    for bar in range(len(record.equity)):
        refusal = Refusal(int(record.refusals[bar]))
        if refusal is Refusal.AFFORD:
            said.append("oms")
        elif refusal is not Refusal.NONE:
            said.append(gate_of(refusal))
        elif bar in decided or bar in lifted:
            said.append("")
        elif any(begin < bar < due for begin, due in decided.items()):
            said.append("oms")
        elif record.position[bar]:
            said.append("position")
        else:
            said.append("flat")
    return said


@pytest.mark.parametrize("name", POLICIES)
def test_the_first_no_of_every_bar_is_that_of_the_kernel(name: str, tmp_path: Path) -> None:
    policy = POLICIES[name]
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada", policy=policy)
    desk.run(bot)
    found = whole(desk, bot)
    assert len(found) == BARS
    for one, expected in zip(found, expected_of(desk, bot, policy), strict=True):
        told = f"bar {one.bar}: {one.first}, {one.reason}"
        unmade = [order for order in one.orders if order.order.is_over and not order.order.filled_lots]
        if expected == "flat":
            assert one.first in ("signal", "reentry", "oms") and not one.orders, told
            if one.first == "oms":
                assert "limit waits" in one.reason
        elif expected == "" and unmade:
            assert one.first == "oms", told
        else:
            assert one.first == expected, told
        verdicts = [gate.verdict for gate in one.gates]
        assert verdicts.count(SAID_NO) == (1 if one.first else 0)
        assert one.first == "" or one.gates[verdicts.index(SAID_NO)].name == one.first
        assert set(verdicts[verdicts.index(SAID_NO) + 1 :] if one.first else ()) <= {NOT_REACHED}
    desk.journal.close()


def test_among_them_is_every_kind_of_no(tmp_path: Path) -> None:
    said: set[str] = set()
    for name, policy in POLICIES.items():
        desk = Desk(tmp_path / name.replace(" ", "_"), *demo(BARS))
        bot = desk.create("ada", policy=policy)
        desk.run(bot)
        said |= {one.reason.split(":")[0].split(" (")[0] for one in whole(desk, bot)}
        for one in whole(desk, bot):
            if one.first == "reentry":  # where the journal says none could follow, a trade has just been closed
                assert any(fill.reason in REENTERS for fill in one.fills)
            if one.reason.startswith("cooldown"):
                since = "a reversal" if one.position else "the last exit was"
                assert f"{policy.cooldown} bars" in one.reason and since in one.reason
        desk.journal.close()
    assert said >= {
        "an entry was ordered", "an exit was ordered", "a re-entry limit was placed", "a re-entry limit waits",
        "an order is on its way", "in a position", "no entry was asked for", "cooldown", "size", "confidence",
        "no re-entry limit is left for this trade",
    }  # fmt: skip


def test_it_is_the_same_carried_and_started_again_and_again(tmp_path: Path) -> None:
    once = Desk(tmp_path / "once", *demo(BARS))
    ada = once.create("ada")
    once.run(ada)
    rows = once.journal.traces(ada, 0, 10**15)
    assert 20 < len(rows) < BARS
    assert all((one.first, one.reason) != (two.first, two.reason) for one, two in pairwise(rows))
    for name, carried in (("carried", True), ("not", False)):
        often = Desk(tmp_path / name, *demo(BARS), carried=carried)
        often.create("ada")
        for until in (1, 70, 71, 72, 300, 555, None):
            often.run(ada, until=until)
            often.reopen()
        assert often.journal.traces(ada, 0, 10**15) == rows
        often.journal.close()
    once.journal.close()


def test_a_halted_bot_is_told_so_and_the_nearest_bar_is_taken(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *demo(BARS))
    bot = desk.create("ada")
    with pytest.raises(InputError, match="has not done a bar"):
        explained(desk.journal, bot, 0)
    desk.run(bot, until=100)
    before = len([one for one in desk.journal.orders_of(bot) if part_of(one.order.id) is Part.ENTRY])
    halt = desk.journal.take_lease("a person", 0, 1)
    from karat.ports.trading import Transaction

    desk.journal.write(Transaction(halt, 0, facts={"halt:ada": {"code": "told", "reason": "by hand", "at_ms": 0}}))
    desk.journal.release_lease(halt)
    desk.run(bot)
    found = whole(desk, bot)
    refused = [one for one in found if one.first == "switches"]
    assert refused and all(one.reason == "the bot is halted: by hand" and one.bar >= 99 for one in refused)
    assert [gate.verdict for gate in refused[0].gates if gate.name == "sizing"] == [PASSED]
    assert len([one for one in desk.journal.orders_of(bot) if part_of(one.order.id) is Part.ENTRY]) == before
    step = desk.candles.timeframe_ms
    at = int(desk.candles.ts[200])
    assert [one.bar for one in explained(desk.journal, bot, at + step // 2 - 1)] == [200]
    assert [one.bar for one in explained(desk.journal, bot, at + step // 2 + 1)] == [201]
    assert [one.bar for one in explained(desk.journal, bot, 10**15, last=2)] == [BARS - 2, BARS - 1]
    with pytest.raises(InputError, match="cannot be shown"):
        explained(desk.journal, bot, 0, last=0)
    desk.journal.close()
