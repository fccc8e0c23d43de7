"""Layer 3: the bot and its strategy. Has it lost enough for today, does it trade too often or against itself?"""

from __future__ import annotations

import math

from karat.risk.case import Case, Unknown, counted, drawdown, fall, flag, number, positive
from karat.risk.rules import Faults, Relation, Rule


def bot_running(case: Case) -> Faults:
    """The bot is not halted."""
    return Faults(("the bot is halted",) if flag(case.bot.halted, f"whether {case.proposal.bot} is halted") else ())


def bot_daily_drawdown(case: Case) -> float:
    return drawdown(case.bot.equity, case.bot.equity_day_start, case.proposal.bot, "equity at the day's start")


def bot_drawdown(case: Case) -> float:
    return fall(case.bot.equity, case.bot.equity_peak, case.proposal.bot)


def strategy_daily_drawdown(case: Case) -> float:
    """Of all bots of the strategy together."""
    bots = [one for one in case.snapshot.bots if one.strategy == case.proposal.strategy]
    if case.bot not in bots:
        raise Unknown(f"no bot of {case.proposal.strategy} is known")
    now = math.fsum(number(one.equity, f"equity of {one.bot}") for one in bots)
    start = math.fsum(positive(one.equity_day_start, f"equity at the day's start of {one.bot}") for one in bots)
    return drawdown(now, start, case.proposal.strategy, "equity at the day's start")


def entries_per_hour(case: Case) -> float:
    """With this one."""
    return counted(case.bot.entries_last_hour, "entries of the last hour") + 1.0


def entries_per_day(case: Case) -> float:
    """With this one. A day holds its last hour."""
    hour = counted(case.bot.entries_last_hour, "entries of the last hour")
    day = counted(case.bot.entries_last_day, "entries of the last day")
    if day < hour:
        raise Unknown("the last day has fewer entries than its last hour")
    return day + 1.0


def losses_in_row(case: Case) -> float:
    return counted(case.bot.losses_in_row, "losses in a row")


def contradiction(case: Case) -> Faults:
    """Neither the bot nor its strategy holds, or may soon hold, the other side of the same market."""
    order = case.proposal
    against = [one for one in case.exposures if one.market == order.market and one.side != order.side]
    own = sorted({one.bot for one in against if one.bot == order.bot or one.strategy == order.strategy})
    return Faults(tuple(f"{bot} is on the other side of {order.market}" for bot in own))


BOT_RULES = (
    Rule("bot_running", 3, "", "faults", "the bot is not halted", gate=bot_running),
    Rule("bot_daily_drawdown", 3, "limits.bot_daily_drawdown", "share", "the day is not lost", gate=bot_daily_drawdown),
    Rule("bot_drawdown", 3, "limits.bot_drawdown", "share", "the bot is not far below its peak", gate=bot_drawdown),
    Rule(
        "strategy_daily_drawdown", 3, "limits.strategy_daily_drawdown", "share", "nor is the day of its strategy",
        gate=strategy_daily_drawdown,
    ),
    Rule("entries_per_hour", 3, "limits.entries_per_hour", "entries", "no loop runs away", gate=entries_per_hour),
    Rule("entries_per_day", 3, "limits.entries_per_day", "entries", "nor a slow one", gate=entries_per_day),
    Rule(
        "losses_in_row", 3, "limits.losses_in_row", "losses", "it has not lost too often", Relation.BELOW,
        gate=losses_in_row,
    ),
    Rule("contradiction", 3, "", "faults", "no bot trades against its own strategy", gate=contradiction),
)  # fmt: skip
