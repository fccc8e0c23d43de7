"""Rules 13, 14 and 16: where levels lie, what a take closes, which order leaves."""

from __future__ import annotations

from tests.golden.case import ENTRY, SIGNAL, STOP, TAKE, TIME, Case, buy, linear, policy, sell, world

LEVELS = [
    Case(
        rule="13",
        title="a stop in ATR takes the ATR of the decision bar and stays",
        arithmetic="""
        ATR 3 at bar 0: 100 - 2 * 3 = 94, whatever the ATR does later. Low 95 in bar 1: above. Bar 2, low 94: sold.
        """,
        world=world("100 | 100 101 95 97 | 97 98 94 95", long=[0], atr=[3, 1, 9], rules=policy(stop_atr=2)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 94, STOP, level=94)],
        equity={2: 9940},
    ),
    Case(
        rule="13",
        title="a fraction is one of the fill price, spread included",
        arithmetic="""
        Half spread 1 %: bought at 101. Take 101 * 1.05 = 106.05, up to 107; from the open it would be 105. High 108.
        """,
        world=world("100 | 100 108 100 101", long=[0], rules=policy(half_spread=0.01, take=0.05)),
        fills=[buy(1, 10, 101, ENTRY), sell(1, 5, 107, TAKE, level=107)],
        equity={1: 10_030},
    ),
    Case(
        rule="13",
        title="distances count from the fill, not from the close of the decision",
        arithmetic="take[0] = 7, close 100, but bought at 103: take 110. High 109 is not enough, high 111 is.",
        world=world("100 | 103 109 103 103 | 103 111 103 103", long=[0], take={0: 7, 1: 1}),
        fills=[buy(1, 10, 103, ENTRY), sell(2, 5, 110, TAKE, level=110)],
        equity={2: 10_035},
    ),
    Case(
        rule="13",
        title="levels live from the fill: both act in the bar of the entry",
        arithmetic="Take 110: high 111 in bar 1, low 96 above the stop: 5 sold at 110 in the bar of the entry.",
        world=world("100 | 100 111 96 100", long=[0], rules=policy(stop=0.05, take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE, decision=0)],
        equity={1: 10_050},
    ),
    Case(
        rule="13",
        title="a short's levels lie the other way round",
        arithmetic="""
        ATR 2 at bar 0: stop 100 + 3 * 2 = 106, take 100 - 2 * 2 = 96. Bar 1, low 95: 5 bought at 96. Bar 2, high 106:
        5 at 106.
        """,
        world=world(
            "100 | 100 100 95 100 | 100 106 100 100", short=[0], atr=[2, 9, 9], rules=policy(stop_atr=3, take_atr=2)
        ),
        fills=[sell(1, 10, 100, ENTRY), buy(1, 5, 96, TAKE, level=96), buy(2, 5, 106, STOP, level=106)],
        equity={2: 9990},
    ),
]

UP = "100 | 100 111 100 100"  # the take at 110 is traded through in bar 1

TAKE_SHARES = [
    Case(
        rule="14",
        title="the take closes half, floored to the lot",
        arithmetic="500 / 100 = 5 lots; half is 2.5, floored 2, at 110: +20. The other 3 stay.",
        world=world(UP, long=[0], rules=policy(notional=500.0, take=0.1)),
        fills=[buy(1, 5, 100, ENTRY), sell(1, 2, 110, TAKE)],
        equity={1: 10_020},
        open_lots=3,
        closed_trades=0,
    ),
    Case(
        rule="14",
        title="where half is no lot, all is closed",
        arithmetic="One lot: half, floored, is 0, so the one is sold at 110.",
        world=world(UP, long=[0], rules=policy(notional=100.0, take=0.1)),
        fills=[buy(1, 1, 100, ENTRY), sell(1, 1, 110, TAKE)],
        equity={1: 10_010},
        closed_trades=1,
    ),
    Case(
        rule="14",
        title="where the rest would be under the minimum quantity, all is closed",
        arithmetic="4 lots, minimum 3: half is 2, the rest of 2 would be under 3: all 4 at 110.",
        world=world(UP, long=[0], kind=linear(min_quantity=3.0), rules=policy(notional=400.0, take=0.1)),
        fills=[buy(1, 4, 100, ENTRY), sell(1, 4, 110, TAKE)],
        equity={1: 10_040},
    ),
    Case(
        rule="14",
        title="a rest at the minimum quantity stays",
        arithmetic="5 lots, minimum 3: half is 2, the rest is 3, not under 3: it stays.",
        world=world(UP, long=[0], kind=linear(min_quantity=3.0), rules=policy(notional=500.0, take=0.1)),
        fills=[buy(1, 5, 100, ENTRY), sell(1, 2, 110, TAKE)],
        open_lots=3,
    ),
    Case(
        rule="14",
        title="where the rest would be under the minimum notional at the take, all is closed",
        arithmetic="10 lots, minimum 600: the rest of 5 is worth 5 * 110 = 550 < 600: all 10 at 110.",
        world=world(UP, long=[0], kind=linear(min_notional=600.0), rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 10, 110, TAKE)],
        equity={1: 10_100},
    ),
    Case(
        rule="14",
        title="the minimum notional of the rest is taken at the take, not at the entry",
        arithmetic="10 lots, minimum 550: 5 * 110 = 550, not under it (5 * 100 would be): 5 stay.",
        world=world(UP, long=[0], kind=linear(min_notional=550.0), rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE)],
        open_lots=5,
    ),
    Case(
        rule="14",
        title="the take closes once per trade",
        arithmetic="5 at 110 in bar 1. Bar 2 goes to 115: nothing more.",
        world=world(f"{UP} | 100 115 100 112", long=[0], rules=policy(take=0.1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE)],
        equity={2: 10_000 + 50 + 60},
    ),
    Case(
        rule="14",
        title="the share is one of all that was entered, adds included",
        arithmetic="10 at 100 in bar 1, 10 more at 100 in bar 2. Bar 3 goes to 111: half of 20 is 10, at 110.",
        world=world("100 | 100 | 100 | 100 111 100 100", long=[0, 1], rules=policy(take=0.1, max_adds=1)),
        fills=[buy(1, 10, 100, ENTRY), buy(2, 10, 100, ENTRY), sell(3, 10, 110, TAKE)],
        equity={3: 10_100},
    ),
    Case(
        rule="14",
        title="another share than a half",
        arithmetic="A quarter of 10 is 2.5, floored 2.",
        world=world(UP, long=[0], rules=policy(take=0.1, take_fraction=0.25)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 2, 110, TAKE)],
        open_lots=8,
    ),
    Case(
        rule="14",
        title="an add after the take does not bring it back",
        arithmetic="""
        5 of 10 taken at 110 in bar 1. At its close the entry is still set: 10 more at 100 in bar 2. Bar 3 goes to
        120: no second take.
        """,
        world=world(f"{UP} | 100 | 100 120 100 100", long=[0, 1], rules=policy(take=0.1, max_adds=1)),
        fills=[buy(1, 10, 100, ENTRY), sell(1, 5, 110, TAKE), buy(2, 10, 100, ENTRY)],
        open_lots=15,
    ),
]

