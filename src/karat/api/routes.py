"""The routes under /api/v1: each asks the cockpit one question and returns its view. Jobs alone can be changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from karat.api import models
from karat.api.errors import ErrorBody
from karat.api.job_routes import add_jobs
from karat.api.stream import event_frames, resume_point
from karat.core.errors import InputError
from karat.core.ids import BotId
from karat.ports.cockpit import (
    Book,
    BotView,
    Cockpit,
    EquityRange,
    EquitySeries,
    EventRow,
    FleetView,
    HealthView,
    Mode,
    PositionRow,
    RefusalsView,
    TradeRow,
)
from karat.ports.data_desk import DataDesk, DataView
from karat.ports.jobs import JobDesk

PREFIX = "/api/v1"

BotPath = Annotated[str, Path(max_length=200)]
BotQuery = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[int | None, Query(ge=1)]
Span = Annotated[EquityRange, Query(alias="range")]

FAILURES: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody} for status in (400, 401, 404, 421, 422, 500, 503)
}


def _bot(bot: str | None) -> BotId | None:
    return None if bot is None else BotId(bot)


def build_router(
    cockpit: Cockpit, closing: asyncio.Event, desk: DataDesk | None = None, jobs: JobDesk | None = None
) -> APIRouter:
    """Every route of the API over `cockpit`, over `desk` for data and over `jobs`. Streams end when `closing` is."""
    router = APIRouter(prefix=PREFIX, responses=FAILURES)
    _add_views(router, cockpit)
    _add_lists(router, cockpit)
    _add_data(router, desk)
    add_jobs(router, jobs)
    _add_stream(router, cockpit, closing)
    return router


def _add_views(router: APIRouter, cockpit: Cockpit) -> None:
    @router.get("/health", response_model=models.HealthModel)
    def health() -> HealthView:
        return cockpit.health()

    @router.get("/fleet", response_model=models.FleetModel)
    def fleet() -> FleetView:
        return cockpit.fleet()

    @router.get("/bots/{bot}", response_model=models.BotDetailModel)
    def bot_detail(bot: BotPath) -> BotView:
        return cockpit.bot(BotId(bot))

    @router.get("/bots/{bot}/equity", response_model=models.EquityModel)
    def bot_equity(bot: BotPath, span: Span = EquityRange.ALL) -> EquitySeries:
        return cockpit.equity(BotId(bot), span)

    @router.get("/equity", response_model=models.EquityModel)
    def book_equity(
        mode: Mode, currency: Annotated[str, Query(max_length=20)], span: Span = EquityRange.ALL
    ) -> EquitySeries:
        return cockpit.equity(Book(mode, currency), span)

    @router.get("/refusals", response_model=models.RefusalsModel)
    def refusals(bot: BotQuery = None) -> RefusalsView:
        return cockpit.refusals(_bot(bot))


def _add_lists(router: APIRouter, cockpit: Cockpit) -> None:
    @router.get("/positions", response_model=tuple[models.PositionModel, ...])
    def positions() -> tuple[PositionRow, ...]:
        return cockpit.positions()

    @router.get("/trades", response_model=tuple[models.TradeModel, ...])
    def trades(limit: Limit = 50, before: Before = None, bot: BotQuery = None) -> tuple[TradeRow, ...]:
        return cockpit.trades(limit, before, _bot(bot))

    @router.get("/events", response_model=tuple[models.EventModel, ...])
    def events(limit: Limit = 50, before: Before = None, bot: BotQuery = None) -> tuple[EventRow, ...]:
        return cockpit.events(limit, before, _bot(bot))


def _add_data(router: APIRouter, desk: DataDesk | None) -> None:
    @router.get("/data", response_model=models.DataModel)
    def data() -> DataView:
        if desk is None:
            raise InputError("no_data_desk", "This server looks at no lake.", "Start it with karat serve.")
        return desk.look()


def _resume(last_event_id: Annotated[str | None, Header()] = None) -> int | None:
    return resume_point(last_event_id)


def _add_stream(router: APIRouter, cockpit: Cockpit, closing: asyncio.Event) -> None:
    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(after: Annotated[int | None, Depends(_resume)]) -> AsyncIterator[ServerSentEvent]:
        async for frame in event_frames(cockpit, after, closing):
            yield frame
