"""karat prove: five stages, an examination and one look into the vault, for a verdict a strategy and market."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import show_json
from karat.app.job_work import job
from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.time import timeframe_ms, timeframe_text

if TYPE_CHECKING:
    from karat.jobs.work import Work
    from karat.ports.lake import Lake
    from karat.research.dossier.folder import Dossier
    from karat.research.prove.ground import LakeGround
    from karat.research.prove.proving import Request
    from karat.research.prove.settings import ProofSettings
    from karat.strategies import Strategy

Pairs = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="")]


def prove_command(
    *strategy: str,
    market: Pairs = (),
    timeframe: Pairs = ("1h",),
    policy: Pairs = (),
    policy_grid: Pairs = (),
    group: Pairs = (),
    thresholds: Path | None = None,
    min_coverage: float | None = None,
    anchored: Annotated[bool, Parameter(negative="")] = False,
    seed: int = 0,
    table: Path | None = None,
    as_json: Json = False,
) -> None:
    """Try to break strategies on every market, stage by stage, and give one verdict each: gold, watch, buried, or no
    evidence. Killed, or stopped with Ctrl-C, the same command goes on where it was.

    Every variant is counted. The vault of a market is opened once for a family of strategies, by what survived all
    else. All verdicts are at pessimistic costs. Each has a dossier, the dead ones too: karat dossier list.

    Parameters
    ----------
    strategy
        One or several, as karat strategies list names them.
    market
        One or several, for example binance_perp:BTCUSDT; every market of the lake that has the timeframes when left
        out. Gold wants more than one.
    timeframe
        One or several, for example 1h 4h.
    policy
        Policy fields that stay. When left out: sized to a yearly volatility of 20%.
    policy_grid
        Policy fields to vary beside the parameters: stop_value=0.01..0.05..0.01.
    group
        Markets that are told together where the profit is broken down:
        majors=binance_perp:BTCUSDT,binance_perp:ETHUSDT.
    thresholds
        A TOML file with other thresholds. What it changes stands with every verdict.
    min_coverage
        Refuse data that has less than this share of its bars; 0.99 when left out.
    anchored
        Let the training of the walk forward begin at the first bar and grow, instead of rolling.
    seed
        Of samples and of resampled paths.
    table
        Write the verdicts and the funnel as Markdown to this file.
    as_json
        Print one JSON object.
    """
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.app.prove_views import proof_markdown, show_proof
    from karat.lake.store import open_lake
    from karat.research.prove.ground import LakeGround
    from karat.strategies import find_strategy

    if not strategy:
        raise InputError("no_strategy", "Name a strategy to prove.", "For example: karat prove ema_crossover.")
    found = [find_strategy(name) for name in dict.fromkeys(strategy)]
    lake = open_lake()
    request = replace(_request(lake, market, timeframe, policy_grid), groups=_groups(group))
    settings = replace(_settings(policy, policy_grid, thresholds, seed), anchored=anchored)
    for one in found:
        ensure_checked(one, partial(check_markets, needs=one.needs))
    told = _proved(found, request, LakeGround(lake, min_coverage), settings)
    if table is not None:
        table.write_text(proof_markdown(told), encoding="utf-8")
    if as_json:
        show_json(told)
    else:
        show_proof(told)


def _proved(
    strategies: list[Strategy], request: Request, ground: LakeGround, settings: ProofSettings
) -> dict[str, Any]:
    """Run or go on with a proof, with its pace on the terminal; the result with the dossiers it made."""
    from karat.app.backtest_commands import say_compiling
    from karat.bots.system_clock import SystemClock
    from karat.research.dossier.document import document
    from karat.research.dossier.folder import write_dossier
    from karat.research.ledger.trials import TrialLedger
    from karat.research.prove.ground import Book
    from karat.research.prove.proving import prove
    from karat.research.prove.spec import spec_of
    from karat.research.prove.store import ProofFolder

    say_compiling()
    clock, ledger = SystemClock(), TrialLedger()
    spec = spec_of(strategies, request, ground, settings)
    folder = ProofFolder.of(spec)
    proofs: list[dict[str, Any]] = []
    dossiers: list[Dossier] = []
    with job("prove", f"proof {folder.id}", "steps") as work:
        pace = Steps(work, request.steps * len(strategies))
        for strategy in strategies:
            book = Book(ledger, clock.now_ms)
            own = prove(strategy, request, ground, book, settings, progress=pace, keep=folder.once)
            for proof in own:
                told = document(spec, proof, strategy, clock.now_ms())
                dossiers.append(write_dossier(told, strategy, ledger, clock.now_ms()))
            proofs += own
        result = folder.finish(proofs)
        work.result(folder.id)
    for row, dossier in zip(result["verdicts"], dossiers, strict=True):
        row["dossier"] = dossier.id
    return {**result, "data": spec["data"], "strategies": spec["strategies"], "thresholds": spec["thresholds"]["hash"]}


class Steps:
    """Tells how far a proof is."""

    def __init__(self, work: Work, of: int) -> None:
        self._work, self._of, self._done = work, of, 0

    def __call__(self, what: str) -> None:
        self._done += 1
        self._work.progress(self._done, self._of)


def _request(
    lake: Lake, markets: tuple[str, ...], timeframes: tuple[str, ...], policy_grid: tuple[str, ...]
) -> Request:
    from karat.research.prove.proving import Request

    lengths = tuple(timeframe_ms(one) for one in dict.fromkeys(timeframes))
    named = tuple(market_id(one) for one in dict.fromkeys(markets)) or _all_markets(lake, lengths)
    return Request(named, lengths, policy_axes(policy_grid))


def _all_markets(lake: Lake, lengths: tuple[int, ...]) -> tuple[MarketId, ...]:
    """Every market that has candles of all timeframes."""
    found = sorted({one.market for one in lake.list() if all(lake.has(one.market, length) for length in lengths)})
    if not found:
        wanted = ", ".join(timeframe_text(length) for length in lengths)
        raise InputError("no_market", f"No market of the lake has candles of {wanted}.", "See karat data list.")
    return tuple(found)


def _groups(given: tuple[str, ...]) -> dict[str, tuple[MarketId, ...]]:
    """Raises InputError `bad_pair`, `bad_market`, `bad_group` where a market is in two groups."""
    from karat.research.backtest_policy import pairs

    found = {
        name: tuple(market_id(one) for one in text.split(",") if one) for name, text in pairs(given, "--group").items()
    }
    markets = [one for own in found.values() for one in own]
    twice = next((one for k, one in enumerate(markets) if one in markets[:k]), None)
    if twice is not None:
        raise InputError("bad_group", f"{twice} is in two groups.", "Name each market once.")
    return found


def policy_axes(policy_grid: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """Policy fields to vary, as a person wrote them. Raises InputError `bad_grid` and those of `parse_policy`."""
    from karat.research.backtest_policy import pairs
    from karat.research.sweeps.grid import policy_values

    return policy_values(pairs(policy_grid, "--policy-grid"))


def _settings(
    policy: tuple[str, ...], policy_grid: tuple[str, ...], thresholds: Path | None, seed: int
) -> ProofSettings:
    from karat.research.backtest_policy import COST_FIELDS, pairs, parse_policy
    from karat.research.gates.thresholds import changed_thresholds, default_thresholds
    from karat.research.prove.settings import ProofSettings, proving_policy
    from karat.research.sweeps.grid import values_of

    fixed, varied = pairs(policy, "--policy"), pairs(policy_grid, "--policy-grid")
    both, costs = sorted(set(fixed) & set(varied)), [name for name in (*fixed, *varied) if name in COST_FIELDS]
    if both:
        raise InputError("bad_grid", f"{both[0]} is both fixed and varied.", "Give it to --policy or to --policy-grid.")
    if costs:
        hint = "Leave it out; karat backtest shows all three levels and your own."
        raise InputError("bad_policy", f"{costs[0]} is a cost, and verdicts go by the pessimistic ones.", hint)
    starts = {name: values_of(text)[0] for name, text in varied.items()}
    rules = parse_policy({**starts, **fixed}) if fixed or varied else proving_policy()
    limits = default_thresholds() if thresholds is None else changed_thresholds(_text_of(thresholds))
    return ProofSettings(policy=rules, thresholds=limits, seed=seed)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError("no_file", f"{path} cannot be read: {error.strerror}.", "Give the path of a file.") from error
