"""karat parity: one call, runner and sweep on real markets, with a runner that is killed in the middle.

All cases run as one fleet of bots in a journal of their own, in a process that kills itself with SIGKILL in the middle
of a bar, half way through. This process then takes the same journal up, finishes, and compares.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.bots.runner import Runner
from karat.bots.system_clock import SystemClock
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices
from karat.control.parity import ParityCase, ParityResult, compared
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import MarketId, market_id
from karat.core.model.candles import Candles, Funding, no_funding
from karat.core.model.policy import Policy
from karat.core.time import timeframe_ms, timeframe_text
from karat.feeds.replay import ReplayFeed
from karat.journal import open_journal
from karat.kernel.engine import Inputs
from karat.lake.inputs import FUNDING, declared_series, has_inputs
from karat.lake.reading import read_market
from karat.lake.store import open_lake
from karat.ports.feed import FeedKey
from karat.ports.lake import Lake
from karat.ports.trading import TradingJournal
from karat.ports.venue import Venue
from karat.research.backtest_market import known_funding
from karat.research.backtest_policy import pairs, parse_policy
from karat.research.data_gate import data_json, pass_gate
from karat.strategies import Strategy, all_strategies, find_strategy
from karat.strategies.legs import is_two_legged
from karat.strategies.registry import is_builtin
from karat.venues.paper import PaperVenue

EXIT_UNEQUAL = 1
MARKETS_MAX = 8
Json = Annotated[bool, Parameter(name="--json", negative="")]
Many = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]


def parity_command(
    bot: str | None = None, *, strategy: Many = (), market: Many = (), timeframe: str = "1h", bars: int = 2000,
    policy: Many = (), min_coverage: float | None = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Show that backtest, bot and sweep make the same trades: three ways, one of them killed in the middle.

    With BOT: how that bot's trades compare with a backtest over the bars it was given, and where the gap comes from.

    Parameters
    ----------
    bot
        As karat bots list names it; the other options are for the proof without it.
    strategy
        Strategies by name; every strategy that comes with Karat when left out.
    market
        Markets as venue:SYMBOL; up to eight of the lake when left out.
    timeframe
        For example 15m, 1h or 1d.
    bars
        How many bars of each market, the last ones before its vault.
    policy
        Fields of the policy: stop_mode=atr stop_value=2.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out. What is let through is recorded.
    as_json
        Print one JSON object.
    """
    if bot is not None:
        from karat.app.bot_parity_commands import parity_of_bot

        if strategy or market or policy:
            raise InputError("bad_parity", "A bot has its own strategy, market and policy.", f"karat parity {bot}")
        return parity_of_bot(bot, as_json=as_json)
    if bars < 2:
        raise InputError("bad_bars", f"{bars} bars cannot be run in two parts.", "Use 2 or more, for example 2000.")
    lake, rules, length = open_lake(), parse_policy(pairs(policy, "--policy")), timeframe_ms(timeframe)
    chosen = [find_strategy(name) for name in strategy] or starters()
    cases = [
        case_of(lake, one, where, length, bars, rules)
        for where in [market_id(name) for name in market] or markets_of(lake, length)
        for one in chosen
        if strategy or has_needs(lake, one, where, length)
    ]
    if not cases:
        raise InputError("nothing_to_compare", "No market has what these strategies need.", "See karat data list.")
    data = {case.candles.market: _data_json(lake, case, min_coverage) for case in cases}
    with progress(f"{len(cases)} bots, killed in the middle"):
        results = proven(cases)
    if as_json:
        show_json(_json(results, data))
    else:
        _show(results)
    return 0 if all(result.equal for result in results) else EXIT_UNEQUAL


def starters() -> list[Strategy]:
    """The strategies of one market that come with Karat."""
    shipped = (strategy for strategy in all_strategies().strategies if is_builtin(strategy.name))
    return [strategy for strategy in shipped if not is_two_legged(strategy)]


def markets_of(lake: Lake, length: int) -> list[MarketId]:
    """Up to MARKETS_MAX markets that have this timeframe, stored ones first. Raises InputError `lake_empty`."""
    stored = {entry.market for entry in lake.list() if entry.timeframe_ms == length}
    able = sorted({entry.market for entry in lake.list() if lake.has(entry.market, length)})
    if not able:
        raise InputError(
            "lake_empty", f"No market of the lake has bars of {timeframe_text(length)}.", "karat data import PATH."
        )
    return sorted(able, key=lambda market: market not in stored)[:MARKETS_MAX]


def case_of(lake: Lake, strategy: Strategy, market: MarketId, length: int, bars: int, policy: Policy) -> ParityCase:
    """The last `bars` bars before the vault, which this is no reason to look into."""
    before = lake.candles_between(market, length, None, lake.entry(market, length).vault_start_ts)
    anchor = int(before.ts[-bars:][0])
    candles, funding = feed_of(lake, market, length, anchor, bars)
    instrument = read_market(lake, market, length, anchor, int(before.ts[-1]) + length).instrument
    return ParityCase(strategy, {}, policy, instrument, candles, funding, declared_series(lake, market, strategy.needs))


