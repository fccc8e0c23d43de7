"""Rule 19: the entry filter, in its order. The first "no" is the reason."""

from __future__ import annotations

from typing import Any

from tests.golden.case import ENTRY, LIQUIDATION, SIGNAL, STOP, Case, buy, linear, policy, sell, spot, world

from karat.core.model.reasons import Refusal

# One world in which everything but equity speaks against the short at bar 4. Case after case cures one more of the
# reasons, in the order of the rule, so each shows that its reason comes before all that are left.
#   Bars 0 to 2 are at 100 with volume 100. The long decided at bar 2 (03:00) passes every filter: 100 lots at bar 3,
#   stopped at 95 in it: -500, 5 % of the day's start, one loss in a row. Bar 4 closes at 95 with volume 10, at 05:00
#   (minute 300).
WRONGS: list[tuple[Refusal, str, dict[str, Any]]] = [
    (Refusal.SIDE, "shorts are not allowed", {"allow_short": True}),
    (Refusal.OWN_EXIT, "exit_short is set at bar 4", {"exit_short": ()}),
    (Refusal.REGIME, "the regime at bar 4 is unknown", {"regime": 1}),
    (Refusal.CONFIDENCE, "confidence 0.5 is below the 0.6 of regime 1", {"confidence": 0.6}),
    (Refusal.COOLDOWN, "4 - 3 = 1 bar since the stop, regime 1 asks for 2", {"cooldown": 1}),
    (Refusal.DAILY_LOSS, "1 - 9500 / 10000 = 5 % reaches the limit", {"daily_loss_limit": 0.06}),
    (Refusal.LOSS_STREAK, "one loss reaches the limit of one", {"loss_streak_limit": 2}),
    (Refusal.VOLUME, "volume 10 is below the mean 100 of bars 2 and 3", {"volume_factor": 0.1}),
    (Refusal.FUNDING, "the rate 0.002 is above 0.001", {"funding_high": 0.002}),
    (Refusal.SESSION, "minute 300 is not before minute 300", {"session_to": 301}),
    (Refusal.SIZE, "9500 / 95 = 100 lots are worth 9500 < 9600", {"min_notional": 0.0}),
]


def _refused(cured: int) -> Case:
    wrong: dict[str, Any] = {"allow_short": False, "exit_short": [4], "regime": -1, "confidence": 0.5, "cooldown": 2}
    wrong |= {"daily_loss_limit": 0.05, "loss_streak_limit": 1, "volume_factor": 1.0, "funding_high": 0.001}
    wrong |= {"session_to": 300, "min_notional": 9600.0}
    for _, _, cure in WRONGS[:cured]:
        wrong |= cure
    reasons = [f"{number}. {why}" for number, (_, why, _) in enumerate(WRONGS, 1)]
    first = WRONGS[cured][0] if cured < len(WRONGS) else Refusal.NONE
    short = [sell(5, 100, 95, ENTRY, decision=4)] if first is Refusal.NONE else []
    return Case(
        rule="19",
        title=f"in order: {first.name}" if first else "in order: nothing left",
        arithmetic=f"Cured: {reasons[:cured]}\nStill wrong: {reasons[cured:]}\nSo the reason is {first.name}.",
        world=world(
            "100 @100 | 100 @100 | 100 @100 | 100 100 94 95 @100 | 95 @10 | 95",
            long=[2],
            short=[4],
            exit_short=wrong["exit_short"],
            confidence=[1, 1, 1, 1, wrong["confidence"], 1],
            regime=[0, 0, 0, 0, wrong["regime"], 0],
            funding=[("2024-01-01T01:00", 0.0005), ("2024-01-01T05:00", 0.002)],
            kind=linear(min_notional=wrong["min_notional"]),
            rules=policy(
                fraction=1.0,
                stop=0.05,
                allow_short=wrong["allow_short"],
                min_confidence_by_regime=(0.0, 0.6),
                cooldown_by_regime=(0, wrong["cooldown"]),
                daily_loss_limit=wrong["daily_loss_limit"],
                loss_streak_limit=wrong["loss_streak_limit"],
                volume_factor=wrong["volume_factor"],
                volume_window=2,
                funding_low=0.0,
                funding_high=wrong["funding_high"],
                session_from=0,
                session_to=wrong["session_to"],
            ),
        ),
        fills=[buy(3, 100, 100, ENTRY), sell(3, 100, 95, STOP), *short],
        equity={4: 9500},
        refusals={} if first is Refusal.NONE else {4: first},
    )


SINGLE = [
    Case(
        rule="19",
        title="equity that is not positive comes first",
        arithmetic="""
        100 lots short at leverage 1 are all of the 10000. At 200 they are liquidated: equity 0, not positive.
        The long at bar 1 would also be refused as a side that is not allowed; equity comes first.
        """,
        world=world("100 | 100 250 100 200 | 200", short=[0], long=[1], rules=policy(fraction=1.0, allow_long=False)),
        fills=[sell(1, 100, 100, ENTRY), buy(1, 100, 200, LIQUIDATION)],
        equity={1: 0},
        refusals={1: Refusal.EQUITY},
    ),
    Case(
        rule="19",
        title="a spot short needs a borrow rate",
        arithmetic="No borrow rate is given: the short at bar 0 is refused as a side. The long at bar 1 is not.",
        world=world("100 | 100 | 100", short=[0], long=[1], kind=spot()),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.SIDE},
    ),
    Case(
        rule="19",
        title="a borrow rate of zero is a borrow rate",
        arithmetic="0 a year is known: the short passes and borrowing costs 0.",
        world=world("100 | 100", short=[0], kind=spot(), rules=policy(borrow_rate=0.0)),
        fills=[sell(1, 10, 100, ENTRY)],
        borrow=0,
    ),
    Case(
        rule="19",
        title="confidence at the minimum passes",
        arithmetic="Minimum 0.6: 0.5 at bar 0 is refused, 0.6 at bar 1 passes.",
        world=world("100 | 100 | 100", long=[0, 1], confidence=[0.5, 0.6, 1], rules=policy(min_confidence=0.6)),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.CONFIDENCE},
    ),
    Case(
        rule="19",
        title="minimum confidence is that of the regime at the decision",
        arithmetic="Confidence 0.5. Regime 1 at bar 0 asks for 0.8: refused. Regime 0 at bar 1 asks for 0.2: passes.",
        world=world(
            "100 | 100 | 100",
            long=[0, 1],
            confidence=0.5,
            regime=[1, 0, 1],
            rules=policy(min_confidence_by_regime=(0.2, 0.8), cooldown_by_regime=(0, 0)),
        ),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.CONFIDENCE},
    ),
    Case(
        rule="19",
        title="no filter holds an exit back",
        arithmetic="""
        Regime unknown and confidence 0 at bar 2: the exit passes all the same, and 10 are sold at bar 3.
        """,
        world=world(
            "100 | 100 | 100 | 100",
            long=[0],
            exit_long=[2],
            confidence=[1, 1, 0, 1],
            regime=[0, 0, -1, 0],
            rules=policy(min_confidence_by_regime=(0.5,), cooldown_by_regime=(0,)),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 10, 100, SIGNAL)],
    ),
]

CASES = [_refused(cured) for cured in range(len(WRONGS) + 1)] + SINGLE
