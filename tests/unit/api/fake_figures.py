"""Figures for the fake cockpit, drawn from a seed: paths, rows, positions, trades, sums."""

from __future__ import annotations

import random
from itertools import accumulate

from karat.core.ids import BotId, MarketId, StrategyName
from karat.core.model.reasons import Reason
from karat.core.time import HOUR_MS
from karat.ports import cockpit as views
from karat.ports.cockpit import Book, BotState, Mode, Side, Undefined
from karat.ports.verdict import Verdict

CLOCK_TS = 1_763_733_600_000  # 2025-11-21T14:00Z, the market's clock of the fake
CAPITAL = 10_000.0
CLOSINGS = (Reason.SIGNAL, Reason.STOP, Reason.TAKE, Reason.TRAIL, Reason.TIME)
STRATEGIES = ("bollinger_reversion", "macd_momentum", "donchian_breakout", "ema_cross", "buy_and_hold")
MARKETS = (  # symbol, price, tick, lot
    ("AURUM", 96_412.5, 0.5, 0.001),
    ("BOREAS", 3_287.63, 0.01, 0.01),
    ("CORVUS", 214.62, 0.01, 0.1),
    ("DELTA", 15.842, 0.001, 1.0),
    ("EMBER", 1.112, 0.0001, 1.0),
    ("FJORD", 0.08421, 0.00001, 10.0),
)


def path(dice: random.Random, days: int) -> list[float]:
    value, points = CAPITAL, []
    drift = dice.uniform(-0.00004, 0.00008)
    for _ in range(days * 24):
        value *= 1 + drift + dice.gauss(0, 0.0018)
        points.append(round(value, 2))
    return points


def row(index: int, bot: BotId, path: list[float], mode: Mode) -> views.BotRow:
    strategy = STRATEGIES[index % len(STRATEGIES)]
    return views.BotRow(
        id=bot,
        name=f"{strategy}-{MARKETS[index % len(MARKETS)][0].lower()}",
        strategy=StrategyName(strategy),
        market=MarketId(f"demo:{MARKETS[index % len(MARKETS)][0]}USDT"),
        timeframe="1h",
        mode=mode,
        currency="USDT",
        state=BotState.RUNNING,
        state_cause="",
        equity=path[-1],
        today=path[-1] - path[-15],
        today_fraction=path[-1] / path[-15] - 1,
        open_pnl=0.0,
        drawdown=path[-1] / max(path) - 1,
        trades=0,
        holding=None,
        last_bar_ts=CLOCK_TS - HOUR_MS,
        warnings=(),
        verdict=Verdict.NOT_PROVEN,
    )


def position(dice: random.Random, index: int, bot: BotId) -> views.PositionRow:
    symbol, price, tick, lot = MARKETS[index % len(MARKETS)]
    side = Side.SHORT if index % 4 == 1 else Side.LONG
    sign = 1 if side == Side.LONG else -1
    mark = round(price * (1 + dice.gauss(0.002, 0.01)) / tick) * tick
    quantity = max(lot, round(CAPITAL * 0.9 / price / lot) * lot)
    stop = None if index == 0 else round(price * (1 - sign * 0.025) / tick) * tick
    pnl = (mark - price) * quantity * sign
    no_stop = Undefined("no stop")
    return views.PositionRow(
        bot=bot,
        market=MarketId(f"demo:{symbol}USDT"),
        currency="USDT",
        side=side,
        quantity=quantity,
        entry_ts=CLOCK_TS - (index + 2) * HOUR_MS,
        entry_price=price,
        mark_price=mark,
        open_pnl=pnl,
        stop_price=stop,
        stop_distance=no_stop if stop is None else (mark - stop) * sign / mark,
        at_stop=no_stop if stop is None else (stop - mark) * quantity * sign,
        r=no_stop if stop is None else pnl / (abs(price - stop) * quantity),
        price_tick=tick,
        quantity_step=lot,
    )


def past_trades(dice: random.Random, bots: list[BotId]) -> list[views.TradeRow]:
    if not bots:
        return []
    trades: list[views.TradeRow] = []
    counts = dict.fromkeys(bots, 0)
    for number in range(1, 121):
        index = dice.randrange(len(bots))
        symbol, price, tick, lot = MARKETS[index % len(MARKETS)]
        counts[bots[index]] += 1
        side = dice.choice((Side.LONG, Side.SHORT))
        sign = 1 if side == Side.LONG else -1
        entry = round(price * dice.uniform(0.92, 1.04) / tick) * tick
        leave = round(entry * (1 + dice.gauss(0.001, 0.012)) / tick) * tick
        quantity = max(lot, round(CAPITAL * 0.9 / entry / lot) * lot)
        exit_ts = CLOCK_TS - (121 - number) * 5 * HOUR_MS
        trade = views.TradeRow(
            sequence=number,
            bot=bots[index],
            market=MarketId(f"demo:{symbol}USDT"),
            currency="USDT",
            id=counts[bots[index]],
            side=side,
            entry_ts=exit_ts - dice.randrange(2, 40) * HOUR_MS,
            exit_ts=exit_ts,
            quantity=quantity,
            entry_price=entry,
            exit_price=leave,
            pnl=sign * (leave - entry) * quantity - quantity * entry * 0.001,
            r=Undefined("no stop") if index == 0 else sign * (leave - entry) / (entry * 0.025),
            reason=dice.choice(CLOSINGS),
            price_tick=tick,
            quantity_step=lot,
        )
        trades.append(trade)
    return trades


def totals(
    rows: tuple[views.BotRow, ...], positions: list[views.PositionRow], sums: list[float], mode: Mode
) -> views.Totals:
    def total(name: str) -> float:
        return sum(value for value in (getattr(row, name) for row in rows) if isinstance(value, float))

    known = [row for row in rows if isinstance(row.equity, float)]
    equity, today = total("equity"), total("today")
    signed = [p.mark_price * p.quantity * (1 if p.side == Side.LONG else -1) for p in positions]
    return views.Totals(
        book=Book(mode, "USDT"),
        bots=len(rows),
        missing=len(rows) - len(known),
        capital=CAPITAL * len(known),
        equity=equity if known else Undefined("no bar yet"),
        today=today if known else Undefined("no bar yet"),
        today_fraction=today / (equity - today) if known else Undefined("no bar yet"),
        open_pnl=total("open_pnl"),
        drawdown=min(0.0, equity / max(sums) - 1),
        drawdown_deepest=min(value / high - 1 for value, high in zip(sums, accumulate(sums, max), strict=True)),
        at_stops=sum(p.at_stop for p in positions if isinstance(p.at_stop, float)),
        positions=len(positions),
        unbounded=sum(p.stop_price is None for p in positions),
        trades=sum(row.trades for row in rows),
        exposure_gross=sum(map(abs, signed)) / equity,
        exposure_net=sum(signed) / equity,
    )
