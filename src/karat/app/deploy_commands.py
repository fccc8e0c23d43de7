"""karat deploy: bots out of dossiers. It alone makes bots that are marked as proven."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.errors import InputError
from karat.core.time import iso, parse_time_ms, timeframe_text
from karat.ports.cockpit import Mode

if TYPE_CHECKING:
    from karat.app.bot_making import Wanted
    from karat.control.deploy import Deployment
    from karat.ports.journal import BotRecord
    from karat.ports.lake import Lake

Json = Annotated[bool, Parameter(name="--json", negative="")]
Switch = Annotated[bool, Parameter(negative="")]
CAPITAL = 1_000.0


def deploy_command(
    *dossier: str,
    name: str | None = None,
    capital: float = CAPITAL,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    min_coverage: float | None = None,
    watch: Switch = False,
    live: Switch = False,
    mode: str | None = None,
    as_json: Json = False,
) -> None:
    """Create a bot from each dossier that says gold, with exactly what was proved: parameters, policy, market and
    timeframe, at pessimistic costs. Only such bots are marked as proven. Fills are on paper. All are made, or none.

    Parameters
    ----------
    dossier
        One or several, as karat dossier list names them; the beginning of a name is enough.
    name
        What the bot of one dossier is called; its strategy and market when left out.
    capital
        What each bot starts with, in the currency of its market.
    from_
        The bot's first bar. The start of the market's vault when left out, and not before: no search has seen a bar
        of what the bot shows.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out. What is let through is recorded.
    watch
        Deploy dossiers that are only on watch too. Their bots are marked as on watch, never as proven.
    live
        Follow the live market behind the last bar of the lake (karat bots run --live).
    mode
        simulated, paper (the same as --live), shadow (a live market, orders only recorded) or live.
    as_json
        Print one JSON list.
    """
    from karat.app.bot_making import made, mode_of
    from karat.bots.system_clock import SystemClock
    from karat.control.verdict import Judge
    from karat.journal import open_journal
    from karat.lake.store import open_lake

    asked = mode_of(mode, live=live)
    if asked is Mode.LIVE and watch:
        raise InputError("live_not_proven", "What is only on watch does not trade live.", "Leave --watch out.")
    found = _found(dossier, watch=watch)
    if name is not None and len(found) > 1:
        raise InputError("bad_bot_name", f"{len(found)} bots cannot have one name.", "Leave --name out.")
    lake, now_ms, since = open_lake(), SystemClock().now_ms(), None if from_ is None else parse_time_ms(from_)
    _refuse_deployed(found, named=name is not None)
    bots: list[tuple[BotRecord, Any]] = []
    for one in found:
        wanted = _wanted(lake, one, name or one.name, capital, since, min_coverage, asked)
        record, happenings = made(lake, wanted, now_ms)
        bots.append((replace(record, dossier=one.mark), (*happenings, one.happening())))
    with closing(open_journal()) as journal:
        journal.create_bots(bots)
    judge = Judge()
    rows = [_row(record, judge) for record, _ in bots]
    if as_json:
        show_json(rows)
        return
    for row in rows:
        _show(row)
    say(f"Run: karat bots run {' '.join(row['name'] for row in rows)}{'' if asked is Mode.SIMULATED else ' --live'}")


def _found(names: tuple[str, ...], *, watch: bool) -> list[Deployment]:
    from karat.control.deploy import deployment
    from karat.control.proved import seals
    from karat.research.dossier.folder import find_dossier
    from karat.research.ledger.trials import TrialLedger

    if not names:
        raise InputError("no_dossier", "Name a dossier to deploy.", "List them: karat dossier list.")
    dossiers, sealed = [find_dossier(name) for name in names], seals(TrialLedger())
    return [deployment(one, sealed, watch=watch) for one in {one.hash: one for one in dossiers}.values()]


def _refuse_deployed(found: list[Deployment], *, named: bool) -> None:
    """A second bot of a dossier must have been asked for by a name of its own."""
    from karat.control.deploy import refuse_twice
    from karat.journal import journal_is_there, open_journal

    if named or not journal_is_there():
        return
    with closing(open_journal()) as journal:
        records = journal.bots()
    for one in found:
        refuse_twice(one, records)


def _wanted(
    lake: Lake, one: Deployment, name: str, capital: float, since: int | None, min_coverage: float | None, mode: Mode
) -> Wanted:
    from karat.app.bot_making import Wanted

    proved = one.proved
    unseen = max(lake.entry(proved.market, proved.timeframe_ms).vault_start_ts, proved.seen_until_ms)
    if since is not None and since < unseen:
        text = f"The bars of {proved.market} before {iso(unseen)} were searched: they prove nothing of a bot."
        raise InputError("bars_seen", text, f"Use --from {iso(unseen)} or later.")
    return Wanted(
        name=name, strategy=one.strategy, parameters=proved.parameters, policy=proved.with_capital(capital),
        market=proved.market, timeframe_ms=proved.timeframe_ms, anchor_ts=unseen if since is None else since,
        min_coverage=min_coverage, mode=mode,
    )  # fmt: skip


def _row(record: BotRecord, judge: Any) -> dict[str, Any]:
    assert record.dossier is not None, "every deployed bot has one"
    judgement = judge.judge(record)
    return {
        "name": record.name,
        "dossier": record.dossier.id,
        "verdict": judgement.verdict.value,
        "verdict_reason": judgement.reason,
        "strategy": record.strategy,
        "market": record.market,
        "timeframe": timeframe_text(record.timeframe_ms),
        "mode": record.mode.value,
        "capital": record.policy.capital,
        "currency": record.currency,
        "anchor_ts": record.anchor_ts,
    }


def _show(row: dict[str, Any]) -> None:
    what = f"{row['strategy']} on {row['market']} {row['timeframe']}"
    money = f"{row['capital']:,.2f} {row['currency']}"
    show(f"{row['name']}: {what}, from {iso(row['anchor_ts'])} on, with {money}: {row['verdict']}.")
    show(f"{row['verdict_reason']} Dossier: {row['dossier']}.")
