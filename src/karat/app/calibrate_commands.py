"""karat calibrate: what the prover says of markets of which the truth is known, and how often it is wrong."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.app.job_work import job
from karat.core.errors import InputError
from karat.core.ids import market_id
from karat.core.time import HOUR_MS

if TYPE_CHECKING:
    from karat.ports.lake import LakeEntry
    from karat.research.calibration.calibrating import Asked
    from karat.research.calibration.edges import Nature
    from karat.research.calibration.markets import Source
    from karat.research.calibration.prover import Prover

Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="")]
_YEAR_MS = 365 * 24 * HOUR_MS
_QUICK = {"markets": 80, "planted_markets": 16, "sizing": 8, "measuring": 16}


def calibrate_command(
    *,
    markets: int | None = None,
    planted_markets: int | None = None,
    panel_size: int = 4,
    natures: Names = (),
    powers: str = "1,2,3",
    seed: int = 0,
    like: Names = (),
    quick: Annotated[bool, Parameter(negative="")] = False,
    workers: int | None = None,
    out: Path | None = None,
    as_json: Json = False,
) -> None:
    """Judge the prover by markets without any edge, and by markets with a planted one.

    Every panel that is judged is kept: killed, or stopped with Ctrl-C, the same command goes on where it was.

    Parameters
    ----------
    markets
        How many markets without an edge, half of them simulated, half of them real bars in another order; 600 when
        left out.
    planted_markets
        How many markets with an edge for each of --natures and each of --powers; 80 when left out.
    panel_size
        How many markets are judged together.
    natures
        What planted edges are: trend, reversion, or both when left out.
    powers
        True annual Sharpe ratios of planted edges, after costs.
    seed
        Another seed is another set of markets.
    like
        Real markets of the lake, by their hours before the vault, that all markets take after; every market with a
        year of hours when left out.
    quick
        80 markets without an edge and 16 with each: to see that it works, not to be published.
    workers
        Processes; one for each core when left out.
    out
        Write the table to this file, in markdown.
    as_json
        Print one JSON object.
    """
    from karat.research.calibration.calibrating import Asked

    counts = {"markets": markets, "planted_markets": planted_markets}
    given = {name: count for name, count in counts.items() if count is not None}
    sizes = {**(_QUICK if quick else {}), **given}
    asked = Asked(seed=seed, panel_size=panel_size, natures=_natures(natures), powers=_powers(powers), **sizes)
    options = {
        "--markets": markets, "--planted-markets": planted_markets, "--panel-size": panel_size,
        "--natures": " ".join(natures) or None, "--powers": powers, "--seed": seed, "--like": " ".join(like) or None,
    }  # fmt: skip
    command = " ".join(
        ["karat calibrate", *(f"{name} {value}" for name, value in options.items() if value is not None)]
    )
    _check_out(out)
    told = calibrated(the_prover(), asked, like, workers, as_json=as_json)
    show_calibration(told, f"{command} --quick" if quick else command, out, as_json=as_json)


def the_prover() -> Prover:
    """The prover that is calibrated: the only place that names it."""
    from karat.research.prove.calibrated import calibrated_prover

    return calibrated_prover()


def calibrated(
    prover: Prover, asked: Asked, like: tuple[str, ...] = (), workers: int | None = None, *, as_json: bool = False
) -> dict[str, Any]:
    """What `research.calibration.tally` tells, JSON-ready, of markets that take after those of the lake."""
    from karat.app.backtest_commands import say_compiling
    from karat.research.calibration.calibrating import calibrate
    from karat.research.calibration.tally import tally

    processes = _workers(workers)
    sources = _sources(like)
    say_compiling()
    if not as_json:
        names = ", ".join(one.candles.market for one in sources)
        say(f"{len(asked.panels):,} panels of {asked.panel_size}, that take after {names}.")
    with job("calibrate", "sizing the planted edges, then judging", "panels") as work:
        found = calibrate(sources, prover, asked, time.perf_counter, workers=processes, progress=work.advance)
        work.result(found.id)
        return tally(found)


def show_calibration(told: dict[str, Any], command: str, out: Path | None, *, as_json: bool) -> None:
    """Print what `calibrated` tells, and write its table to `out`. `command` is what makes it again."""
    from karat.lake.durable import replace_durably
    from karat.research.calibration.table import markdown

    page = markdown(told, command)
    if out is not None:
        replace_durably(out, page.encode())
    if as_json:
        show_json(told)
        return
    from rich.markdown import Markdown

    show(Markdown(page))
    if out is not None:
        say(f"Written to {shlex.quote(str(out))}.")


def _natures(names: tuple[str, ...]) -> tuple[Nature, ...]:
    from karat.research.calibration.edges import Nature

    unknown = [name for name in names if name not in set(Nature)]
    if unknown:
        hint = f"Give of {', '.join(Nature)}: --natures trend reversion."
        raise InputError("bad_natures", f"'{unknown[0]}' is no nature of a planted edge.", hint)
    return tuple(map(Nature, names)) or tuple(Nature)


def _powers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in text.split(",") if one)
    except ValueError as error:
        raise InputError("bad_powers", f"'{text}' is no list of Sharpe ratios.", "Write --powers 1,2,3.") from error


def _workers(asked: int | None) -> int:
    if asked is not None and asked < 1:
        raise InputError("bad_count", f"--workers {asked} is out of range.", "Give 1 or more.")
    return asked or os.cpu_count() or 1


def _check_out(out: Path | None) -> None:
    """Hours of work are not begun for a table that cannot be written."""
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise InputError("bad_path", f"{out} cannot be written.", "Give a file in a folder that is there.")


def _sources(like: tuple[str, ...]) -> tuple[Source, ...]:
    from karat.lake.store import open_lake
    from karat.research.calibration.markets import sources_of

    lake = open_lake()
    if like:
        entries = [lake.entry(market_id(name), HOUR_MS) for name in like]
        closing = [entry.market for entry in entries if entry.sessions]
        if closing:
            raise InputError("bad_market", f"{closing[0]} closes at night.", "Give markets that never close.")
    else:
        entries = [entry for entry in lake.list() if _is_usable(entry)]
    if not entries:
        hint = "Import or download hourly candles first: karat data download."
        raise InputError("no_real_market", "No market of the lake has a year of hourly bars before its vault.", hint)
    found = sorted(entries, key=lambda entry: entry.market)
    return sources_of(lake.candles_between(one.market, HOUR_MS, None, one.vault_start_ts) for one in found)


def _is_usable(entry: LakeEntry) -> bool:
    known = entry.timeframe_ms == HOUR_MS and not entry.sessions and not entry.quality.simulated
    return known and min(entry.vault_start_ts, entry.last_ts) - entry.first_ts >= _YEAR_MS
