"""What bots ask of the lake at each close: is anything that I read in quarantine?

1. The quarantine is looked at once in `LOOK_MS`, whoever asks and however often.
2. A bot reads the candles from which its bars come, the funding and mark prices of its market, and the tables of the
   series that its strategy declares. Damage of anything else is nothing to it.
3. A series leaves the quarantine when it is mended (`karat data repair`, or brought anew), and with that this answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from karat.core.errors import KaratError
from karat.core.ids import MarketId
from karat.core.model.table import TableName
from karat.lake.inputs import input_table
from karat.lake.names import CANDLES, FUNDING, MARK, series_name, timeframe_of, words
from karat.ports.lake import Lake

LOOK_MS = 1_000


@dataclass(slots=True)
class LakeHealth:
    """Satisfies `karat.ports.data_health.DataHealth`. `now_ms` is the clock by which looks are spaced."""

    lake: Lake
    now_ms: Callable[[], int]
    _looked_ms: int | None = None
    _damaged: dict[TableName, str] = field(default_factory=dict[TableName, str])
    _stored: set[tuple[MarketId, int]] = field(default_factory=set[tuple[MarketId, int]])
    _told: dict[tuple[MarketId, int, tuple[str, ...]], str] = field(
        default_factory=dict[tuple[MarketId, int, tuple[str, ...]], str]
    )
    _unknown: str = ""

    def wrong(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> str:
        """See `karat.ports.data_health.DataHealth.wrong`."""
        now = self.now_ms()
        if self._looked_ms is None or not 0 <= now - self._looked_ms < LOOK_MS:
            self._looked_ms = now
            self._look()
        if self._unknown or not self._damaged:
            return self._unknown
        asked = market, timeframe_ms, tuple(needs)
        if asked not in self._told:
            self._told[asked] = self._found(market, timeframe_ms, needs)
        return self._told[asked]

    def _found(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> str:
        return next(
            (
                f"{words(name)} is in quarantine: {self._damaged[name]}"
                for name in self._read_by(market, timeframe_ms, needs) if name in self._damaged
            ),
            "",
        )  # fmt: skip

    def _look(self) -> None:
        self._told.clear()
        try:
            self._damaged = {one.name: one.why for one in self.lake.quarantined()}
            self._stored = {(one.market, one.timeframe_ms) for one in self.lake.list()} if self._damaged else set()
            self._unknown = ""
        except (KaratError, OSError) as error:
            self._unknown = f"whether the data is whole cannot be found out: {error}"

    def _read_by(self, market: MarketId, timeframe_ms: int, needs: Sequence[str]) -> list[TableName]:
        """Bars come from the coarsest candles that divide their length, whether those are in quarantine or not."""
        of_market = [one for one in self._damaged if one.owner == market]
        widths = [width for owner, width in self._stored if owner == market]
        widths += [timeframe_of(one) for one in of_market if one.kind == CANDLES]
        best = max((width for width in widths if timeframe_ms % width == 0), default=timeframe_ms)
        beside = [one for one in of_market if one.kind in (FUNDING, MARK)]
        return [series_name(CANDLES, market, best), *beside, *(input_table(market, need) for need in needs)]
