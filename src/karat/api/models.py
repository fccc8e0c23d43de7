"""The JSON of the API: one model per view of `karat.ports.cockpit`, with the same field names.

A figure that does not exist is `{"undefined": "why"}`; a number that is not finite is a programmer's error and never
leaves. Codes of core enums travel as their names in lower case.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, JsonValue

from karat.core.model.reasons import Reason, Refusal
from karat.ports.cockpit import BotState, EventKind, Mode, Side, Undefined
from karat.ports.data_desk import Freshness, Group
from karat.ports.protection import Cover
from karat.ports.verdict import Verdict


class UndefinedModel(BaseModel):
    """A figure that does not exist, and why."""

    undefined: str


def _figure(value: object) -> object:
    return UndefinedModel(undefined=value.reason) if isinstance(value, Undefined) else value


def _name(value: object) -> object:
    return value.name.lower() if isinstance(value, IntEnum) else value


def _names(codes: type[IntEnum]) -> list[JsonValue]:
    return [code.name.lower() for code in codes]


ReasonName = Annotated[str, BeforeValidator(_name), Field(json_schema_extra={"enum": _names(Reason)})]
RefusalName = Annotated[str, BeforeValidator(_name), Field(json_schema_extra={"enum": _names(Refusal)})]

Figure = Annotated[FiniteFloat | UndefinedModel, BeforeValidator(_figure)]
Whole = Annotated[int | UndefinedModel, BeforeValidator(_figure)]


class View(BaseModel):
    """Reads the attributes of a view record; an unknown field would be a mistake of ours."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class BookModel(View):
    """Bots whose money may be added."""

    mode: Mode
    currency: str


class HoldingModel(View):
    """What a bot holds."""

    side: Side
    quantity: FiniteFloat


class BotModel(View):
    """One bot as of its last bar."""

    id: str
    name: str
    strategy: str
    market: str
    timeframe: str
    mode: Mode
    currency: str
    state: BotState
    state_cause: str
    equity: Figure
    today: Figure
    today_fraction: Figure
    open_pnl: Figure
    drawdown: Figure
    trades: int
    holding: HoldingModel | None
    last_bar_ts: int | None
    warnings: tuple[str, ...]
    verdict: Verdict


class TotalsModel(View):
    """Sums over one book."""

    book: BookModel
    bots: int
    missing: int
    capital: FiniteFloat
    equity: Figure
    today: Figure
    today_fraction: Figure
    open_pnl: Figure
    drawdown: Figure
    drawdown_deepest: Figure
    at_stops: Figure
    positions: int
    unbounded: int
    trades: int
    exposure_gross: Figure
    exposure_net: Figure


class FleetModel(View):
    """Every bot and the sums per book."""

    clock_ts: int | None
    data_label: str
    bots: tuple[BotModel, ...]
    totals: tuple[TotalsModel, ...]


class PositionModel(View):
    """One open position."""

    bot: str
    market: str
    currency: str
    side: Side
    quantity: FiniteFloat
    entry_ts: int
    entry_price: FiniteFloat
    mark_price: FiniteFloat
    open_pnl: FiniteFloat
    stop_price: FiniteFloat | None
    stop_distance: Figure
    at_stop: Figure
    r: Figure
    price_tick: FiniteFloat
    quantity_step: FiniteFloat


class TradeModel(View):
    """One closed trade."""

    sequence: int
    bot: str
    market: str
    currency: str
    id: int
    side: Side
    entry_ts: int
    exit_ts: int
    quantity: FiniteFloat
    entry_price: FiniteFloat
    exit_price: FiniteFloat
    pnl: FiniteFloat
    r: Figure
    reason: ReasonName
    price_tick: FiniteFloat
    quantity_step: FiniteFloat


class EquityModel(View):
    """Marked equity and its drawdown, columns of one length."""

    currency: str
    ts: tuple[int, ...]
    value: tuple[FiniteFloat, ...]
    drawdown: tuple[FiniteFloat, ...]


class EventModel(View):
    """Something that happened."""

    id: int
    ts: int
    bot: str | None
    kind: EventKind
    text: str


class RefusalCountModel(View):
    """How often a reason was the first "no"."""

    reason: RefusalName
    count: int


class RefusalsModel(View):
    """What became of today's decisions."""

    since_ts: int | None
    decisions: int
    flat: int
    entered: int
    refused: tuple[RefusalCountModel, ...]


class ParameterModel(View):
    """One parameter of a bot's strategy."""

    name: str
    value: str


class ProtectionModel(View):
    """Whether a stop covers what is held, and for how long in the bot's life one was missing at the venue."""

    cover: Cover
    unprotected_seconds: FiniteFloat


class BotDetailModel(View):
    """One bot opened."""

    row: BotModel
    position: PositionModel | None
    hypothesis: str
    parameters: tuple[ParameterModel, ...]
    capital: FiniteFloat
    anchor_ts: int
    verdict_reason: str
    dossier: str | None
    protection: ProtectionModel


class SourceModel(View):
    """How one series stands that is stored, declared or streamed."""

    source: str
    series: str
    kind: str
    timeframe: str
    group: Group
    rows: int
    last_ts: Whole
    age_ms: Whole
    limit_ms: int
    over_ms: int
    state: Freshness
    reason: str
    asked_ts: Whole
    coverage: Figure
    score: Figure
    faults: tuple[str, ...]
    hash: str


class GroupCountModel(View):
    """How many series of one group there are, and how many in each state."""

    group: Group
    series: int
    damaged: int
    missing: int
    failed: int
    stale: int
    late: int
    unknown: int
    fresh: int


class DataModel(View):
    """How all data stands, the worst first."""

    at_ts: int
    markets: int
    timeframes: int
    counts: tuple[GroupCountModel, ...]
    rows: tuple[SourceModel, ...]


class HealthModel(View):
    """The process itself."""

    version: str
    started_ts: int
    last_event_id: int
