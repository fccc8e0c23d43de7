"""karat parity BOT: a bot beside its backtest."""

from __future__ import annotations

from dataclasses import fields

from karat.app.bot_commands import journal_if_any, no_bot
from karat.app.console import say, show, show_json
from karat.app.serve_fleet import tape_of
from karat.bots.workers.settings import WorkerSettings
from karat.bots.workers.voices import Voices
from karat.control.running_parity import BotParity, Pair, parity_of
from karat.core.ids import BotId
from karat.core.time import iso
from karat.lake.store import open_lake
from karat.ports.feed import FeedKey
from karat.ports.journal import TradeRecord
from karat.ports.lake import Lake
from karat.ports.trading import TradingJournal
from karat.strategies import find_strategy

EXIT_UNEQUAL = 1
PAIRS_SHOWN = 20


def judged(journal: TradingJournal, lake: Lake, bot: BotId, voices: Voices) -> BotParity:
    """A bot of the journal beside its backtest on what the lake holds now. Its strategy is evaluated as that of a
    running bot is, within a deadline; afterwards no worker is left."""
    record = journal.bot(bot)
    strategy = find_strategy(record.strategy)
    needs = tuple(need for need in strategy.needs if need != "funding")
    tape = tape_of(lake, FeedKey(record.market, record.timeframe_ms, record.anchor_ts, needs))
    funding = tape.funding if tape.has_funding else None
    try:
        return parity_of(journal, record, strategy, tape.candles, funding, tape.series, voices)
    finally:
        voices.close()


def parity_of_bot(name: str, *, as_json: bool) -> int:
    """Print how a bot compares. 0, or 1 where its parity is below 99%."""
    journal = journal_if_any()
    if journal is None:
        raise no_bot()
    try:
        found = judged(journal, open_lake(), BotId(name), Voices(WorkerSettings()))
    finally:
        journal.close()
    if as_json:
        show_json({"bot": name, **found.plain(), "pairs": [_json(pair) for pair in found.pairs]})
    else:
        _show(name, found)
    return 0 if found.is_good else EXIT_UNEQUAL


def _json(pair: Pair) -> dict[str, object]:
    bot, backtest = pair.results
    return {"bot": _trade(pair.bot), "backtest": _trade(pair.backtest), "gap": bot - backtest, "why": pair.why}


def _trade(trade: TradeRecord | None) -> dict[str, object] | None:
    if trade is None:
        return None
    return {
        "side": trade.side, "entry_ts": trade.entry_ts, "exit_ts": trade.exit_ts, "lots": trade.lots,
        "entry_price": trade.entry_price, "exit_price": trade.exit_price, "pnl": trade.pnl,
    }  # fmt: skip


def _show(name: str, found: BotParity) -> None:
    from rich.table import Table

    unequal = [pair for pair in found.pairs if pair.why]
    if unequal:
        table = Table(
            "side", "bot's entry", "bot's result", "backtest's entry", "backtest's result", "gap", "because of"
        )
        for pair in unequal[-PAIRS_SHOWN:]:
            one = pair.bot or pair.backtest
            assert one is not None
            bot, backtest = pair.results
            table.add_row(
                "long" if one.side > 0 else "short", *_cells(pair.bot), *_cells(pair.backtest),
                f"{bot - backtest:,.2f}", pair.why.replace("_", " "),
            )  # fmt: skip
        show(table)
    split = Table(*(one.name.replace("_", " ") for one in fields(found.gaps)), "sum")
    gaps = [getattr(found.gaps, one.name) for one in fields(found.gaps)]
    split.add_row(*(f"{gap:,.2f}" for gap in gaps), f"{found.gaps.total:,.2f}")
    show(split)
    say(f"{name}: {found.bars:,} bars from {iso(found.first_ts)} to {iso(found.last_ts)}, {len(found.pairs):,} trades.")
    if found.revised_bars or found.later_bars:
        say(f"{found.revised_bars:,} closes were revised since, {found.later_bars:,} bars came later.")
    say(f"Parity {found.percent:.2f}%." if isinstance(found.percent, float) else f"Parity {found.percent}.")


def _cells(trade: TradeRecord | None) -> tuple[str, str]:
    return ("none", "") if trade is None else (iso(trade.entry_ts), f"{trade.pnl:,.2f}")
