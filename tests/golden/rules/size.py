"""Rules 26 to 29: how much is bought or sold."""

from __future__ import annotations

from karat.core.model.reasons import Refusal
from tests.golden.case import (
    ENTRY,
    NAN,
    SIGNAL,
    Case,
    buy,
    inverse,
    linear,
    policy,
    sell,
    spot,
    world,
)

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
        arithmetic="There is no distance to divide by.",
        world=world("100 | 100", long=[0], rules=policy(risk=0.01)),
        fills=[],
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
        arithmetic="Equity 8000: 2 * 8000 / 80 = 200, halved 100, capped at 8000 / 80 = 100. Capped first it would be 50.",
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

AFFORDABLE = [
    Case(
        rule="28",
        title="cut to what is affordable at the fill",
        arithmetic="10000 / 100 = 100 lots decided; the open is 110: 10000 / 110 = 90.9, 90 lots.",
        world=world("100 | 110", long=[0], rules=policy(fraction=1.0)),
        fills=[buy(1, 90, 110, ENTRY)],
    ),
    Case(
        rule="28",
        title="the fee has to be affordable too",
        arithmetic="Fee 1 %: a lot needs 100 + 1: 10000 / 101 = 99.0099, 99 lots.",
        world=world("100 | 100", long=[0], kind=linear(taker=0.01), rules=policy(fraction=1.0)),
        fills=[buy(1, 99, 100, ENTRY, fee=99)],
    ),
    Case(
        rule="28",
        title="with leverage a lot needs its margin and the whole fee",
        arithmetic="Leverage 4, 4 * 10000 / 100 = 400 lots. A lot needs 100 / 4 + 1 = 26: 10000 / 26 = 384.6, 384 lots.",
        world=world("100 | 100", long=[0], kind=linear(taker=0.01), rules=policy(fraction=4.0, leverage=4.0)),
        fills=[buy(1, 384, 100, ENTRY)],
    ),
    Case(
        rule="28",
        title="the slippage is that of the uncut quantity",
        arithmetic="100 lots of volume 10000: 0.1 * sqrt(0.01) = 0.01: 101. 10000 / 101 = 99 lots, still at 101.",
        world=world("100 @10000 | 100", long=[0], rules=policy(fraction=1.0, slippage_volume=0.1)),
        fills=[buy(1, 99, 101, ENTRY, slippage=99)],
    ),
    Case(
        rule="28",
        title="under a minimum after the cut there is no entry",
        arithmetic="100 lots pass the minimum of 100 at the decision; cut to 90 at 110 they do not.",
        world=world("100 | 110 | 110", long=[0], kind=linear(min_quantity=100.0), rules=policy(fraction=1.0)),
        fills=[],
        refusals={0: Refusal.AFFORD},
    ),
    Case(
        rule="28",
        title="an unrealised gain is no free cash",
        arithmetic="""
        50 lots at 100: margin 5000 of 10000. Bar 1 closes at 150: equity 12500. The add wants 0.5 * 12500 / 150 = 41.67, capped at
        12500 / 150 - 50 = 33.3: 33. At 160 they need 5280; free are 10000 - 5000 = 5000: 31 lots (4960).
        """,
        world=world(
            "100 | 100 150 100 150 | 160", long=[0, 1], rules=policy(fraction=0.5, max_adds=1)
        ),
        fills=[buy(1, 50, 100, ENTRY), buy(2, 31, 160, ENTRY)],
        equity={1: 12_500, 2: 13_000},
    ),
    Case(
        rule="28",
        title="a spot long is paid in full, whatever the leverage",
        arithmetic="Leverage 3 means nothing to a spot long: 10000 / 100 = 100 lots; with a fee of 1 %, 10000 / 101: 99.",
        world=world("100 | 100", long=[0], kind=spot(taker=0.01), rules=policy(fraction=3.0, leverage=3.0)),
        fills=[buy(1, 99, 100, ENTRY)],
        equity={1: 9901},
    ),
    Case(
        rule="28",
        title="a spot short needs its margin and the fee",
        arithmetic="Leverage 2: 200 lots wanted; a lot needs 100 / 2 + 1 = 51: 10000 / 51 = 196.08, 196 lots.",
        world=world(
            "100 | 100",
            short=[0],
            kind=spot(taker=0.01),
            rules=policy(fraction=2.0, leverage=2.0, borrow_rate=0.0),
        ),
        fills=[sell(1, 196, 100, ENTRY, fee=196)],
    ),
]

CONTRACTS = [
    Case(
        rule="29",
        title="linear: base units divided by the size of a contract",
        arithmetic="1000 / 100 = 10 units, 100 contracts of 0.1. Up 10: 100 * 0.1 * 10 = 100. Fee 0.001 * 100 * 0.1 * 100 = 1.",
        world=world("100 | 100 | 110", long=[0], kind=linear(size=0.1, taker=0.001)),
        fills=[buy(1, 100, 100, ENTRY, fee=1)],
        equity={2: 10_099},
    ),
    Case(
        rule="29",
        title="inverse: a notional is in quote units",
        arithmetic="1000 / 100 = 10 units times 100 / 100 = 10 contracts of 100 USD, whatever the price: at 50, 20 * 50 / 100 = 10.",
        world=world("50 | 50", long=[0], kind=inverse(), rules=policy(capital=100.0)),
        fills=[buy(1, 10, 50, ENTRY)],
    ),
    Case(
        rule="29",
        title="inverse: a fraction of the equity in coin, valued at the close",
        arithmetic="10 coin at 200 are 2000 USD. Half: 1000 / 200 = 5 units, times 200 / 100 = 10 contracts.",
        world=world("200 | 200", long=[0], kind=inverse(), rules=policy(capital=10.0, fraction=0.5)),
        fills=[buy(1, 10, 200, ENTRY)],
    ),
    Case(
        rule="29",
        title="inverse: risk",
        arithmetic="100 coin at 100 are 10000 USD; 1 % is 100; stop 5 away: 20 units, times 100 / 100 = 20 contracts.",
        world=world("100 | 100", long=[0], kind=inverse(), rules=policy(capital=100.0, risk=0.01, stop=0.05)),
        fills=[buy(1, 20, 100, ENTRY)],
    ),
    Case(
        rule="29",
        title="inverse: what is affordable is counted in coin",
        arithmetic="""
        1 coin at 100 is 100 USD: leverage 10 gives 1000 / 100 = 10 units, 10 contracts. At the open of 80 a contract is 1.25 coin,
        margin 0.125: 1 / 0.125 = 8 contracts.
        """,
        world=world("100 | 80", long=[0], kind=inverse(), rules=policy(capital=1.0, fraction=10.0, leverage=10.0)),
        fills=[buy(1, 8, 80, ENTRY)],
        equity={1: 1},
    ),
    Case(
        rule="29",
        title="inverse: the minimum notional is in quote units",
        arithmetic="5 contracts of 100 USD are 500 < 600: refused.",
        world=world(
            "50 | 50", long=[0], kind=inverse(min_notional=600.0), rules=policy(capital=100.0, notional=500.0)
        ),
        fills=[],
        refusals={0: Refusal.SIZE},
    ),
]

CASES = MODES + CAPS + AFFORDABLE + CONTRACTS