ORDERS = [
    Case(
        rule="16",
        title="the entry bar is the first bar held",
        arithmetic="""
        Leave after 1 bar: at the close of bar 1, the bar of the entry, it has been held 1 bar. Sold at bar 2.
        """,
        world=world("100 | 100 | 101", long=[0], rules=policy(time_exit=1)),
        fills=[buy(1, 10, 100, ENTRY), sell(2, 10, 101, TIME, decision=1)],
        equity={2: 10_010},
    ),
    Case(
        rule="16",
        title="an exit signal comes before the time exit",
        arithmetic="At the close of bar 2 both hold: held 2 bars, exit_long set. One order, with reason signal.",
        world=world("100 | 100 | 100 | 101", long=[0], exit_long=[2], rules=policy(time_exit=2)),
        fills=[buy(1, 10, 100, ENTRY), sell(3, 10, 101, SIGNAL)],
    ),
    Case(
        rule="16",
        title="while an exit is on its way nothing new is decided",
        arithmetic="""
        Latency 2: bought at bar 2; the exit decided at bar 2 is due at bar 4. At bar 3 the time exit (2 bars) would
        hold and an entry -1 is set: nothing is decided. Bar 4: one sale, by signal. The entry of bar 3 opens nothing
        at bar 5.
        """,
        world=world(
            "100 | 100 | 100 | 100 | 102 | 102",
            long=[0],
            short=[3],
            exit_long=[2],
            rules=policy(latency=2, time_exit=2),
        ),
        fills=[buy(2, 10, 100, ENTRY), sell(4, 10, 102, SIGNAL, decision=2)],
        equity={5: 10_020},
    ),
    Case(
        rule="16",
        title="while an entry is on its way nothing new is decided",
        arithmetic="""
        Latency 2: long decided at bar 0, due at bar 2. The entry -1 at bar 1 is not heard. At bar 2 there is a
        position.
        """,
        world=world("100 | 100 | 100 | 100", long=[0], short=[1], rules=policy(latency=2)),
        fills=[buy(2, 10, 100, ENTRY)],
        open_lots=10,
    ),
    Case(
        rule="16",
        title="an order on its way is not recalled",
        arithmetic="""
        Latency 2: the exit decided at bar 2 fills at bar 4, though at bar 3 the entry is set again and the price
        doubled.
        """,
        world=world("100 | 100 | 100 | 200 | 200 | 200", long=[0, 3], exit_long=[2], rules=policy(latency=2)),
        fills=[buy(2, 10, 100, ENTRY), sell(4, 10, 200, SIGNAL)],
        equity={5: 11_000},
    ),
    Case(
        rule="16",
        title="a short leaves by its own exit signal only",
        arithmetic="exit_long at bar 1 says nothing to a short. exit_short at bar 2 closes it at bar 3: +10.",
        world=world("100 | 100 | 100 | 99", short=[0], exit_long=[1], exit_short=[2]),
        fills=[sell(1, 10, 100, ENTRY), buy(3, 10, 99, SIGNAL)],
        equity={3: 10_010},
    ),
]

CASES = LEVELS + TAKE_SHARES + ORDERS
