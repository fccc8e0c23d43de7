"""karat sweep on several markets and timeframes: each its own sweep, kept and counted, and a pool per timeframe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from karat.app.console import show, show_json, undefined
from karat.core.time import iso, timeframe_ms, timeframe_text
from karat.research.json_form import setting_json

if TYPE_CHECKING:
    from karat.app.sweep_work import SweepWork, Target
    from karat.jobs.work import Work
    from karat.research.sweeps.store import SweepFolder
    from karat.research.sweeps.sweep import Sweep

_PLAIN_COLUMNS = ("total_return", "max_drawdown", "sharpe", "trades")


def sweep_several(
    work: SweepWork, targets: Sequence[Target], top: int, reports: Mapping[str, Path], *, as_json: bool
) -> None:
    """Sweep target after target, with one market's work in memory at a time, pool those of each timeframe, and show."""
    from karat.app.job_work import job

    with job("sweep", f"{work.strategy.name} on {len(targets)} series", "variants") as line:
        told, pools = _swept_all(work, targets, top, reports, line)
    if as_json:
        show_json({"sweeps": told, "pools": pools})
        return
    _show(work, told, pools)


def _swept_all(
    work: SweepWork, targets: Sequence[Target], top: int, reports: Mapping[str, Path], line: Work
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(every sweep, every pool), JSON-ready."""
    told: list[dict[str, Any]] = []
    pools: list[dict[str, Any]] = []
    for frame in dict.fromkeys(target.timeframe_ms for target in targets):
        own = [target for target in targets if target.timeframe_ms == frame]
        parts: list[tuple[Sweep, SweepFolder]] = []
        for target in own:
            result, folder, row = _one(work, target, top, reports, line)
            parts = [*parts, (result, folder)] if len(own) > 1 else []
            told.append(row)
        if len(own) > 1:
            pools.append(_pool(work, own, parts, top, reports))
    return told, pools


def _one(
    work: SweepWork, target: Target, top: int, reports: Mapping[str, Path], line: Work
) -> tuple[Sweep, SweepFolder, dict[str, Any]]:
    from karat.app.sweep_reports import write_page_of
    from karat.app.sweep_views import sweep_json

    data = work.data(target)
    result, folder = work.swept(data, line)
    if str(target) in reports:
        write_page_of(folder, work.choice.by, reports[str(target)])
    return result, folder, {**sweep_json(result, data, work.costs, work.choice.by, top), "sweep": folder.id}


def _pool(
    work: SweepWork, targets: Sequence[Target], parts: Sequence[tuple[Sweep, SweepFolder]], top: int,
    reports: Mapping[str, Path],
) -> dict[str, Any]:  # fmt: skip
    """The ranking of one timeframe over its markets, JSON-ready, or why there is none."""
    from karat.app.sweep_reports import pool_key, write_page_of_pool
    from karat.app.sweep_views import row_json
    from karat.research.sweeps.objectives import goals_of
    from karat.research.sweeps.pooled import pooled
    from karat.research.sweeps.several import have_the_same_variants, with_one_number_of_paths

    by, markets = work.choice.by, [str(target.market) for target in targets]
    timeframe = timeframe_text(targets[0].timeframe_ms)
    head = {"timeframe": timeframe, "markets": markets, "ordered_by": by}
    if not have_the_same_variants([result for result, _ in parts]):
        why = f"{work.choice.sampler} chose other variants on each market, so there is nothing to pool"
        return {**head, "pool": undefined(why)}
    even, paths = with_one_number_of_paths(parts)
    pool = pooled(even)
    if pool_key(targets[0].timeframe_ms) in reports:
        folders = [folder for _, folder in parts]
        write_page_of_pool(pool, folders, by, paths, reports[pool_key(targets[0].timeframe_ms)])
    goal = goals_of(by)[0]
    why = "no Sharpe ratio" if pool.objective is None else pool.objective.why_undefined

    def on_each(k: int) -> dict[str, Any]:
        values = [float(one.column(goal)[k]) for one in even]
        return {name: value if value == value else undefined(why)
                for name, value in zip(markets, values, strict=True)}  # fmt: skip

    best = pool.best(top, by)
    rows = [{**row_json(pool, k), "on_each_market": on_each(k)} for k in best]
    none = undefined(f"no variant has a defined {by} on every market: {why}")
    return {
        **head,
        "paths": undefined("nothing is resampled") if paths is None else paths,
        "trials": sum(one.trials for one in even),
        "best": rows,
        **({} if best else {"best_undefined": none["undefined"]}),
        "best_of_each": {name: _beside(pool, own, by, goal) for name, (own, _) in zip(markets, parts, strict=True)},
    }  # fmt: skip


def _beside(pool: Sweep, own: Sweep, by: str, goal: str) -> dict[str, Any]:
    """What a market's own best is worth on all of them."""
    best = own.best(1, by)
    if not best:
        return undefined("no variant has a defined figure there")
    value = float(pool.column(goal)[best[0]])
    told = value if value == value else undefined("it is undefined on one of the markets")
    return {"variant": int(own.variants[best[0]]), "pooled": told}


def _show(work: SweepWork, told: Sequence[Mapping[str, Any]], pools: Sequence[Mapping[str, Any]]) -> None:
    _show_each(work, told, pools)
    for pool in pools:
        _show_pool(work, pool)
    trials = sum(row["trials"] for row in told)
    show(f"{trials:,} trials were made on {len(told)} series: the best of many is partly luck.")
    if any(row["skipped"] for row in told):
        show(f"{told[0]['skipped']:,} combinations contradict themselves and were not simulated.")
    show(f"Kept as {len(told)} sweeps; karat sweeps lists them.")


def _show_each(work: SweepWork, told: Sequence[Mapping[str, Any]], pools: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    from karat.app.sweep_views import score_text
    from karat.research.sweeps.objectives import goals_of

    goal, names = goals_of(work.choice.by)[0], list(work.grid.variant(0))
    show(f"Each market's own best by {work.choice.by}, before its vault. Costs {work.costs}.")
    table = Table()
    pooled_too = any("best_of_each" in pool for pool in pools)
    heads = ["market", "timeframe", "from", "to", "trials", "variant", *names, goal, "sharpe", "trades"]
    for head in dict.fromkeys([*heads, *(["pooled"] if pooled_too else []), "sweep"]):
        table.add_column(head.replace("_", " "), justify="left" if head in heads[:4] else "right")
    for row in told:
        best = row["best"][0] if row["best"] else None
        pool = next((one for one in pools if one["timeframe"] == row["timeframe"] and "best_of_each" in one), None)
        beside = {} if pool is None else pool["best_of_each"][row["market"]]
        label = f"{row['market']}{' SIMULATED' if row['simulated'] else ''}{' assumed' if row['assumed'] else ''}"
        end = row["last"] + timeframe_ms(row["timeframe"])
        cells = [label, row["timeframe"], iso(row["first"])[:10], iso(end)[:10], f"{row['trials']:,}"]
        figures = list(dict.fromkeys([goal, "sharpe", "trades"]))
        cells += ["—"] * (1 + len(names) + len(figures)) if best is None else [
            str(best["variant"]), *(setting_text(best["set"][name]) for name in names),
            *(score_text(name, best[name]) for name in figures),
        ]  # fmt: skip
        cells += [score_text(goal, beside.get("pooled"))] if pooled_too else []
        table.add_row(*cells, row["sweep"])
    show(table)


def _show_pool(work: SweepWork, pool: Mapping[str, Any]) -> None:
    from rich.table import Table

    from karat.app.sweep_views import score_text
    from karat.research.sweeps.objectives import goals_of

    if "pool" in pool:
        show(f"{pool['timeframe']}: no pool. {pool['pool']['undefined'].capitalize()}.")
        return
    if not pool["best"]:
        show(f"{pool['timeframe']}: {pool['best_undefined']}.")
        return
    paths = "" if isinstance(pool["paths"], dict) else f" Every score here is of {pool['paths']:,} paths."
    show(
        f"{pool['timeframe']} over {len(pool['markets'])} markets: the median of each figure, the worst drawdown,"
        f" all trades together.{paths}"
    )
    goal, names = goals_of(work.choice.by)[0], list(work.grid.variant(0))
    columns = list(dict.fromkeys([goal, *_PLAIN_COLUMNS]))
    table = Table()
    for head in ("variant", *names, *columns, *pool["markets"]):
        table.add_column(head.replace("_", " ") if ":" not in head else f"on {head}", justify="right")
    for row in pool["best"]:
        table.add_row(
            str(row["variant"]), *(setting_text(row["set"][name]) for name in names),
            *(score_text(name, row[name]) for name in columns),
            *(score_text(goal, value) for value in row["on_each_market"].values()),
        )  # fmt: skip
    show(table)


def setting_text(value: Any) -> str:
    """What a variant sets, as a person reads it."""
    told = setting_json(value)
    return told["undefined"] if isinstance(told, dict) else f"{told:g}" if isinstance(told, float) else str(told)