def has_needs(lake: Lake, strategy: Strategy, market: MarketId, length: int) -> bool:
    """Whether the lake has what `strategy` declares."""
    pays = lake.entry(market, length).has_funding
    return has_inputs(lake, market, strategy.needs) and (pays or FUNDING not in strategy.needs)


def feed_of(lake: Lake, market: MarketId, length: int, anchor: int, bars: int) -> tuple[Candles, Funding | None]:
    """The first `bars` bars from the anchor on, and the funding known by their end."""
    candles = read_market(lake, market, length, anchor).candles[:bars]
    has_funding = lake.entry(market, length).has_funding
    return candles, known_funding(lake.funding(market), candles) if has_funding else None


def proven(cases: Sequence[ParityCase]) -> list[ParityResult]:
    """Run `cases` as a fleet, killed half way and taken up again, and compare each with its other ways."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        records = [case.bot(f"parity-{number}") for number, case in enumerate(cases)]
        bars = max(len(case.candles) for case in cases)
        journal = open_journal(home)
        for record in records:
            journal.create_bot(record)
        journal.close()
        _run_and_be_killed(home, bars, sum(len(case.candles) for case in cases) // 2)
        journal = open_journal(home)
        try:
            _run_fleet(journal, bars, PaperVenue())
            return [compared(case, journal, record.id) for case, record in zip(cases, records, strict=True)]
        finally:
            journal.close()


class DeadlyVenue(PaperVenue):
    """A paper venue in whose hands the process dies: in the middle of a bar, before anything of it is written."""

    def __init__(self, bars: int) -> None:
        super().__init__()
        self._left = bars

    def walk(self, bot: int, inputs: Inputs, bar: int) -> None:
        super().walk(bot, inputs, bar)
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _run_fleet(journal: TradingJournal, bars: int, venue: Venue) -> None:
    lake, clock = open_lake(), SystemClock()

    def feed(key: FeedKey) -> ReplayFeed:
        candles, funding = feed_of(lake, key.market, key.timeframe_ms, key.anchor_ts, bars)
        return ReplayFeed(candles, funding, clock, series=declared_series(lake, key.market, key.needs))

    runner = Runner(journal, feed, venue, find_strategy, clock, voices=Voices(WorkerSettings()))
    asyncio.run(runner.run([record.id for record in journal.bots()]))


def _run_and_be_killed(home: Path, bars: int, die_after: int) -> None:
    """Run the fleet of `home` in another process until it kills itself. Raises NeedsOperator `not_killed`."""
    command = [sys.executable, "-m", "karat.app.parity_commands", str(home), str(bars), str(die_after)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode != -signal.SIGKILL:
        last = (ran.stderr.strip().splitlines() or ["nothing"])[-1]
        told = f"The process to be killed ended by itself, exit code {ran.returncode}, and said: {last}."
        raise NeedsOperator("not_killed", told, "Was code edited meanwhile? Run it again; if it repeats, report it.")


def _data_json(lake: Lake, case: ParityCase, min_coverage: float | None) -> dict[str, Any]:
    """Hash and quality of the bars of a case. Raises InputError `thin_data` where too few are there."""
    candles, length = case.candles, case.candles.timeframe_ms
    first, end = int(candles.ts[0]), int(candles.ts[-1]) + length
    gate = pass_gate(lake, candles.market, length, first, end, min_coverage)
    return data_json(lake, candles, no_funding() if case.funding is None else case.funding, gate)


def _json(results: list[ParityResult], data: dict[MarketId, dict[str, Any]]) -> dict[str, Any]:
    return {
        "equal": all(result.equal for result in results),
        "cases": [
            {
                "strategy": result.strategy,
                "market": result.market,
                "timeframe": timeframe_text(result.timeframe_ms),
                "bars": result.bars,
                "fills": result.fills,
                "trades": result.trades,
                "equal": result.equal,
                **data[result.market],
                "differences": [
                    {
                        "way": one.way,
                        "field": one.field,
                        "ts": one.ts,
                        "expected": one.expected,
                        "found": one.found,
                        "text": one.text(),
                    }
                    for one in result.differences
                ],
            }
            for result in results
        ],
    }


def _show(results: list[ParityResult]) -> None:
    from rich.table import Table

    table = Table("strategy", "market", "bars", "fills", "closed trades", "one call = bot = sweep")
    for result in results:
        figures = (f"{result.bars:,}", f"{result.fills:,}", f"{result.trades:,}")
        table.add_row(result.strategy, result.market, *figures, "equal" if result.equal else "[red]unequal[/red]")
    show(table)
    for result in results:
        for difference in result.differences:
            say(f"{result.strategy} on {result.market}: {difference.text()}.")
    if all(result.equal for result in results):
        say(f"{len(results)} bots, each killed half way and started again: equal in every fill and every bar.")


if __name__ == "__main__":
    _run_fleet(open_journal(Path(sys.argv[1])), int(sys.argv[2]), DeadlyVenue(int(sys.argv[3])))
