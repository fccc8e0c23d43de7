"""Bots and bars to write into a journal."""

from __future__ import annotations

from karat.core.ids import BotId, ClientOrderId, MarketId, StrategyName
from karat.core.instruments import instrument_for
from karat.core.model.policy import LevelMode, Policy, SizeMode
from karat.core.model.reasons import Reason, Refusal
from karat.core.time import HOUR_MS
from karat.ports.cockpit import EventKind, Mode
from karat.ports.journal import BarEntry, BotRecord, Decision, FillRecord, Happening, Intent, Part, TradeRecord

MARKET = MarketId("binance_perp:BTCUSDT")
ANCHOR = 1_700_000_000_000 // HOUR_MS * HOUR_MS
POLICY = Policy(
    capital=5_000.0, size_mode=SizeMode.RISK, size_value=0.01, stop_mode=LevelMode.ATR, stop_value=2.0,
    min_confidence_by_regime=(0.1, 0.2), cooldown_by_regime=(0, 3),
)  # fmt: skip


def bot_record(name: str = "ada") -> BotRecord:
    return BotRecord(
        id=BotId(name),
        name=name,
        strategy=StrategyName("ema_crossover"),
        code_hash="c0de",
        parameters={"fast_period": 20, "band": 0.1, "shorts": True},
        policy=POLICY,
        instrument=instrument_for(MARKET, None),
        market=MARKET,
        timeframe_ms=HOUR_MS,
        mode=Mode.SIMULATED,
        currency="USDT",
        anchor_ts=ANCHOR,
        created_ts=ANCHOR + 1,
    )


def bar_entry(bot: str, bar: int, *, refusal: Refusal = Refusal.NONE, **extra: object) -> BarEntry:
    """A quiet bar, or one with what `extra` brings."""
    return BarEntry(
        bot=BotId(bot),
        bar=bar,
        ts=ANCHOR + bar * HOUR_MS,
        close=100.1 + bar,
        equity=5_000.0 + 0.1 * bar,
        position=0,
        kernel=bytes([bar]) * 8,
        decision=Decision(asked=refusal != Refusal.NONE, refusal=refusal),
        written_ts=7,
        **extra,  # type: ignore[arg-type]
    )


def intent(bot: str, bar: int, part: Part = Part.ENTRY) -> Intent:
    return Intent(
        id=ClientOrderId(f"{bot}-{bar}-{part}"),
        bot=BotId(bot),
        decision_bar=bar,
        decision_ts=ANCHOR + bar * HOUR_MS,
        part=part,
        due_bar=bar + 1,
        side=1,
        lots=3,
        level_ticks=None,
        reason=Reason.ENTRY,
    )


def fill(bot: str, number: int, bar: int, order: ClientOrderId, *, side: int = 1) -> FillRecord:
    return FillRecord(
        bot=BotId(bot),
        number=number,
        ts=ANCHOR + bar * HOUR_MS,
        bar=bar,
        side=side,
        lots=3,
        reason=Reason.ENTRY if side > 0 else Reason.STOP,
        decision_bar=bar - 1,
        level_ticks=None if side > 0 else 990,
        position_before=0 if side > 0 else 3,
        trade=0,
        raw_price=100.0,
        price=100.1,
        fee=0.3,
        spread_cost=0.1,
        slippage_cost=0.2,
        equity_before=5_000.0,
        gain=0.1 + 0.2,
        trade_funding=0.0,
        trade_borrow=0.0,
        stop_ticks=990 if side > 0 else None,
        order=order,
    )


def trade(bot: str) -> TradeRecord:
    return TradeRecord(
        0, BotId(bot), 0, 1, ANCHOR, ANCHOR + HOUR_MS, 3, 100.1, 99.0, 0.6, 0.0, 0.0, -3.9, None, Reason.STOP
    )


def told(kind: EventKind, text: str) -> Happening:
    return Happening(kind, text, {"price": 100.1})
