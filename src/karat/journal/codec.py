"""Records to columns of the journal and back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, fields
from enum import Enum
from typing import Any

from karat.core.ids import BotId, ClientOrderId, MarketId, StrategyName
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.core.model.reasons import Reason
from karat.ports.cockpit import BotState, EventKind, Mode
from karat.ports.journal import (
    BotRecord,
    BotStatus,
    DossierMark,
    FillRecord,
    Intent,
    JournalEvent,
    LimitedBy,
    Part,
    TradeRecord,
)

Row = tuple[Any, ...]
encoded = json.JSONEncoder(allow_nan=False).encode  # as `json.dumps`, which makes an encoder for every call

BOT_COLUMNS = (
    "id", "name", "strategy", "code_hash", "parameters", "policy", "instrument", "market", "timeframe_ms", "mode",
    "currency", "anchor_ts", "created_ts", "dossier", "dossier_hash", "limits",
)  # fmt: skip
STATUS_COLUMNS = ("id", "state", "cause", "bars", "last_ts", "last_close", "kernel")
INTENT_COLUMNS = (
    "id", "decision_bar", "decision_ts", "part", "due_bar", "side", "lots", "level_ticks", "reason",
)  # fmt: skip
FILL_COLUMNS = tuple(spec.name for spec in fields(FillRecord) if spec.name != "bot")
TRADE_COLUMNS = tuple(spec.name for spec in fields(TradeRecord) if spec.name not in ("bot", "sequence"))
EVENT_COLUMNS = ("id", "ts", "bar_ts", "kind", "text", "payload")


def policy_json(policy: Policy) -> str:
    """Every field: enumerations by name, NaN (off) as null."""
    return json.dumps({spec.name: _plain(getattr(policy, spec.name)) for spec in fields(Policy)}, allow_nan=False)


def policy_of(text: str) -> Policy:
    """The inverse of `policy_json`."""
    given = json.loads(text)
    return Policy(**{spec.name: _typed(spec.default, given[spec.name]) for spec in fields(Policy)})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name.lower()
    return None if isinstance(value, float) and math.isnan(value) else value


def _typed(default: Any, value: Any) -> Any:
    if isinstance(default, Enum):
        return type(default)[value.upper()]
    if isinstance(default, float):
        return math.nan if value is None else float(value)
    return tuple(value) if isinstance(default, tuple) else value


def instrument_json(instrument: Instrument) -> str:
    return json.dumps({**asdict(instrument), "kind": instrument.kind.name.lower()}, allow_nan=False)


def instrument_of(text: str) -> Instrument:
    given: dict[str, Any] = json.loads(text)
    given["kind"] = Kind[given["kind"].upper()]
    return Instrument(**given)


def bot_row(record: BotRecord) -> Row:
    """In the order of BOT_COLUMNS."""
    texts = {
        "parameters": json.dumps(dict(record.parameters), allow_nan=False),
        "policy": policy_json(record.policy),
        "instrument": instrument_json(record.instrument),
        "mode": record.mode.value,
        "limits": record.limits.value,
        "dossier": None if record.dossier is None else record.dossier.id,
        "dossier_hash": None if record.dossier is None else record.dossier.hash,
    }
    return tuple(texts.get(name, getattr(record, name, None)) for name in BOT_COLUMNS)


def bot_of(row: Row) -> BotRecord:
    given = dict(zip(BOT_COLUMNS, row, strict=True))
    return BotRecord(
        id=BotId(given["id"]),
        name=given["name"],
        strategy=StrategyName(given["strategy"]),
        code_hash=given["code_hash"],
        parameters=json.loads(given["parameters"]),
        policy=policy_of(given["policy"]),
        instrument=instrument_of(given["instrument"]),
        market=MarketId(given["market"]),
        timeframe_ms=given["timeframe_ms"],
        mode=Mode(given["mode"]),
        currency=given["currency"],
        anchor_ts=given["anchor_ts"],
        created_ts=given["created_ts"],
        dossier=None if given["dossier"] is None else DossierMark(given["dossier"], given["dossier_hash"]),
        limits=LimitedBy(given["limits"]),
    )


def status_of(row: Row) -> BotStatus:
    bot, state, *rest = row
    return BotStatus(BotId(bot), BotState(state), *rest)


def intent_row(number: int, place: int, intent: Intent) -> Row:
    """In the order of the table, as the other rows here."""
    identity, *rest = (_cell(getattr(intent, name)) for name in INTENT_COLUMNS)
    return (identity, number, *rest, place)


def intent_of(bot: BotId, row: Row) -> Intent:
    given = dict(zip(INTENT_COLUMNS, row, strict=True))
    given |= {"id": ClientOrderId(given["id"]), "part": Part(given["part"]), "reason": Reason(given["reason"])}
    return Intent(bot=bot, **given)


def fill_row(number: int, fill: FillRecord) -> Row:
    return (number, *(_cell(getattr(fill, name)) for name in FILL_COLUMNS))


def fill_of(bot: BotId, row: Row) -> FillRecord:
    given = dict(zip(FILL_COLUMNS, row, strict=True))
    given |= {"reason": Reason(given["reason"]), "order": ClientOrderId(given["order"])}
    return FillRecord(bot=bot, **given)


def trade_row(number: int, trade: TradeRecord) -> Row:
    return (number, *(_cell(getattr(trade, name)) for name in TRADE_COLUMNS))


def trade_of(row: Row) -> TradeRecord:
    """From (bot id, sequence, *TRADE_COLUMNS)."""
    bot, sequence, *rest = row
    given = dict(zip(TRADE_COLUMNS, rest, strict=True))
    return TradeRecord(sequence=sequence, bot=BotId(bot), **{**given, "reason": Reason(given["reason"])})


def event_of(row: Row) -> JournalEvent:
    """From (bot id or None, *EVENT_COLUMNS)."""
    bot, identity, ts, bar_ts, kind, text, payload = row
    return JournalEvent(
        identity, ts, None if bot is None else BotId(bot), bar_ts, EventKind(kind), text, json.loads(payload)
    )


def _cell(value: Any) -> Any:
    """A value as a store keeps it: enumerations by their value."""
    return value.value if isinstance(value, Enum) else value
