"""The bars of one tape, stretch by stretch, into changes of the lake. Stored and live trades go through the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from karat.bars import BarSpec, Trades
from karat.core.ids import MarketId
from karat.core.instruments import instrument_for
from karat.core.model.instrument import Kind
from karat.core.model.table import Table, TableName
from karat.ingest.bars.cuts import Cutter
from karat.ingest.bars.keeping import SOURCE, CandlesKept, becomes_candles, keep_bars, keep_candles
from karat.ingest.bars.making import Made, Progress, Stretch, make_bars
from karat.ingest.bars.tables import bars_name
from karat.ports.lake import Lake, LakeChange


@dataclass(frozen=True, slots=True)
class Target:
    """Where bars go. `tape` is the variant of their trades. `candles`: whole time bars become candles too.
    `sessions`: the market closes at night. `replace`: what is built wins over what is stored."""

    market: MarketId
    tape: str
    candles: bool
    sessions: bool
    replace: bool = False


@dataclass(slots=True)
class BarReport:
    """One kind since the builder began: bars made, how many of them are not whole, how many are new in the lake, and
    what became of its candles."""

    spec: BarSpec
    name: TableName
    bars: int = 0
    cut: int = 0
    new: int = 0
    candles: CandlesKept = field(default_factory=CandlesKept)


class BarBuilder:
    """`take` within a change of the lake, then `taken` when the change is seen; a change that failed is taken again."""

    def __init__(self, specs: Sequence[BarSpec], cutter: Cutter, target: Target, progress: Progress) -> None:
        self.specs = tuple(specs)
        self.cutter = cutter
        self.target = target
        self.progress = progress
        self.reports = tuple(BarReport(spec, bars_name(target.market, spec, target.tape)) for spec in specs)
        self._held: Stretch | None = None
        self._next: tuple[Made, Stretch, list[tuple[int, CandlesKept]]] | None = None

    def take(self, change: LakeChange, stretch: Stretch) -> None:
        """Make the bars that these trades complete. Raises InputError `brick_too_small`, `bars_differ`, `bars_behind`,
        `simulated_market`."""
        whole = stretch if self._held is None else _joined(self._held, stretch)
        made = make_bars(self.specs, self.progress, whole, self.cutter)
        kept = [self._keep(change, place, rows) for place, rows in enumerate(made.rows)]
        self._next = made, whole, kept

    def taken(self) -> None:
        """The change of the last `take` is seen."""
        assert self._next is not None, "a stretch was taken"
        (progress, tables, taken), whole, kept = self._next
        for report, rows, (new, candles) in zip(self.reports, tables, kept, strict=True):
            report.bars += len(rows)
            report.cut += int(np.count_nonzero(rows.columns["whole"] == 0))
            report.new += new
            report.candles += candles
        self.progress, self._next = progress, None
        self._held = whole[taken:] if taken < len(whole) else None

    def _keep(self, change: LakeChange, place: int, rows: Table) -> tuple[int, CandlesKept]:
        if not len(rows):
            return 0, CandlesKept()
        target, report, before = self.target, self.reports[place], self.progress.made[place]
        if target.replace and before == 0:
            change.put_table(report.name, rows, (SOURCE,))
            new = len(rows)
        else:
            new = keep_bars(change, report.name, rows, before)
        if not target.candles or not becomes_candles(report.spec):
            return new, CandlesKept()
        sessions, replaces = target.sessions, target.replace
        return new, keep_candles(change, target.market, report.spec, rows, sessions=sessions, replaces=replaces)


def target_of(lake: Lake, market: MarketId, tape: str, candles: bool | None, *, replace: bool = False) -> Target:
    """Where the bars of a market go; with `candles` None into candles when it has some already, as the first candles of
    a market fix where its vault begins."""
    known = [entry.sessions for entry in lake.list() if entry.market == market]
    sessions = known[0] if known else instrument_for(market, None).kind == Kind.EQUITY
    return Target(market, tape, bool(known) if candles is None else candles, sessions, replace)


def _joined(first: Stretch, second: Stretch) -> Stretch:
    one, other = first.trades, second.trades
    columns = {
        name: np.concatenate((getattr(one, name), getattr(other, name))) for name in ("ts", "price", "quantity", "side")
    }
    return Stretch(Trades(**columns), np.concatenate((first.numbers, second.numbers)))
