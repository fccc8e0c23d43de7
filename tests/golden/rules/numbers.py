"""Rules 9 to 12: rounding, tolerances, taker and maker fills, slippage."""

from __future__ import annotations

from tests.golden.case import ENTRY, LIQUIDATION, NAN, SIGNAL, STOP, TAKE, Case, buy, linear, policy, sell, world

ROUNDING = [
    Case(
        rule="9",
        title="a long's stop goes down to the tick, its take up",
        arithmetic="""
        Bought at 101. Stop 101 - 5.05 = 95.95, down to 95: the low of 96 in bar 1 does not touch it.
        Take 101 + 5.05 = 106.05, up to 107: bar 2 trades through it to 108 and half, 5, is sold at 107.
        Bar 3 falls to 95: the other 5 are sold at 95.
        """,
        world=world(
            "100 | 101 105 96 100 | 100 108 100 107 | 107 107 95 96", long=[0], rules=policy(stop=0.05, take=0.05)
        ),
        fills=[buy(1, 10, 101, ENTRY), sell(2, 5, 107, TAKE, level=107), sell(3, 5, 95, STOP, level=95)],
        equity={3: 10_000},
    ),
    Case(
        rule="9",
        title="a short's stop goes up to the tick, its take down",
        arithmetic="""
        Sold short at 101. Stop 106.05, up to 107: the high of 106 in bar 1 does not touch it. Take 95.95, down to 95:
        bar 2 trades through it to 94, half is bought at 95 (+30). Bar 3 rises to 107: 5 at 107 (-30).
        """,
        world=world(
            "100 | 101 106 96 100 | 100 100 94 95 | 95 107 95 107", short=[0], rules=policy(stop=0.05, take=0.05)
        ),
        fills=[sell(1, 10, 101, ENTRY), buy(2, 5, 95, TAKE, level=95), buy(3, 5, 107, STOP, level=107)],
        equity={2: 10_060, 3: 10_000},
    ),
    Case(
        rule="9",
        title="quantities are floored to the lot, taker prices are not rounded",
        arithmetic="1000 / 101 = 9.90099, floored to 9.9 = 99 lots of 0.1. Fill 101 * 1.001 = 101.101, off the tick.",
        world=world("101 | 101", long=[0], kind=linear(lot=0.1), rules=policy(half_spread=0.001)),
        fills=[buy(1, 99, 101.101, ENTRY)],
        equity={1: 10_000 - 9.9 * 0.101},
    ),
    Case(
        rule="9",
        title="a liquidation price is not rounded",
        arithmetic="""
        Leverage 10, maintenance 0.05: L = 100 * 0.9 / 0.95 = 94.7368. A low of 94.8 is above it (95 would have been
        touched), a low of 94.7 is below it (94 would not have been touched).
        """,
        world=world(
            "100 | 100 100 94.8 95 | 95 95 94.7 95", long=[0], kind=linear(mmr=0.05), rules=policy(leverage=10.0)
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 90, LIQUIDATION)],
        equity={1: 9950, 2: 9900},
    ),
]

