"""Bars while trades are streamed: in the same change of the lake as the trades, so neither is there without the other.

1. `begin` takes the stored trades that its saved progress has not seen: those of before a kill, or all of them.
2. `write` takes the trades and gaps of a batch; a bar that they complete is stored with them.
3. What goes wrong with bars never holds back the trades: the bars stop, say why, and are built by the next run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from karat.bars import BarSpec
from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.ingest.bars.batch import LAKE_WAIT_SECONDS
from karat.ingest.bars.builder import BarBuilder, target_of
from karat.ingest.bars.cuts import ByNumber, ByRecord, Missing
from karat.ingest.bars.making import Progress, Stretch, fresh_progress
from karat.ingest.bars.saved import load_progress, save_progress, saved_path
from karat.ingest.bars.tapes import Tape, behind, recorded_gaps, stretch_of, stretches, tape_of
from karat.ingest.streams.outbox import Batch
from karat.ingest.streams.tables import STREAMED, as_table, gaps_name, table_name
from karat.ports.lake import Lake, LakeChange
from karat.ports.stream import StreamKind


@dataclass(frozen=True, slots=True)
class BarsWanted:
    """The kinds of bars of one market; `candles`: see `target_of`."""

    specs: tuple[BarSpec, ...]
    candles: bool | None = None


class LiveBars:
    """The bars of one market. `trouble` says why they have stopped, "" while they have not."""

    def __init__(self, lake: Lake, market: MarketId, wanted: BarsWanted, folder: Path, *, counted: bool) -> None:
        self._lake = lake
        self._market = market
        self._path = saved_path(folder, market)
        self._specs = wanted.specs
        self._target = target_of(lake, market, STREAMED, wanted.candles)
        self._counted = counted
        self._trades = table_name(market, StreamKind.TRADES)
        self._gaps = gaps_name(market, StreamKind.TRADES)
        self._builder = self._build(fresh_progress(self._specs))
        self._pending = False
        self.trouble = ""

    @property
    def stored(self) -> int:
        """Bars that came into the lake in this run."""
        return sum(report.new for report in self._builder.reports)

    @property
    def cut(self) -> int:
        """Bars of this run that are not whole."""
        return sum(report.cut for report in self._builder.reports)

    @property
    def differing(self) -> int:
        """Candles of the lake that differ from the bars of this run, and stay."""
        return sum(len({one.ts for one in report.candles.differences}) for report in self._builder.reports)

    def begin(self) -> None:
        """Take the stored trades that were not taken. Raises InputError `bars_differ`, RetryLater `lake_busy`."""
        if self._trades not in {entry.name for entry in self._lake.tables()}:
            return
        saved = load_progress(self._path, self._specs)
        tape = tape_of(self._lake, self._market, "streamed", 0)
        if saved is not None and self._goes_on(tape, saved):
            return
        self._builder = self._build(fresh_progress(self._specs))
        self._take_stored(stretches(self._lake, tape))

    def write(self, change: LakeChange, batches: Sequence[Batch]) -> None:
        """Take a batch within its change."""
        rows = [row for batch in batches if batch.name == self._trades for row in batch.rows]
        gaps = [row for batch in batches if batch.name == self._gaps for row in batch.rows]
        self._pending = bool(rows) and not self.trouble
        if isinstance(self._builder.cutter, ByRecord):
            self._builder.cutter.add(Missing(row[0], row[2]) for row in gaps)
        if not self._pending:
            return
        schema = next(batch.schema for batch in batches if batch.name == self._trades)
        try:
            self._builder.take(change, stretch_of(as_table(schema, rows)))
        except InputError as error:
            self.trouble, self._pending = f"No more bars: {error.message}", False

    def written(self) -> None:
        """The change of the last batch is seen."""
        if self._pending:
            self._builder.taken()
            with suppress(OSError):  # of a full disk: the trades say it, and these bars are found again
                save_progress(self._path, self._specs, self._builder.progress)

    def _goes_on(self, tape: Tape, saved: Progress) -> bool:
        """Whether the lake still holds what the progress was saved for; then what came later is taken."""
        found = stretches(self._lake, tape, saved.last_ts)
        first = next(found, None)
        rest = None if first is None else behind(first, saved)
        if rest is None:
            return False
        self._builder = self._build(saved)
        try:
            self._take_stored(chain([rest], found))
        except InputError as error:
            if error.code != "bars_behind":
                raise
            return False
        return True

    def _take_stored(self, tape: Iterable[Stretch]) -> None:
        for stretch in tape:
            if len(stretch):
                with self._lake.change(LAKE_WAIT_SECONDS) as change:
                    self._builder.take(change, stretch)
                self._builder.taken()

    def _build(self, progress: Progress) -> BarBuilder:
        since_ms = progress.last_ts or 0
        cutter = ByNumber() if self._counted else ByRecord(recorded_gaps(self._lake, self._market, since_ms))
        return BarBuilder(self._specs, cutter, self._target, progress)
