"""Rules 26 and 27: how much is bought or sold, decided at a close."""

from __future__ import annotations

from tests.golden.case import (
    ENTRY,
    NAN,
    SIGNAL,
    Case,
    buy,
    linear,
    policy,
    sell,
    world,
)

from karat.core.model.reasons import Refusal

MODES = [
    Case(
        rule="26",
        title="fixed notional",
        arithmetic="2500 / 100 = 25 lots, by the close of the decision, though the fill is at 110.",
        world=world("100 | 110", long=[0], rules=policy(notional=2500.0)),
        fills=[buy(1, 25, 110, ENTRY)],
    ),
    Case(
        rule="26",
        title="fraction of equity",
        arithmetic="0.5 * 10000 / 100 = 50 lots.",
        world=world("100 | 100", long=[0], rules=policy(fraction=0.5)),
        fills=[buy(1, 50, 100, ENTRY)],
    ),
    Case(
        rule="26",
        title="risk: what is lost at the stop",
        arithmetic="1 % of 10000 is 100; the stop is 2.5 * ATR 2 = 5 away: 100 / 5 = 20 lots.",
        world=world("100 | 100", long=[0], atr=2, rules=policy(risk=0.01, stop_atr=2.5)),
        fills=[buy(1, 20, 100, ENTRY)],
    ),
    Case(
        rule="26",
        title="risk with a stop in fractions takes them of the close",
        arithmetic="Stop 5 % of the close 100 is 5: 100 / 5 = 20 lots, though the fill at 104 puts the stop 5.2 away.",
        world=world("100 | 104", long=[0], rules=policy(risk=0.01, stop=0.05)),
        fills=[buy(1, 20, 104, ENTRY)],
    ),
    Case(
        rule="26",
        title="risk takes the stop of the array before that of the policy",
        arithmetic="stop[0] = 4: 100 / 4 = 25 lots.",
        world=world("100 | 100", long=[0], stop=[4, NAN], rules=policy(risk=0.01, stop=0.05)),
        fills=[buy(1, 25, 100, ENTRY)],
    ),
    Case(
        rule="26",
        title="risk without a stop is refused",
        arithmetic="""
        The policy has no stop. stop[0] is NaN: there is no distance to divide by. stop[1] = 5: 100 / 5 = 20 lots.
        """,
        world=world("100 | 100 | 100", long=[0, 1], stop={1: 5}, rules=policy(risk=0.01)),
        fills=[buy(2, 20, 100, ENTRY)],
        refusals={0: Refusal.SIZE},
    ),
    Case(
        rule="26",
        title="volatility target",
        arithmetic="10000 * 0.2 / (0.5 * 100) = 40 lots. At bar 0 the volatility is unknown: refused.",
        world=world("100 | 100 | 100", long=[0, 1], volatility=[NAN, 0.5, 0.1], rules=policy(aim_volatility=0.2)),
        fills=[buy(2, 40, 100, ENTRY)],
        refusals={0: Refusal.SIZE},
    ),
]

CAPS = [
    Case(
        rule="27",
        title="confidence scales from 0.8 to 1.2",
        arithmetic="1000 / 100 = 10. Confidence 0: 8. Confidence 0.5: 10. Confidence 1: 12.",
        world=world(
            "100 | 100 | 100 | 100 | 100 | 100",
            long=[0, 2, 4],
            exit_long=[1, 3],
            confidence=[0, 1, 0.5, 1, 1, 1],
            rules=policy(confidence_scaling=True),
        ),
        fills=[
            buy(1, 8, 100, ENTRY),
            sell(2, 8, 100, SIGNAL),
            buy(3, 10, 100, ENTRY),
            sell(4, 10, 100, SIGNAL),
            buy(5, 12, 100, ENTRY),
        ],
    ),
    Case(
        rule="27",
        title="half the size while the drawdown is above its bound",
        arithmetic="100 lots from 100 to 80: equity 8000, drawdown 0.2 > 0.1: 8000 / 80 = 100, halved 50.",
        world=world(
            "100 | 100 | 80 | 80 | 80",
            long=[0, 2],
            exit_long=[1],
            rules=policy(fraction=1.0, drawdown_halving=0.1),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(2, 100, 80, SIGNAL), buy(3, 50, 80, ENTRY)],
    ),
    Case(
        rule="27",
        title="the leverage cap comes after scaling",
        arithmetic="1.2 * 10000 / 100 = 120, capped at 1 * 10000 / 100 = 100.",
        world=world("100 | 100", long=[0], rules=policy(fraction=1.0, confidence_scaling=True)),
        fills=[buy(1, 100, 100, ENTRY)],
    ),
    Case(
        rule="27",
        title="the leverage cap comes after halving",
        arithmetic="""
        Equity 8000: 2 * 8000 / 80 = 200, halved 100, capped at 8000 / 80 = 100. Capped first it would be 50.
        """,
        world=world(
            "100 | 100 | 80 | 80 | 80",
            long=[0, 2],
            exit_long=[1],
            rules=policy(fraction=2.0, drawdown_halving=0.1),
        ),
        fills=[buy(1, 100, 100, ENTRY), sell(2, 100, 80, SIGNAL), buy(3, 100, 80, ENTRY)],
    ),
    Case(
        rule="27",
        title="size_scale comes before the caps",
        arithmetic="2 * 10000 / 100 = 200, capped at 100.",
        world=world("100 | 100", long=[0], size_scale=2, rules=policy(fraction=1.0)),
        fills=[buy(1, 100, 100, ENTRY)],
    ),
    Case(
        rule="27",
        title="the leverage cap of an add counts what is held",
        arithmetic="0.6 * 10000 / 100 = 60 lots. The add wants 60; 100 - 60 = 40 are left.",
        world=world("100 | 100 | 100", long=[0, 1], rules=policy(fraction=0.6, max_adds=1)),
        fills=[buy(1, 60, 100, ENTRY), buy(2, 40, 100, ENTRY)],
    ),
    Case(
        rule="27",
        title="a share of the decision bar's volume",
        arithmetic="A tenth of 85 is 8.5, floored 8 lots. The volume of bar 1 does not matter.",
        world=world("100 @85 | 100 @10", long=[0], rules=policy(volume_share=0.1)),
        fills=[buy(1, 8, 100, ENTRY)],
    ),
    Case(
        rule="27",
        title="under the minimum quantity the entry is refused",
        arithmetic="10 lots of 1: under 11, not under 10.",
        world=world("100 | 100 | 100", long=[0], kind=linear(min_quantity=11.0)),
        fills=[],
        refusals={0: Refusal.SIZE},
    ),
    Case(
        rule="27",
        title="under the minimum notional at the close the entry is refused",
        arithmetic="Bar 0: 9 lots (1000 / 105) * 105 = 945 < 1000: refused. Bar 1: 10 * 100 = 1000: passes.",
        world=world("105 | 100 | 100", long=[0, 1], kind=linear(min_notional=1000.0)),
        fills=[buy(2, 10, 100, ENTRY)],
        refusals={0: Refusal.SIZE},
    ),
    Case(
        rule="27",
        title="less than a lot is no size",
        arithmetic="50 / 100 = 0.5, floored 0: refused.",
        world=world("100 | 100", long=[0], rules=policy(notional=50.0)),
        fills=[],
        refusals={0: Refusal.SIZE},
    ),
]

CASES = MODES + CAPS
