"""What every new bot goes through, whichever command makes it: its data, its code, its first evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from karat.core.ids import MarketId
from karat.core.model.policy import Policy
from karat.ports.cockpit import EventKind, Mode
from karat.ports.journal import Happening, LimitedBy

if TYPE_CHECKING:
    from karat.ports.journal import BotRecord
    from karat.ports.lake import Lake
    from karat.research.data_gate import Gate
    from karat.strategies import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A bot that is asked for. `anchor_ts` None: the market's own anchor."""

    name: str
    strategy: Strategy
    parameters: Mapping[str, object]
    policy: Policy
    market: MarketId
    timeframe_ms: int
    anchor_ts: int | None
    min_coverage: float | None
    mode: Mode
    limits: LimitedBy = LimitedBy.NONE


def made(lake: Lake, wanted: Wanted, now_ms: int) -> tuple[BotRecord, tuple[Happening, ...]]:
    """The bot, and what there is to tell of its data. Nothing is written but the check of its strategy.

    Raises what the market, its quality, the strategy's check and `new_bot` raise.
    """
    from karat.app.check_markets import check_markets
    from karat.app.check_store import ensure_checked
    from karat.app.live_fleet import refuse_not_live
    from karat.app.serve_fleet import tape_of
    from karat.bots.creation import new_bot
    from karat.lake.reading import read_market
    from karat.ports.feed import FeedKey
    from karat.quality import COVERAGE_MIN
    from karat.research.data_gate import pass_gate

    where, length, needs = wanted.market, wanted.timeframe_ms, wanted.strategy.needs
    entry = lake.entry(where, length)
    anchor = entry.anchor_ts if wanted.anchor_ts is None else wanted.anchor_ts
    if wanted.mode is not Mode.SIMULATED:
        refuse_not_live(where, sessions=entry.sessions)
    gate = pass_gate(lake, where, length, anchor, None, wanted.min_coverage)
    tape = tape_of(lake, FeedKey(where, length, anchor, needs))
    record = new_bot(
        wanted.name, wanted.strategy, wanted.parameters, wanted.policy,
        read_market(lake, where, length, anchor).instrument, tape.candles, tape.funding if tape.has_funding else None,
        wanted.mode, now_ms, tape.series, limits=wanted.limits,
    )  # fmt: skip
    ensure_checked(wanted.strategy, partial(check_markets, needs=needs))
    return record, (_let_through(gate, entry.hash),) if gate.coverage.share < COVERAGE_MIN else ()


def mode_of(told: str | None, *, live: bool) -> Mode:
    """The mode that --mode and --live ask for. Raises InputError `bad_mode`."""
    from karat.core.errors import InputError

    if told is None:
        return Mode.PAPER if live else Mode.SIMULATED
    if told not in tuple(Mode):
        raise InputError("bad_mode", f"'{told}' is no mode.", f"Modes: {', '.join(Mode)}.")
    if live and told == Mode.SIMULATED:
        raise InputError("bad_mode", "A simulated bot follows no live market.", "Leave --live or --mode out.")
    return Mode(told)


def _let_through(gate: Gate, data_hash: str) -> Happening:
    """That the bot's data was let through by an option."""
    coverage = gate.coverage
    text = f"created on {coverage.share:.2%} of the bars, let through by --min-coverage {gate.bound:g}"
    figures = {"share": coverage.share, "missing": coverage.missing, "bound": gate.bound, "data_hash": data_hash}
    return Happening(EventKind.WARNING, text, figures)
