"""The stand-in as the storm plugs it in: `KARAT_STORM_PLUG=tests.chaos.storm.stand_in_plug:StandInPlug`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.chaos.storm.memory_journal import MemoryJournal
from tests.chaos.storm.parts import Parts
from tests.chaos.storm.setting import START_MS, Setting
from tests.chaos.storm.stand_in import StandIn
from tests.chaos.storm.stand_in_memory import TIMEFRAME_MS

from karat.core.ids import BotId, StrategyName
from karat.core.model.policy import Policy
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord


def bots(setting: Setting) -> tuple[BotRecord, ...]:
    return tuple(
        BotRecord(
            BotId(one.base), one.base, StrategyName("stand_in"), "c0de", {}, Policy(), one, one.market, TIMEFRAME_MS,
            Mode.PAPER, "USDT", START_MS, START_MS,
        ) for one in setting.instruments
    )  # fmt: skip


class StandInPlug:
    """`parts.Plug`. `careless` sends before it writes (a mutant without a patch)."""

    def __init__(self, *, careless: bool = False) -> None:
        self._careless = careless

    def journal(self, setting: Setting) -> MemoryJournal:
        self._opening = setting.opening
        return MemoryJournal(bots(setting))

    def build(self, parts: Parts) -> StandIn:
        return StandIn(parts, careless=self._careless)

    def replayed(self, events: Sequence[Any]) -> Any:
        return len(events)

    def stored(self, journal: Any) -> Any:
        return len(journal.log(0, 10**9))

    def wallets(self, journal: Any) -> Mapping[str, Decimal]:
        accounts = journal.accounts()
        realised = sum((one.realised - sum(one.fees.values()) for one in accounts), Decimal(0))
        funding = sum(map(Decimal, journal.facts().get("funding", {}).values()), Decimal(0))
        return {"USDT": self._opening + realised - funding}


def careless_plug() -> StandInPlug:
    return StandInPlug(careless=True)
