"""Rules 28 and 29: what is affordable at the fill, and contracts."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, Case, buy, inverse, linear, policy, sell, spot, world

from karat.core.model.reasons import Refusal

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
        arithmetic="""
        Leverage 4, 4 * 10000 / 100 = 400 lots. A lot needs 100 / 4 + 1 = 26: 10000 / 26 = 384.6, 384 lots.
        """,
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
        50 lots at 100: margin 5000 of 10000. Bar 1 closes at 150: equity 12500. The add wants 0.5 * 12500 / 150 =
        41.67, capped at 12500 / 150 - 50 = 33.3: 33. At 160 they need 5280; free are 10000 - 5000 = 5000: 31 lots
        (4960).
        """,
        world=world("100 | 100 150 100 150 | 160", long=[0, 1], rules=policy(fraction=0.5, max_adds=1)),
        fills=[buy(1, 50, 100, ENTRY), buy(2, 31, 160, ENTRY)],
        equity={1: 12_500, 2: 13_000},
    ),
    Case(
        rule="28",
        title="a spot long is paid in full, whatever the leverage",
        arithmetic="""
        Leverage 3 means nothing to a spot long: 10000 / 100 = 100 lots; with a fee of 1 %, 10000 / 101: 99.
        """,
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
    Case(
        rule="28",
        title="the minimum notional is checked again at the fill price",
        arithmetic="10 lots are worth 1000 at the close of 100, but 900 at the open of 90: under the minimum of 1000.",
        world=world("100 | 90", long=[0], kind=linear(min_notional=1000.0)),
        fills=[],
        refusals={0: Refusal.AFFORD},
    ),
    Case(
        rule="28",
        title="a reversal that is not affordable has still closed",
        arithmetic="""
        All in: 100 lots short from 100. Reversed at 150: 5000 are left, and the minimum is 60 lots: 5000 / 150 = 33.
        Decided at the close of bar 1, 80 (equity 12000): 150 lots; cut to 33, under the minimum: no long.
        """,
        world=world(
            "100 | 100 100 80 80 | 150", short=[0], long=[1], kind=linear(min_quantity=60.0), rules=policy(fraction=1.0)
        ),
        fills=[sell(1, 100, 100, ENTRY), buy(2, 100, 150, SIGNAL)],
        equity={1: 12_000, 2: 5000},
        refusals={1: Refusal.AFFORD},
        open_lots=0,
    ),
]

CONTRACTS = [
    Case(
        rule="29",
        title="linear: base units divided by the size of a contract",
        arithmetic="""
        1000 / 100 = 10 units, 100 contracts of 0.1. Up 10: 100 * 0.1 * 10 = 100. Fee 0.001 * 100 * 0.1 * 100 = 1.
        """,
        world=world("100 | 100 | 110", long=[0], kind=linear(size=0.1, taker=0.001)),
        fills=[buy(1, 100, 100, ENTRY, fee=1)],
        equity={2: 10_099},
    ),
    Case(
        rule="29",
        title="inverse: a notional is in quote units",
        arithmetic="""
        1000 / 100 = 10 units times 100 / 100 = 10 contracts of 100 USD, whatever the price: at 50, 20 * 50 / 100 =
        10.
        """,
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
        1 coin at 100 is 100 USD: leverage 10 gives 1000 / 100 = 10 units, 10 contracts. At the open of 80 a contract
        is 1.25 coin, margin 0.125: 1 / 0.125 = 8 contracts.
        """,
        world=world("100 | 80", long=[0], kind=inverse(), rules=policy(capital=1.0, fraction=10.0, leverage=10.0)),
        fills=[buy(1, 8, 80, ENTRY)],
        equity={1: 1},
    ),
    Case(
        rule="29",
        title="inverse: the minimum notional is in quote units",
        arithmetic="5 contracts of 100 USD are 500 < 600: refused.",
        world=world("50 | 50", long=[0], kind=inverse(min_notional=600.0), rules=policy(capital=100.0, notional=500.0)),
        fills=[],
        refusals={0: Refusal.SIZE},
    ),
]

CASES = AFFORDABLE + CONTRACTS
