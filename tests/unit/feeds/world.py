"""A fake Binance and a desk that downloads from it."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.binance import USDM, Binance
from tests.fakes.desk import Desk, same
from tests.fakes.server import Internet
from tests.fakes.tape import Tape

from karat.core.time import HOUR_MS

BTC, ETH = "binance_perp:BTCUSDT", "binance_perp:ETHUSDT"
FIRST_MS = 1_704_067_200_000
BARS = 2_400
NOW_MS = FIRST_MS + BARS * HOUR_MS + 5_000  # five seconds into the bar that forms


class World:
    """A desk and the fake it talks to."""

    def __init__(self, home: Path, internet: Internet) -> None:
        self.internet = internet
        self.tape = Tape(FIRST_MS, HOUR_MS, 3_000)
        self.other = Tape(FIRST_MS, HOUR_MS, 3_000, seed=8)
        tapes = {("BTCUSDT", "1h"): self.tape, ("ETHUSDT", "1h"): self.other}
        self.vendor = Binance(internet, USDM, tapes, NOW_MS)
        self.desk = Desk(home, internet, NOW_MS)

    def pass_hours(self, hours: int) -> None:
        self.vendor.now_ms += hours * HOUR_MS
        self.desk.clock.turn(3_600 * hours)

    def asked_bars(self) -> int:
        """How many questions for bars the vendor got, without the one for the first of all."""
        return len([one for one in self.internet.asked(USDM, "klines") if one.query["limit"] != "1"])

    def holds_the_truth(self, market: str = BTC) -> bool:
        tape = self.tape if market == BTC else self.other
        return same(self.desk.stored(market), tape.truth(self.vendor.now_ms))
