"""karat bots: create bots, run them on replayed candles, and look at what they did."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from karat.app.bot_views import bot_json, show_one, show_rows, trade_json
from karat.app.console import say, show, show_json, undefined
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.core.ids import BotId, market_id
from karat.core.time import iso, parse_time_ms, timeframe_ms, timeframe_text
from karat.journal import journal_is_there, open_journal
from karat.ports.cockpit import Mode
from karat.ports.journal import LimitedBy

if TYPE_CHECKING:
    from karat.journal.store import SqlJournal

Json = Annotated[bool, Parameter(name="--json", negative="")]
Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
EXIT_FAILED = 1
DEFAULT_POLICY = "default"
TRADES_SHOWN, EVENTS_SHOWN = 5, 8


def create_bot(
    name: str, *, strategy: str, market: str, timeframe: str,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    set_: Annotated[Pairs, Parameter(name="--set")] = (),
    policy: Pairs = (),
    capital: float | None = None,
    min_coverage: float | None = None,
    live: Annotated[bool, Parameter(negative="")] = False,
    mode: str | None = None,
    limits: Literal["fleet", "none"] = "fleet",
) -> None:  # fmt: skip
    """Create a bot on a market of the lake. It trades nothing until karat bots run.

    Parameters
    ----------
    name
        Lower-case letters, digits, - and _.
    strategy
        As karat strategies list names it. It is checked first, once per version of its code.
    market
        venue:SYMBOL, for example binance_perp:BTCUSDT.
    timeframe
        For example 15m, 1h or 1d.
    from_
        The anchor: the bot's first bar. The market's own anchor when left out.
    set_
        Parameters of the strategy: fast_period=10 slow_period=40.
    policy
        Fields of the policy: stop_mode=fraction stop_value=0.02; a limit is taken away with off. The word default
        among them begins with the policy of docs/risk.md.
    capital
        Equity at the start, in the currency of the market; the same as --policy capital=.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out. What is let through is recorded.
    live
        Follow the live market behind the last bar of the lake (karat bots run --live). Fills are on paper.
    mode
        simulated, paper (the same as --live) or shadow: a live market, orders only recorded. Live bots are deployed.
    limits
        fleet: the entry filter, the breakers and the layers of risk stand over its entries. none: it trades as its
        backtest does. The kill switch binds both.
    """
    from karat.app.bot_making import Wanted, made, mode_of
    from karat.bots.system_clock import SystemClock
    from karat.lake.store import open_lake
    from karat.research.backtest_policy import pairs, parse_policy
    from karat.strategies import find_strategy

    asked = mode_of(mode, live=live)
    if asked is Mode.LIVE:
        hint = "Prove it, then: karat deploy DOSSIER --mode live."
        raise InputError("live_not_proven", "A live bot comes from a dossier that says gold.", hint)
    by_default = DEFAULT_POLICY in policy
    given = [text for text in policy if text != DEFAULT_POLICY]
    found, parameters, fields = find_strategy(strategy), pairs(set_, "--set"), pairs(given, "--policy")
    if capital is not None and "capital" in fields:
        raise InputError("bad_pair", "The capital is given twice.", "Use --capital or --policy capital=, not both.")
    rules = parse_policy(fields if capital is None else {**fields, "capital": str(capital)}, default=by_default)
    wanted = Wanted(
        name=name, strategy=found, parameters=parameters, policy=rules, market=market_id(market),
        timeframe_ms=timeframe_ms(timeframe), anchor_ts=None if from_ is None else parse_time_ms(from_),
        min_coverage=min_coverage, mode=asked, limits=LimitedBy(limits),
    )  # fmt: skip
    bot = made(open_lake(), wanted, SystemClock().now_ms())
    with closing(open_journal()) as journal:
        journal.create_bots([bot])
    record, began = bot[0], iso(bot[0].anchor_ts)
    show(f"{record.name}: {record.strategy} on {record.market} {timeframe_text(record.timeframe_ms)}, from {began} on.")
    say(f"Run it: karat bots run {record.name}{'' if asked is Mode.SIMULATED else ' --live'}")


def list_bots(*, as_json: Json = False) -> None:
    """List every bot and how it stands.

    Parameters
    ----------
    as_json
        Print one JSON list.
    """
    journal = journal_if_any()
    try:
        rows = [] if journal is None else [bot_json(journal, record) for record in journal.bots()]
    finally:
        if journal is not None:
            journal.close()
    if as_json:
        show_json(rows)
    elif rows:
        show_rows(rows)
    else:
        say(f"There is no bot under {karat_home()}. Create one: karat bots create NAME.")


def show_bot(name: str, *, as_json: Json = False) -> None:
    """Show one bot: what it is, what it holds, its newest trades and events.

    Parameters
    ----------
    name
        As karat bots list names it.
    as_json
        Print one JSON object.
    """
    from karat.app.bot_views import protection_json
    from karat.control.verdict import Judge

    journal = journal_if_any()
    if journal is None:
        raise no_bot()
    try:
        record = journal.bot(BotId(name))
        judgement = Judge().judge(record)
        value = {
            **bot_json(journal, record),
            "verdict": judgement.verdict.value,
            "verdict_reason": judgement.reason,
            "dossier": None if record.dossier is None else record.dossier.id,
            "parameters": dict(record.parameters),
            "capital": record.policy.capital,
            "limits": record.limits.value,
            "protection": protection_json(journal, record),
            "parity": journal.facts().get(f"parity:{record.id}", undefined("not compared yet: karat parity NAME")),
            "code_hash": record.code_hash,
            "anchor_ts": record.anchor_ts,
            "newest_trades": [trade_json(trade) for trade in journal.trades(TRADES_SHOWN, bot=record.id)],
            "newest_events": [
                {"id": one.id, "ts": one.ts, "bar_ts": one.bar_ts, "kind": one.kind.value, "text": one.text}
                for one in journal.events(EVENTS_SHOWN, bot=record.id)
            ],
        }
    finally:
        journal.close()
    if as_json:
        show_json(value)
    else:
        show_one(value)


def journal_if_any() -> SqlJournal | None:
    """The journal, if there is one: looking must not make one."""
    return open_journal() if journal_is_there() else None


def no_bot() -> InputError:
    return InputError("no_bot", "There is no bot that could do that.", "Create one: karat bots create NAME.")