TOLERANCES = [
    Case(
        rule="10",
        title="0.3 is three lots of 0.1",
        arithmetic="30 / 100 = 0.3; in floating point 0.3 / 0.1 = 2.9999999999999996; floor(that + 1e-6) = 3 lots.",
        world=world("100 | 100", long=[0], kind=linear(lot=0.1), rules=policy(notional=30.0)),
        fills=[buy(1, 3, 100, ENTRY)],
    ),
    Case(
        rule="10",
        title="a take at 77.00000000000001 is 77, not 78",
        arithmetic="""
        70 + 0.1 * 70 = 77 (77.00000000000001 in floating point); ceil(that - 1e-6) = 77. High 78 is one tick through
        it. Half of 1000 / 70 = 14 lots is 7.
        """,
        world=world("70 | 70 78 70 70", long=[0], rules=policy(take=0.1)),
        fills=[buy(1, 14, 70, ENTRY), sell(1, 7, 77, TAKE, level=77)],
        equity={1: 10_049},
    ),
    Case(
        rule="10",
        title="prices less than a millionth of a tick apart are equal",
        arithmetic="""
        Stop 95. The low of bar 1, 95.00001, is above it. That of bar 2, 95.0000005, equals it: sold at 95.
        """,
        world=world("100 | 100 100 95.00001 97 | 97 97 95.0000005 97", long=[0], rules=policy(stop=0.05)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 95, STOP)],
        equity={2: 9950},
    ),
    Case(
        rule="10",
        title="a drawdown equal to its bound is not above it",
        arithmetic="""
        1000 / 100 = 10 lots from 100 to 70: equity 700, drawdown 1 - 0.7 = 0.3 (0.30000000000000004 in floating point).
        The bound is 0.3, so the next size is whole: 700 / 70 = 10 lots.
        """,
        world=world(
            "100 | 100 | 70 | 70 | 70",
            long=[0, 3],
            exit_long=[1],
            rules=policy(capital=1000.0, fraction=1.0, drawdown_halving=0.3),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 70, SIGNAL), buy(4, 10, 70, ENTRY)],
        equity={2: 700},
        max_drawdown=0.3,
    ),
    Case(
        rule="10",
        title="a volume equal to its bound passes",
        arithmetic="""
        3 * (0.1 + 0.1 + 0.1) / 3 is 0.3 (0.30000000000000004 in floating point); the volume is 0.3: enough.
        """,
        world=world(
            "100 @0.1 | 100 @0.1 | 100 @0.1 | 100 @0.3 | 100",
            long=[3],
            rules=policy(volume_factor=3.0, volume_window=3),
        ),
        fills=[buy(4, 10, 100, ENTRY)],
    ),
    Case(
        rule="10",
        title="a result less than a billionth below zero is no loss",
        arithmetic="""
        10 * (99.99999999999 - 100) = -1e-10, equal to 0: no loss, so with a limit of one loss the next entry passes.
        """,
        world=world(
            "100 | 100 | 99.99999999999 | 100 | 100",
            long=[0, 2],
            exit_long=[1],
            rules=policy(loss_streak_limit=1),
        ),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 99.99999999999, SIGNAL), buy(3, 10, 100, ENTRY)],
    ),
    Case(
        rule="10",
        title="a notional equal to its minimum passes",
        arithmetic="""
        29 / 100 = 0.29, 29 lots of 0.01, worth 29 (28.999999999999996 in floating point): the minimum is 29.
        """,
        world=world("100 | 100", long=[0], kind=linear(lot=0.01, min_notional=29.0), rules=policy(notional=29.0)),
        fills=[buy(1, 29, 100, ENTRY)],
    ),
]

FILLS = [
    Case(
        rule="11",
        title="a taker pays half spread, slippage and the taker fee",
        arithmetic="""
        Half spread 0.1 %, slippage 0.2 %, fee 0.1 %. Buy 10 at 100 * 1.003 = 100.3: fee 0.001 * 1003 = 1.003,
        spread 10 * 100 * 0.001 = 1, slippage 2. Sell at 110 * 0.997 = 109.67: fee 1.0967, spread 1.1, slippage 2.2.
        Equity 10000 + 10 * (109.67 - 100.3) - 1.003 - 1.0967 = 10091.6003.
        """,
        world=world(
            "100 | 100 | 110",
            long=[0],
            exit_long=[1],
            kind=linear(taker=0.001),
            rules=policy(half_spread=0.001, slippage_base=0.002),
        ),
        fills=[
            buy(1, 10, 100.3, ENTRY, raw=100, fee=1.003, spread=1, slippage=2),
            sell(2, 10, 109.67, SIGNAL, raw=110, fee=1.0967, spread=1.1, slippage=2.2),
        ],
        equity={1: 10_000 - 3 - 1.003, 2: 10_091.6003},
        realised=93.7,
    ),
    Case(
        rule="11",
        title="a short sells lower and buys back higher",
        arithmetic="Sell 10 at 99.7 (fee 0.997), buy at 100.3 (fee 1.003): 10 * (99.7 - 100.3) - 2 = -8.",
        world=world(
            "100 | 100 | 100",
            short=[0],
            exit_short=[1],
            kind=linear(taker=0.001),
            rules=policy(half_spread=0.001, slippage_base=0.002),
        ),
        fills=[sell(1, 10, 99.7, ENTRY, fee=0.997), buy(2, 10, 100.3, SIGNAL, fee=1.003)],
        equity={2: 9992},
        realised=-6,
    ),
    Case(
        rule="11",
        title="a maker gets the limit price and pays the maker fee only",
        arithmetic="""
        Half spread 1 %: bought at 101, fee 0.001 * 1010 = 1.01. Take 101 + 10.1 = 111.1, up to 112. High 113: 5 sold
        at 112, without spread, fee 0.0005 * 560 = 0.28. Realised 5 * 11 = 55.
        """,
        world=world(
            "100 | 100 113 100 101",
            long=[0],
            kind=linear(taker=0.001, maker=0.0005),
            rules=policy(half_spread=0.01, take=0.1),
        ),
        fills=[
            buy(1, 10, 101, ENTRY, fee=1.01, spread=10, slippage=0),
            sell(1, 5, 112, TAKE, level=112, raw=112, fee=0.28, spread=0, slippage=0),
        ],
        equity={1: 10_000 + 55 - 1.01 - 0.28},
        realised=55,
    ),
    Case(
        rule="11",
        title="fees of the policy come before those of the instrument",
        arithmetic="The instrument asks 0.1 %, the policy says 0.2 %: 0.002 * 1000 = 2.",
        world=world("100 | 100", long=[0], kind=linear(taker=0.001), rules=policy(taker_fee=0.002)),
        fills=[buy(1, 10, 100, ENTRY, fee=2)],
        equity={1: 9998},
    ),
]

