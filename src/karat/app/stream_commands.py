"""karat data stream: live trades, quotes, books, liquidations and candles into the lake, until told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show, show_json
from karat.core.errors import EXIT_INPUT, InputError
from karat.core.home import karat_home
from karat.core.ids import MarketId, market_id
from karat.core.time import SECOND_MS, iso, timeframe_ms

if TYPE_CHECKING:
    from karat.ingest.bars.live import BarsWanted
    from karat.ingest.streams.begin import Order
    from karat.ingest.streams.run import Place
    from karat.ingest.streams.status import StreamStatus
    from karat.ports.stream import Stream

Json = Annotated[bool, Parameter(name="--json", negative="")]


def stream_data(
    *markets: str,
    kinds: str = "trades",
    every: str = "1s",
    reach: str = "6h",
    bars: str = "",
    candles: bool | None = None,
    as_json: Json = False,
) -> int:
    """Stream live data into the lake until Ctrl-C.

    What was missed, since the last run too, is asked for over REST; what cannot be had is written down as a gap.

    Parameters
    ----------
    markets
        venue:SYMBOL, the symbol as the venue writes it, for example binance_perp:BTCUSDT.
    kinds
        trades, quotes, book, liquidations, candles; several with commas, or all.
    every
        How often the book is sampled, for example 1s or 1m.
    reach
        A pause up to so long is filled over REST; a longer one is a gap.
    bars
        Bars to build from the trades, for example 1m,tick:1000,renko:atr14: see karat data bars.
    candles
        Whether whole time bars become candles; when left out, if the market has candles already.
    as_json
        Print one JSON object at the end.
    """
    from karat.app.vendors import network, stream_opener
    from karat.bots.system_clock import SystemClock
    from karat.ingest.budget import FolderBudget
    from karat.ingest.streams.begin import Choices
    from karat.ingest.streams.records import StreamRecords, streams_folder
    from karat.ingest.streams.run import Place
    from karat.lake.store import open_lake

    orders = _orders(markets, kinds)
    choices = Choices(timeframe_ms(every), timeframe_ms(reach), _bars(orders, bars, candles))
    clock = SystemClock()
    opener = stream_opener(network(), FolderBudget(karat_home() / "budget", clock))
    with progress("connecting") as line:
        told = _Told(line.update) if line else lambda _: None
        place = Place(open_lake(), clock, StreamRecords(streams_folder()), told, choices=choices)
        statuses = asyncio.run(_until_stopped(orders, opener, place))
    if as_json:
        show_json({"streams": [status.as_json() for status in statuses]})
    else:
        _show(statuses)
    return EXIT_INPUT if any(status.refused for status in statuses) else 0


def _orders(markets: Sequence[str], kinds: str) -> list[Order]:
    from karat.ingest.streams.begin import Order
    from karat.ports.stream import StreamKind

    if not markets:
        hint = "Name markets: karat data stream VENUE:SYMBOL --kinds trades,book."
        raise InputError("no_market", "There is nothing to stream.", hint)
    known = [kind.value for kind in StreamKind]
    names = known if kinds.strip() == "all" else [name.strip() for name in kinds.split(",")]
    for name in names:
        if name not in known:
            raise InputError("kind_unknown", f"There are no streams of '{name}'.", f"Kinds: {', '.join(known)}.")
    return [
        Order(market_id(market), StreamKind(name)) for market in dict.fromkeys(markets) for name in dict.fromkeys(names)
    ]


def _bars(orders: Sequence[Order], text: str, candles: bool | None) -> dict[MarketId, BarsWanted]:
    from karat.bars import bar_kinds
    from karat.core.instruments import instrument_for
    from karat.ingest.bars.live import BarsWanted
    from karat.ports.stream import StreamKind

    if not text:
        return {}
    markets = [order.market for order in orders if order.kind is StreamKind.TRADES]
    if not markets:
        raise InputError("no_trades", "Bars are built from trades, which are not streamed.", "Add trades to --kinds.")
    return {market: BarsWanted(bar_kinds(text, instrument_for(market, None).tick), candles) for market in markets}


async def _until_stopped(orders: Sequence[Order], opener: Callable[[str], Stream], place: Place) -> list[StreamStatus]:
    """Stream until Ctrl-C or SIGTERM; both let what has come be stored first."""
    from karat.ingest.streams.run import stream_all

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await stream_all(orders, opener, place, stop)


class _Told:
    """Tells a person how every stream stands: state, rows a second, age, gaps."""

    def __init__(self, update: Any) -> None:
        self._update = update
        self._before: dict[int, tuple[int, int]] = {}

    def __call__(self, statuses: Sequence[StreamStatus]) -> None:
        from karat.bots.system_clock import SystemClock

        now_ms = SystemClock().now_ms()
        self._update("\n".join(self._line(status, now_ms) for status in statuses))

    def _line(self, status: StreamStatus, now_ms: int) -> str:
        rows, then_ms = self._before.get(id(status), (0, status.since_ms))
        self._before[id(status)] = (status.rows, now_ms)
        rate = (status.rows - rows) * SECOND_MS / max(now_ms - then_ms, 1)
        age = f"{(now_ms - status.heard_ms) / SECOND_MS:.0f} s ago" if status.heard_ms else "nothing yet"
        name = f"{status.market} {status.kind.value}"
        words = f"{name}: {status.state.value}, {rate:,.0f} rows/s, {age}, {status.gaps} gaps"
        if status.bars:
            words += f", {status.bars} bars"
        return f"{words}. {status.storage}" if status.storage else words


def _show(statuses: Sequence[StreamStatus]) -> None:
    from rich.table import Table

    table = Table("market", "kind", "rows", "refilled", "twice", "gaps", "reconnects", "paused", "last")
    for status in statuses:
        counts = (status.rows, status.backfilled, status.duplicates, status.gaps, status.reconnects, status.pauses)
        last = iso(status.last_ts) if status.last_ts else "none"
        table.add_row(status.market, status.kind.value, *(str(count) for count in counts), last)
    show(table)
    for status in statuses:
        if status.refused:
            say(f"{status.market} {status.kind.value} stopped by itself: {status.trouble}")
        if status.bars:
            unlike = f", and {status.unlike} differ from candles of the lake, which stay" if status.unlike else ""
            say(f"{status.market}: {status.bars} bars stored, {status.cut_bars} of them not whole{unlike}.")
        if status.bar_trouble:
            say(f"{status.market}: {status.bar_trouble}")
