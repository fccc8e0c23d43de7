"""karat demo and karat run: the whole way in one command, from candles to bots that trade on paper.

Both walk the same steps, the demo on its simulated market, `run --data` on files. Each step says what it found and how
long it took.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from karat.app.console import say, show
from karat.app.settings import HOST, PORT, REPLAY_BARS_PER_SECOND

if TYPE_CHECKING:
    from karat.app.demo_ground import Ground
    from karat.control.parity import ParityResult

Flag = Annotated[bool, Parameter(negative="")]
DEMO_MARKETS = 6
DEMO_BARS = 17_520


def demo_command(
    *,
    stay: Flag = False,
    port: int = PORT,
    speed: float = REPLAY_BARS_PER_SECOND,
    markets: int = DEMO_MARKETS,
    bars: int = DEMO_BARS,
) -> None:
    """Show everything once, on a simulated market: no network, no keys, no questions.

    Parameters
    ----------
    stay
        Serve the page and let the bots go on, until Ctrl+C.
    port
        Where the page is served; 0 takes a free port.
    speed
        Bars a second while the page is served.
    markets
        How many of the simulated markets to use.
    bars
        Hourly bars of each, where the lake does not hold them yet.
    """
    from karat.app.demo_ground import demo_ground

    walk = Walk()
    with walk.step("The market"):
        ground = demo_ground(markets, bars)
        show(f"{len(ground.markets)} simulated markets, {_bars_of(ground):,} hourly bars each, with funding. Not real.")
    _journey(walk, ground)
    if stay:
        _serve(port, speed)
    else:
        _prove_page()
        show(f"Whole demo: {walk.seconds:.1f} s. See it move: karat serve (or karat demo --stay).")


def run_command(*, data: Path | None = None, port: int = PORT, speed: float = REPLAY_BARS_PER_SECOND) -> None:
    """Install nothing, ask nothing: backtest and sweep the starters, start paper bots, serve the page until Ctrl+C.

    Parameters
    ----------
    data
        A folder of market data files; the simulated market when left out.
    port
        Where the page is served; 0 takes a free port.
    speed
        Bars a second of the replayed market.
    """
    from karat.app.demo_ground import demo_ground, files_ground

    walk = Walk()
    with walk.step("The market"):
        if data is None:
            ground = demo_ground(DEMO_MARKETS, DEMO_BARS)
            show(f"{len(ground.markets)} simulated markets, {_bars_of(ground):,} hourly bars each. Not real.")
        else:
            ground, results = files_ground(data)
            counts = {status: sum(one.status == status for one in results) for status in ("imported", "unchanged")}
            refused = sum(one.error is not None for one in results)
            show(f"{counts['imported']} files imported, {counts['unchanged']} known already, {refused} refused.")
    _journey(walk, ground)
    _serve(port, speed)


class Walk:
    """Numbers the steps and times them."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._steps = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._began

    @contextmanager
    def step(self, title: str) -> Generator[None]:
        """Print the title, then what the step prints, then its time."""
        self._steps += 1
        show(f"\n[bold]{self._steps}. {title}[/bold]")
        began = time.perf_counter()
        yield
        show(f"[dim]{time.perf_counter() - began:.1f} s[/dim]")


def _journey(walk: Walk, ground: Ground) -> None:
    """Everything between the market and the page."""
    from karat.app.data_commands import list_data
    from karat.app.demo_compile import Compiling

    list_data()
    with walk.step("The strategies, checked"):
        compiling = Compiling(ground)
        if compiling.needed:
            say("Compiling the kernels beside it, once per version of Karat.")
        _check()
        compiling.wait()
    with walk.step("Backtests"):
        _backtests(ground)
    with walk.step("Sweeps"):
        _sweeps(ground)
    with walk.step("Paper bots"):
        _bots(ground)
    with walk.step("Verdict"):
        _verdict()


def _check() -> None:
    from karat.app.demo_research import check_starters

    passed, cuts = check_starters()
    show(f"{passed} starters see no future: the same signals at {cuts:,} cuts of the market, and with it altered.")


def _backtests(ground: Ground) -> None:
    from karat.app.demo_research import backtest_starters, best_of, cost_table, report_on, sharpe_table

    found = backtest_starters(ground)
    best = best_of(found)
    show(cost_table(found, best.data.candles.market))
    show(sharpe_table(found, ground.markets))
    kept, path = report_on(best)
    show(f"Highest of {len(found)}: {best.strategy.name} on {best.data.candles.market}. Its report: {path}")
    show(f"One of its trades, by hand: karat explain {kept.id} 1")


def _sweeps(ground: Ground) -> None:
    from karat.app.demo_research import sweep_starters, sweep_table

    swept = sweep_starters(ground, ground.markets[0])
    show(sweep_table(swept))
    variants, seconds = sum(one.result.trials for one in swept), sum(one.seconds for one in swept)
    show(f"{variants:,} variants over {swept[0].bars:,} bars in {seconds:.2f} s. The best of so many is mostly luck.")


def _bots(ground: Ground) -> None:
    from karat.app.demo_bots import create_bots, parity_of_all, parity_of_killed, replay
    from karat.bots.system_clock import SystemClock
    from karat.journal.store import open_journal

    journal = open_journal()
    try:
        records = create_bots(ground, journal, SystemClock().now_ms())
        done = replay(ground, journal, records)
        if done.bars:
            rate = done.bars / done.seconds
            show(f"{done.bots} bots, {done.bars:,} bars one at a time, each in a transaction: {rate:,.0f} bars/s.")
        equal = parity_of_all(ground, journal, records)
    finally:
        journal.close()
    _show_parity("bots equal their backtest and their row of a sweep", equal)
    _show_parity("more, killed in the middle of a bar and started again, equal theirs", parity_of_killed(ground))


def _show_parity(text: str, results: list[ParityResult]) -> None:
    from karat.core.errors import NeedsOperator

    unequal = [one for one in results if not one.equal]
    if unequal:
        first = unequal[0].differences[0].text()
        raise NeedsOperator("unequal", f"{unequal[0].strategy} on {unequal[0].market}: {first}.", "Please report this.")
    fills = sum(one.fills for one in results)
    show(f"{len(results)} {text}: {fills:,} fills and every close, to the bit.")


def _verdict() -> None:
    from karat.control.verdict import unproven

    judgement = unproven()
    show(f"[bold]{judgement.verdict.upper()}[/bold]. {judgement.reason}")


def _bars_of(ground: Ground) -> int:
    return ground.entry(ground.markets[0]).rows


def _serve(port: int, speed: float) -> None:
    from karat.app.serve_commands import serve_until_stopped

    serve_until_stopped(HOST, port, speed)


def _prove_page() -> None:
    """Serve on a free port for a moment and ask the page what it shows."""
    from karat.app.demo_page import seen_on_page

    seen = seen_on_page()
    show(f"\nThe page shows {seen.bots} bots, {seen.positions} positions, {seen.trades:,} trades: {seen.label}.")