SLIPPAGE = [
    Case(
        rule="12",
        title="base, ATR and share of volume add up",
        arithmetic="""
        0.001 + 0.1 * 2 / 100 + 0.01 * sqrt(10 / 1000) = 0.001 + 0.002 + 0.001 = 0.004: bought at 100.4, cost 4.
        """,
        world=world(
            "100 @1000 | 100",
            long=[0],
            atr=2,
            rules=policy(slippage_base=0.001, slippage_atr=0.1, slippage_volume=0.01),
        ),
        fills=[buy(1, 10, 100.4, ENTRY, slippage=4, spread=0)],
    ),
    Case(
        rule="12",
        title="ATR, close and volume are those of the last bar before the fill, not of the decision",
        arithmetic="""
        Latency 2: 10 lots decided at bar 0, filled at bar 2. Bar 1 has close 200, ATR 8, volume 40:
        0.001 + 0.1 * 8 / 200 + 0.01 * sqrt(10 / 40) = 0.001 + 0.004 + 0.005 = 0.01. Bought at 200 * 1.01 = 202.
        """,
        world=world(
            "100 @1000 | 200 @40 | 200",
            long=[0],
            atr=[2, 8, 50],
            rules=policy(latency=2, slippage_base=0.001, slippage_atr=0.1, slippage_volume=0.01),
        ),
        fills=[buy(2, 10, 202, ENTRY)],
    ),
    Case(
        rule="12",
        title="zero volume counts as ratio 1, and so does a quantity above the volume",
        arithmetic="Bar 0 has no volume: ratio 1, 1 %: 101. Bar 1 has 5, less than the 10 sold: ratio 1: 99.",
        world=world("100 @0 | 100 @5 | 100", long=[0], exit_long=[1], rules=policy(slippage_volume=0.01)),
        fills=[buy(1, 10, 101, ENTRY), sell(2, 10, 99, SIGNAL)],
        equity={2: 9980},
    ),
    Case(
        rule="12",
        title="a NaN ATR is replaced by the last finite one",
        arithmetic="""
        Filled at bar 2; the ATR of bar 1 is NaN, that of bar 0 is 2; the close of bar 1 is 200: 0.1 * 2 / 200 =
        0.001.
        """,
        world=world("100 | 200 | 200", long=[0], atr=[2, NAN, 50], rules=policy(latency=2, slippage_atr=0.1)),
        fills=[buy(2, 10, 200.2, ENTRY)],
    ),
    Case(
        rule="12",
        title="a stop slips by the bar before it, also in the bar of the entry",
        arithmetic="""
        Volume of bar 0 is 1000: 0.1 * sqrt(10 / 1000) = 0.01. Bought at 101; stop 101 - 5.05 = 95.95, down to 95.
        Low 94: sold at 95 * 0.99 = 94.05. The volume of bar 1 itself is not known before its end.
        """,
        world=world("100 @1000 | 100 100 94 95 @10", long=[0], rules=policy(slippage_volume=0.1, stop=0.05)),
        fills=[buy(1, 10, 101, ENTRY), sell(1, 10, 94.05, STOP, level=95, raw=95, slippage=9.5)],
        equity={1: 10_000 - 69.5},
    ),
    Case(
        rule="12",
        title="a later stop slips by the bar before its own",
        arithmetic="""
        Bar 1 has volume 40: 0.02 * sqrt(10 / 40) = 0.01; stop 95 in bar 2: 95 * 0.99 = 94.05. Bar 0: 0.02 * 0.1 =
        0.002.
        """,
        world=world("100 @1000 | 100 @40 | 100 100 94 95", long=[0], rules=policy(slippage_volume=0.02, stop=0.05)),
        fills=[buy(1, 10, 100.2, ENTRY), sell(2, 10, 94.05, STOP, level=95)],
    ),
]

CASES = ROUNDING + TOLERANCES + FILLS + SLIPPAGE
