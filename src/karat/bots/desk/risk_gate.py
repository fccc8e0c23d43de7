"""The gate of a bot under the limits of the fleet: switches, entry filter, breakers, and the five layers of risk.

1. They are asked in this order, and the first that says no is the last that is asked. What is left of the size by the
   layers is what goes out.
2. Every decision of the layers is an event, whatever it was. Breakers tell when they fall and when they are released.
3. What they remember is a fact of the journal, written with what it came from: a restart forgives nothing.
4. An entry that was let through counts from that moment on, for this bot and for every other.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from karat.bots.desk.book import Book
from karat.bots.desk.bot_risk import BotRisk, day_start_of, fact_of
from karat.bots.desk.gates import Answer
from karat.bots.desk.house import ACCOUNT_RULE, BOT_RULE, House, funding_rate
from karat.bots.desk.orders import Wish
from karat.bots.desk.risk_words import decision_told, risk_told, until_told
from karat.bots.desk.shares import signal_key, stop_of
from karat.bots.desk.switches import SwitchGate
from karat.bots.history import History
from karat.core.model.candles import Bools, Floats
from karat.core.model.instrument import Kind
from karat.core.model.reasons import Refusal
from karat.core.time import DAY_MS
from karat.kernel.state import State
from karat.ports.cockpit import EventKind
from karat.risk import BotView, Decision, InFlight, Proposal, Snapshot, decide
from karat.risk.breakers import BarClosed, BreakerEvent, Latch, OrderAnswered, OrderMeant, TradeClosed
from karat.risk.decide import Answer as Decided
from karat.risk.entry_filter import EntryView, Filtered, filter_entry
from karat.risk.stretches import BarsClosed

VOLUME_BARS = 20  # before the bar of the decision: their mean is the usual volume


class RiskGate:
    """Of one bot. `history` are the bars of its market."""

    def __init__(self, house: House, book: Book, history: History) -> None:
        self._house = house
        self._book = book
        self._history = history
        self._switches = SwitchGate(house.desk.condition)
        self._risk = BotRisk.of(house.facts.get(fact_of(book.record.id), {}))
        self._state = book.kernel
        self._bar = -1
        self._damage = ""
        self._let = list[InFlight]()  # of the decision in hand, not yet among the orders of the book
        self.beside: RiskGate | None = None  # of the other leg of a pair, asked at the same close
        book.onlooker = self
        house.moving.follow(history)

    def closed(self, book: Book, bar: int, ts: int, state: State, confidence: float | None) -> None:
        """A bar has closed with `state`; `confidence` is that of a signal to enter, None without one."""
        now = self._house.now_ms(book, ts)
        self._bar, self._state = bar, state
        self._let.clear()
        self._house.mark(book, state, now)
        equity, start = state.marks.equity, day_start_of(state, now)
        if self._risk.marked(equity, halted=book.record.id in self._house.desk.condition.halts):
            self._keep()
        self._damage = self._house.damage(book, self._history, bar)
        self._tell(BarClosed(bar, now, equity, start, not self._damage, confidence, self._damage), "bar")

    def calm_until(self, first: int, equity: Floats, day_start: Floats, asked: Bools, confidence: Floats) -> int:
        """The first of some bars that its breakers, or the journal, must be told of alone, else the one behind them.
        None is calm before it was told of one, nor where what is stored may turn out to be damaged."""
        house, history, stop = self._house, self._history, first + len(equity)
        if self._bar < 0 or house.data is not None or house.desk.condition.killed:
            return first
        now = history.columns["ts"].cells[first:stop] + history.timeframe_ms
        start = np.where(now % DAY_MS == 0, equity, day_start)
        bars = BarsClosed(first, now, equity, start, house.whole(self._book, history, first, stop), asked, confidence)
        return self._risk.calm_until(bars, house.limits, halted=self._book.record.id in house.desk.condition.halts)

    def passed(self, bar: int, state: State) -> None:
        """Calm bars were done, of which `bar` was the last."""
        self._bar, self._state = bar, state
        self._let.clear()
        opened = int(self._history.columns["ts"].cells[bar])
        self._risk.passed(bar, self._house.now_ms(self._book, opened))

    def trade_closed(self, pnl: float) -> None:
        """A trade of the bot ended with this, after costs."""
        if pnl < 0.0:
            self._risk.last_loss_bar = self._book.kernel.bar
        self._tell(TradeClosed(pnl), "trade", keeps=pnl < 0.0)

    def order_answered(self, *, rejected: bool) -> None:
        """The venue took an entry, or refused it."""
        self._tell(OrderAnswered(rejected), "order")

    def ask(self, book: Book, wish: Wish, decision_ts: int, now_ms: int) -> Answer:
        """What may go of an entry or of a re-entry limit."""
        switched = self._switches.ask(book, wish, decision_ts, now_ms)
        if not switched.lots:
            return switched
        now = self._house.now_ms(book, decision_ts)
        self._house.picture.refresh(now)
        filtered = filter_entry(self._entry_view(wish, decision_ts, now), self._house.limits)
        chain = (*switched.chain, self._filter_told(filtered))
        if not filtered.passed:
            return Answer(0, Refusal.FILTER, f"filter.{filtered.first}", chain[-1]["reason"], chain)
        proposal = self._proposal(wish, decision_ts)
        snapshot = self._snapshot(proposal, now)
        fallen = self._meant(proposal, snapshot)
        chain = (*chain, {"gate": "breakers", "passed": not fallen, "reason": fallen})
        if fallen:
            return Answer(0, Refusal.RISK, "breakers", fallen, chain)
        decision = decide(snapshot, proposal, self._house.limits)
        self._tell_decision(decision, decision_ts)
        chain = (*chain, risk_told(decision))
        if decision.answer is Decided.REFUSED:
            if decision.first in (BOT_RULE, ACCOUNT_RULE):
                self._halt(decision)
            return Answer(0, Refusal.RISK, f"risk.{decision.first}", decision.reason, chain)
        self._let_through(proposal, decision.lots, now)
        if decision.lots == wish.lots:
            return Answer(wish.lots, chain=chain)
        return Answer(decision.lots, Refusal.NONE, f"risk.{decision.first}", decision.reason, chain)

    def _halt(self, decision: Decision) -> None:
        if decision.first == BOT_RULE:
            self._risk.has_fallen = True
            self._keep()
        self._house.halt(self._book, decision.first, decision.reason)

    def take_back(self, lots: int) -> None:
        """Of what was let through last only `lots` go after all."""
        last = self._let.pop()
        if lots:
            self._let.append(replace(last, lots=lots))
            return
        self._risk.entries = {key: at for key, at in self._risk.entries.items() if key != last.signal_key}
        self._keep()

    @property
    def _flying(self) -> tuple[InFlight, ...]:
        """What was let through at this close and is no order yet, of the other leg too."""
        return (*self._let, *(self.beside._let if self.beside is not None else ()))

    def _let_through(self, proposal: Proposal, lots: int, now: int) -> None:
        self._risk.entered(proposal.signal_key, now)
        self._keep()
        self._let.append(
            InFlight(
                proposal.bot, proposal.strategy, proposal.market, proposal.side, lots, proposal.signal_key,
                proposal.limit_ticks, proposal.stop_ticks, proposal.leverage,
            )
        )  # fmt: skip

    def _proposal(self, wish: Wish, ts: int) -> Proposal:
        record, opening = self._book.record, wish.opening
        assert opening is not None, "what opens or grows a position has an opening"
        quote = self._house.desk.quotes.get(record.market)
        price = None if quote is None else quote.ask if wish.side > 0 else quote.bid
        return Proposal(
            bot=record.id,
            strategy=record.strategy,
            market=record.market,
            side=wish.side,
            lots=wish.lots,
            signal_key=signal_key(self._book, ts, wish.part),
            decided_ms=ts + record.timeframe_ms,
            limit_ticks=wish.limit_ticks,
            stop_ticks=stop_of(self._book, wish.side, wish.limit_ticks, opening, price),
            leverage=max(opening.leverage, 1.0),
        )

    def _snapshot(self, proposal: Proposal, now: int) -> Snapshot:
        house, book = self._house, self._book
        picture, number = house.picture, book.number
        unit = self._unit()
        holdings = picture.holdings(number, book)
        flying = (*picture.flying(book.record.currency), *self._flying)
        elsewhere = {one.market for one in (*holdings, *flying)} - {book.record.market}
        others = () if unit is None else picture.others_of_strategy(number, book, unit, now)
        return Snapshot(
            now_ms=now,
            account=picture.account(number, unit),
            system=house.system(book, self._risk.breakers.latched, intact=not self._damage),
            markets=picture.markets(book, elsewhere, proposal.leverage, now),
            bots=(self._bot_view(unit, now), *others),
            holdings=holdings,
            in_flight=flying,
            correlations=house.moving.at(proposal.decided_ms),
            signal_keys_used=frozenset(self._risk.entries),
        )

    def _bot_view(self, unit: float | None, now: int) -> BotView:
        record, marks = self._book.record, self._state.marks
        hour, day = self._risk.entries_since(now)
        top = marks.peak if self._risk.peak is None else self._risk.peak
        equity, peak, start = (
            None if unit is None else value * unit for value in (marks.equity, top, day_start_of(self._state, now))
        )
        halted = record.id in self._house.desk.condition.halts
        return BotView(record.id, record.strategy, equity, peak, start, self._risk.breakers.losses, hour, day, halted)

    def _unit(self) -> float | None:
        """What one of the bot's currency is worth in quote units: the price where it is the coin of the market."""
        if self._book.record.instrument.kind != Kind.INVERSE:
            return 1.0
        quote = self._house.desk.quotes.get(self._book.record.market)
        return None if quote is None else quote.mark

    def _entry_view(self, wish: Wish, ts: int, now: int) -> EntryView:
        house, book, history, state = self._house, self._book, self._history, self._state
        quote, bar = house.desk.quotes.get(book.record.market), self._bar
        spread = None
        if quote is not None and quote.bid is not None and quote.ask is not None:
            spread = (quote.ask - quote.bid) / ((quote.ask + quote.bid) / 2.0)
        volume = history.columns["volume"].cells
        positions = 1 + state.trade.adds if state.holding.side else 0
        rate = funding_rate(history, ts + history.timeframe_ms) if history.has_funding else 0.0
        return EntryView(
            side=wish.side,
            bar=bar,
            now_ms=now,
            regime=house.regime(history, bar, ts).regime,
            confidence=None if wish.opening is None else wish.opening.confidence,
            last_exit_bar=state.blocks.close_bar if state.blocks.close_bar >= 0 else None,
            positions_bot=positions + len(self._let),
            positions_fleet=house.picture.positions() + len(self._flying),
            volume=float(volume[bar]),
            volume_usual=float(volume[bar - VOLUME_BARS : bar].mean()) if bar >= VOLUME_BARS else None,
            equity=state.marks.equity,
            equity_day_start=day_start_of(state, now),
            losses_in_row=self._risk.breakers.losses,
            last_loss_bar=self._risk.last_loss_bar,
            funding_rate=None if math.isnan(rate) else rate,
            spread=spread,
            depth=None if quote is None else quote.depth,
            data_ms=None if quote is None else quote.ts,
            kill_latched=bool(house.desk.condition.killed),
            breakers_latched=self._risk.breakers.latched,
            in_session=True,  # bars of a market that sleeps are made while it is awake, and orders wait for the next
        )

    def _filter_told(self, filtered: Filtered) -> dict[str, Any]:
        reason = next((one.reason for one in filtered.told if not one.passed), "")
        if filtered.first == "switches":
            reason = "; ".join(f"breaker {one.breaker.value}: {one.reason}" for one in self._risk.breakers.latches)
        regime = self._house.regime(self._history, self._bar, int(self._history.columns["ts"].cells[self._bar]))
        told: dict[str, Any] = {"gate": "filter", "passed": filtered.passed, "reason": reason}
        told["regime"] = {"undefined": regime.reason} if regime.regime is None else regime.regime.value
        leans = self._history.imbalance(self._bar)
        told["imbalance"] = {"undefined": "no order book of the last minute is known"} if leans is None else leans
        return {**told, "blocked": [one.as_dict() for one in filtered.told if not one.passed]}

    def _meant(self, proposal: Proposal, snapshot: Snapshot) -> str:
        """Tell the breakers of an order that is about to be made; the words of those that fell."""
        market = snapshot.markets[0]
        known = market.mark is not None and market.lot is not None and market.contract_size is not None
        per_lot = None
        if known:
            assert market.mark is not None and market.lot is not None and market.contract_size is not None
            per_lot = market.lot * market.contract_size * (1.0 if market.inverse else market.mark)
        usual = self._usual_notional(market.mark)
        notional = None if per_lot is None else proposal.lots * per_lot
        fallen = self._tell(OrderMeant(notional, proposal.leverage, usual, market.depth), proposal.signal_key)
        return "; ".join(f"breaker {one.breaker.value}: {one.reason}" for one in fallen)

    def _usual_notional(self, mark: float | None) -> float | None:
        """The turnover of a usual bar in quote units; volumes count base units."""
        if mark is None or self._bar < VOLUME_BARS:
            return None
        volume = self._history.columns["volume"].cells[self._bar - VOLUME_BARS : self._bar]
        return float(volume.mean()) * mark

    def _tell(self, event: BreakerEvent, cause: str, *, keeps: bool = False) -> tuple[Latch, ...]:
        """Tell the breakers, keep what they remember, and say what fell and what was released."""
        changed, fallen, released = self._risk.take(event, self._house.limits)
        if changed or keeps:
            self._keep()
        gathered, bot = self._house.desk.gathered, self._book.record.id
        for one in fallen:
            text = f"Breaker {one.breaker.value}: {one.reason}; no entries {until_told(one)}."
            gathered.tell(bot, EventKind.BREAKER, text, {"breaker": one.breaker.value, "fell": True}, cause)
        for one in released:
            payload = {"breaker": one.breaker.value, "fell": False}
            gathered.tell(bot, EventKind.BREAKER, f"Breaker {one.breaker.value} was released.", payload, cause)
        return fallen

    def _keep(self) -> None:
        bot = self._book.record.id
        self._house.desk.gathered.facts[fact_of(bot)] = self._risk.as_dict()

    def _tell_decision(self, decision: Decision, ts: int) -> None:
        key, gathered, text = decision.proposal.signal_key, self._house.desk.gathered, decision_told(decision)
        gathered.tell(self._book.record.id, EventKind.RISK, text, decision.as_dict(), key, ts)
