"""How a bot looks, to a script and to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from karat.app.console import say, show, undefined
from karat.core.errors import InputError
from karat.core.time import iso, timeframe_text
from karat.ports.cockpit import BotState

if TYPE_CHECKING:
    from karat.ports.journal import BotRecord, BotStatus, TradeRecord
    from karat.ports.trading import TradingJournal


_DATA_FIELDS = ("data_hash", "bars_hash", "quality")


def bot_json(journal: TradingJournal, record: BotRecord) -> dict[str, Any]:
    """One bot as it stands."""
    status = journal.status(record.id)
    marks = None if status.last_ts is None else journal.marks(record.id, status.last_ts)
    nothing = undefined("no bar yet")
    lot = record.instrument.lot * record.instrument.contract_size
    return {
        "name": record.name,
        "strategy": record.strategy,
        "market": record.market,
        "timeframe": timeframe_text(record.timeframe_ms),
        "mode": record.mode.value,
        "state": _state(journal, status),
        "cause": status.cause,
        "bars": status.bars,
        "last_ts": nothing if status.last_ts is None else status.last_ts,
        "currency": record.currency,
        "equity": nothing if marks is None else float(marks.equity[-1]),
        "position": nothing if marks is None else float(marks.position[-1] * lot),
        "trades": journal.trade_count(record.id),
        **_data_json(record, status.last_ts),
    }


def protection_json(journal: TradingJournal, record: BotRecord) -> dict[str, Any]:
    """Whether a stop covers what the bot holds, and for how long one was missing."""
    from karat.control.protection import protection_of
    from karat.kernel.state import state_from_bytes

    kernel = journal.status(record.id).kernel
    found = protection_of(journal, record.id, state_from_bytes(kernel) if kernel else None)
    return {"cover": found.cover.value, "unprotected_seconds": found.unprotected_seconds}


def _data_json(record: BotRecord, last_ts: int | None) -> dict[str, Any]:
    """Hash and quality of the bars from the anchor to the last one done, as the lake has them now."""
    from karat.core.model.candles import no_funding
    from karat.lake.store import open_lake
    from karat.quality import coverage_of
    from karat.research.backtest_market import known_funding
    from karat.research.data_gate import Gate, data_json

    if last_ts is None:
        return dict.fromkeys(_DATA_FIELDS, undefined("no bar yet"))
    lake, end = open_lake(), last_ts + record.timeframe_ms
    try:
        candles = lake.candles_between(record.market, record.timeframe_ms, record.anchor_ts, end)
        entry = lake.entry(record.market, record.timeframe_ms)
    except InputError as error:
        return dict.fromkeys(_DATA_FIELDS, undefined(error.message))
    coverage = coverage_of(candles, sessions=entry.sessions, from_ms=record.anchor_ts, to_ms=end)
    funding = known_funding(lake.funding(record.market), candles) if entry.has_funding else no_funding()
    return data_json(lake, candles, funding, Gate(coverage))


def _state(journal: TradingJournal, status: BotStatus) -> str:
    """What the journal says, unless it says running and nobody runs it: then it was killed."""
    if status.state != BotState.RUNNING:
        return status.state.value
    return status.state.value if journal.desk_is_alive() else "interrupted"


def trade_json(trade: TradeRecord) -> dict[str, Any]:
    """One closed trade."""
    return {
        "id": trade.trade + 1,
        "side": trade.side,
        "entry_ts": trade.entry_ts,
        "exit_ts": trade.exit_ts,
        "entry_price": trade.entry_price,
        "exit_price": trade.exit_price,
        "pnl": trade.pnl,
        "reason": trade.reason.name.lower(),
    }


def show_rows(rows: list[dict[str, Any]]) -> None:
    """A table of what `bot_json` gave."""
    from rich.table import Table

    table = Table(
        "bot", "strategy", "market", "timeframe", "state", "bars", "last bar", "equity", "position", "trades", "data"
    )
    for row in rows:
        table.add_row(
            row["name"], row["strategy"], row["market"], row["timeframe"], row["state"], f"{row['bars']:,}",
            _words(row["last_ts"]), _money(row), _words(row["position"]), f"{row['trades']:,}",
            _score(row["quality"]),
        )  # fmt: skip
    show(table)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "none yet"
    return iso(value) if isinstance(value, int) else f"{value:.10g}"


def _score(quality: dict[str, Any]) -> str:
    return "none yet" if "undefined" in quality else f"{quality['score']:g} of 100"


def _data_words(value: dict[str, Any]) -> str:
    """The bars the bot has seen, in one line."""
    quality = value["quality"]
    if "undefined" in quality:
        return f"Data: {quality['undefined']}."
    faults = ", ".join(one["name"].replace("_", " ") for one in quality["reasons"] if one["points"])
    share = f"{quality['coverage']['share']:.2%} of the bars"
    return f"Data: {_score(quality)}, {share}, hash {value['data_hash'][:12]}{f'; {faults}' if faults else ''}."


def _money(row: dict[str, Any]) -> str:
    return _words(row["equity"]) if isinstance(row["equity"], dict) else f"{row['equity']:,.2f} {row['currency']}"


def _parity_words(parity: dict[str, Any]) -> str:
    """The newest nightly comparison, in one line."""
    percent, when = parity["percent"], iso(parity["at_ms"])
    if isinstance(percent, dict):
        return f"Parity with the backtest, {when}: undefined, {percent['undefined']}."
    return f"Parity with the backtest, {when}: {percent:.2f}% over {parity['trades']:,} trades."


def _protection_words(protection: dict[str, Any]) -> str:
    """Whether what is held is covered, in one line."""
    now = {
        "flat": "Nothing is held", "covered": "A stop covers what is held",
        "bare": "What is held has NO full stop", "no_stop": "What is held has no stop: the policy sets none",
    }[protection["cover"]]  # fmt: skip
    return f"{now}. Without a stop that was due, in its life: {protection['unprotected_seconds']:.1f} s."


def show_one(value: dict[str, Any]) -> None:
    """One bot, its newest trades and events."""
    from rich.table import Table

    show_rows([value])
    parameters = ", ".join(f"{name}={number:g}" for name, number in value["parameters"].items())
    say(f"Parameters: {parameters or 'none'}. Capital {value['capital']:,.2f} {value['currency']}.")
    say(_data_words(value))
    say(_protection_words(value["protection"]))
    source = "" if value["dossier"] is None else f" Dossier: {value['dossier']}."
    say(f"{value['verdict'].capitalize()}. {value['verdict_reason']}{source}")
    if "at_ms" in value["parity"]:
        say(_parity_words(value["parity"]))
    if value["cause"]:
        say(f"{value['state']}: {value['cause']}")
    trades = Table("trade", "side", "entry", "exit", "entry price", "exit price", "result", "reason")
    for one in value["newest_trades"]:
        trades.add_row(
            str(one["id"]), "long" if one["side"] > 0 else "short", iso(one["entry_ts"]), iso(one["exit_ts"]),
            f"{one['entry_price']:.10g}", f"{one['exit_price']:.10g}", f"{one['pnl']:,.2f}", one["reason"],
        )  # fmt: skip
    events = Table("event", "bar", "kind", "what")
    for one in value["newest_events"]:
        events.add_row(str(one["id"]), "" if one["bar_ts"] is None else iso(one["bar_ts"]), one["kind"], one["text"])
    show(trades)
    show(events)
