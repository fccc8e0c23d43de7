"""Looks into vaults by bots: a replay that reaches a market's vault is charged like a backtest that does, once a bot.

A bot that follows a live market is not: it decides on bars that were not there when anybody chose it.
"""

from __future__ import annotations

from collections.abc import Sequence

from karat.bots.system_clock import SystemClock
from karat.core.ids import BotId
from karat.core.time import timeframe_text
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, JournalReader
from karat.ports.lake import Lake
from karat.research.ledger.trials import Read, TrialLedger
from karat.research.manifest import policy_json
from karat.strategies import find_strategy


def charge_looks(journal: JournalReader, lake: Lake, bots: Sequence[BotId], until_ts: int | None = None) -> None:
    """Charge bots whose replay up to `until_ts` reads their market's vault. Raises NeedsOperator `ledger_damaged`."""
    ledger, clock = TrialLedger(), SystemClock()
    for record in map(journal.bot, bots):
        read = _read(record, lake, until_ts)
        if read is not None and not ledger.has_look(read):
            ledger.record_look(find_strategy(record.strategy), read, clock.now_ms())


def _read(record: BotRecord, lake: Lake, until_ts: int | None) -> Read | None:
    """What a replay reads, where it reaches the vault."""
    if record.mode != Mode.SIMULATED or not lake.has(record.market, record.timeframe_ms):
        return None
    entry = lake.entry(record.market, record.timeframe_ms)
    end_ms = entry.last_ts + record.timeframe_ms
    end_ms = end_ms if until_ts is None else min(end_ms, until_ts)
    if end_ms <= entry.vault_start_ts:
        return None
    return Read(
        tool="bot",
        market=record.market,
        timeframe=timeframe_text(record.timeframe_ms),
        first_ms=record.anchor_ts,
        end_ms=end_ms,
        what={"bot": record.id, "parameters": dict(record.parameters), "policy": policy_json(record.policy)},
    )
