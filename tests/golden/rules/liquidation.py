"""Rules 17 and 18: the isolated margin, and a position open at the end."""

from __future__ import annotations

from fractions import Fraction

from tests.golden.case import ENTRY, LIQUIDATION, TAKE, Case, buy, inverse, linear, policy, sell, spot, world

TEN_TIMES = policy(leverage=10.0)

LIQUIDATIONS = [
    Case(
        rule="17",
        title="a linear long: price, bankruptcy and margin",
        arithmetic="""
        Leverage 10, maintenance 0.05: L = 100 * (1 - 0.1) / (1 - 0.05) = 94.7368. Low 95: above. Low 94: liquidated
        at 100 * 0.9 = 90: -100, exactly the margin 1000 / 10. The entry fee of 1 came from free cash; a liquidation
        pays none.
        """,
        world=world("100 | 100 100 95 96 | 96 96 94 96", long=[0], kind=linear(mmr=0.05, taker=0.001), rules=TEN_TIMES),
        fills=[buy(1, 10, 100, ENTRY, fee=1), sell(2, 10, 90, LIQUIDATION, fee=0, spread=0, slippage=0, level=None)],
        equity={1: 9959, 2: 9899},
        closed_trades=1,
    ),
    Case(
        rule="17",
        title="a linear short",
        arithmetic="""
        L = 100 * (1 + 0.1) / (1 + 0.05) = 104.7619. High 104: below. High 105: liquidated at 110: -100.
        """,
        world=world("100 | 100 104 100 102 | 102 105 102 102", short=[0], kind=linear(mmr=0.05), rules=TEN_TIMES),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 10, 110, LIQUIDATION)],
        equity={2: 9900},
    ),
    Case(
        rule="17",
        title="an inverse long",
        arithmetic="""
        10 contracts of 100 USD at 100 are 10 coin, margin 1 coin. L = 100 * (1 + 0.05) / (1 + 0.1) = 95.4545. Low 96:
        above. Low 95: at 100 / 1.1 = 90.909: 1000 * (1/100 - 1.1/100) = -1 coin.
        """,
        world=world(
            "100 | 100 100 96 98 | 98 98 95 96",
            long=[0],
            kind=inverse(mmr=0.05),
            rules=policy(capital=100.0, leverage=10.0),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, Fraction(1000, 11), LIQUIDATION)],
        equity={2: 99},
    ),
    Case(
        rule="17",
        title="an inverse short",
        arithmetic="""
        L = 100 * (1 - 0.05) / (1 - 0.1) = 105.5556. High 105: below. High 106: at 100 / 0.9 = 111.11:
        -1000 * (1/100 - 0.9/100) = -1 coin.
        """,
        world=world(
            "100 | 100 105 100 100 | 100 106 100 100",
            short=[0],
            kind=inverse(mmr=0.05),
            rules=policy(capital=100.0, leverage=10.0),
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(2, 10, Fraction(1000, 9), LIQUIDATION)],
        equity={2: 99},
    ),
    Case(
        rule="17",
        title="an inverse short at leverage 1 is never liquidated",
        arithmetic="L = E * 0.95 / (1 - 1): infinite, never. At 1000: -1000 * (1/100 - 1/1000) = -9 coin of 10.",
        world=world(
            "100 | 100 1000 100 1000", short=[0], kind=inverse(mmr=0.05), rules=policy(capital=100.0, leverage=1.0)
        ),
        fills=[sell(1, 10, 100, ENTRY)],
        equity={1: 91},
    ),
    Case(
        rule="17",
        title="a linear long at leverage 1 is never liquidated",
        arithmetic="L = 100 * (1 - 1) / 0.95 = 0: never. At 1 it has lost 990.",
        world=world("100 | 100 100 1 1", long=[0], kind=linear(mmr=0.05)),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={1: 9010},
    ),
    Case(
        rule="17",
        title="a spot long has leverage 1, whatever the policy says",
        arithmetic="With leverage 5 it would be liquidated at 80; spot longs have leverage 1: never.",
        world=world("100 | 100 100 1 1", long=[0], kind=spot(), rules=policy(leverage=5.0)),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={1: 9010},
    ),
    Case(
        rule="17",
        title="a spot short has the policy's leverage",
        arithmetic="""
        Leverage 2, maintenance 0.2: L = 100 * 1.5 / 1.2 = 125; high 125 is at it: bought at 150: -500 = margin 1000 /
        2. Borrowing costs nothing here.
        """,
        world=world(
            "100 | 100 125 100 110",
            short=[0],
            kind=spot(mmr=0.2),
            rules=policy(leverage=2.0, borrow_rate=0.0),
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(1, 10, 150, LIQUIDATION)],
        equity={1: 9500},
    ),
    Case(
        rule="17",
        title="after a take only the margin of the rest is lost",
        arithmetic="5 of 10 taken at 110: +50. L = 94.74; bar 2, low 94: the other 5 at 90: -50, the margin 500 / 10.",
        world=world(
            "100 | 100 111 100 105 | 105 105 94 95",
            long=[0],
            kind=linear(mmr=0.05),
            rules=policy(leverage=10.0, take=0.1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE), sell(2, 5, 90, LIQUIDATION)],
        equity={2: 10_000},
    ),
    Case(
        rule="17",
        title="after an add the average entry price counts",
        arithmetic="""
        10 at 100, 10 at 110: E = 105. L = 105 * 0.9 / 0.95 = 99.4737. Low 100: above. Low 99: 20 at 94.5: -210 = 2100
        / 10.
        """,
        world=world(
            "100 | 100 110 100 100 | 110 110 100 105 | 105 105 99 100",
            long=[0, 1],
            kind=linear(mmr=0.05),
            rules=policy(leverage=10.0, max_adds=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 110, ENTRY), sell(3, 20, 94.5, LIQUIDATION)],
        equity={3: 9790},
    ),
    Case(
        rule="17",
        title="funding comes from free cash and does not move the price",
        arithmetic="""
        Funding of 5 % at 02:00 takes 10 * 96 * 0.05 = 48 of the cash; the margin of 100 and L = 94.74 stay: low 95 is
        above it.
        """,
        world=world(
            "100 | 100 | 96 96 95 96",
            long=[0],
            funding=[("2024-01-01T02:00", 0.05)],
            kind=linear(mmr=0.05),
            rules=TEN_TIMES,
        ),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 10_000 - 40 - 48},
    ),
]

OPEN_ENDS = [
    Case(
        rule="18",
        title="a position open at the end is marked at the last close and is no closed trade",
        arithmetic="""
        Bought at 100 with a fee of 1; the last close is 107: 10000 - 1 + 70 = 10069, without the costs of leaving.
        """,
        world=world("100 | 100 | 107", long=[0], kind=linear(taker=0.001)),
        fills=[buy(1, 10, 100, ENTRY)],
        equity={2: 10_069},
        realised=0,
        closed_trades=0,
        open_lots=10,
    ),
    Case(
        rule="18",
        title="half taken and half open is no closed trade either",
        arithmetic="5 taken at 110: +50 realised. 5 open at 105: +25 unrealised.",
        world=world("100 | 100 111 100 105", long=[0], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE)],
        equity={1: 10_075},
        realised=50,
        closed_trades=0,
        open_lots=5,
    ),
]

CASES = LIQUIDATIONS + OPEN_ENDS
