"""Faults that come by themselves instead of meeting something: each is put into the world at its moment."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos.storm.callers import Callers
from tests.chaos.storm.exchange import Exchange
from tests.chaos.storm.exchange_records import Terms
from tests.chaos.storm.faults import Fault, FaultPlan, Kind, Running
from tests.chaos.storm.journal_faults import SecondInstance
from tests.chaos.storm.life import Life
from tests.chaos.storm.loop import VirtualLoop
from tests.chaos.storm.tape import Notified, Tape
from tests.chaos.storm.wires import PARTS, Wires
from tests.chaos.storm.world import MS, World

from karat.core.errors import RetryLater
from karat.core.ids import MarketId
from karat.ports.venue import Linked


class Incidents:
    """`life` and `loop` are those of the process now, None while it is down."""

    def __init__(self, world: World, wires: Wires, second: SecondInstance, faults: Running, callers: Callers) -> None:
        self.life: Life | None = None
        self.loop: VirtualLoop | None = None
        self.dies_at_step: tuple[int, Fault] | None = None
        self._world, self._wires, self._second, self._faults = world, wires, second, faults
        self._callers = callers

    def put(self, plan: FaultPlan) -> None:
        happenings: dict[Kind, Callable[[Fault], None]] = {
            Kind.DISCONNECT: self._disconnect, Kind.BAN: self._ban, Kind.VENUE_SIDE: self._venue_side,
            Kind.CRASH: self._crash, Kind.BLOCKED: self._block, Kind.TASK_DEATH: self._kill_task,
            Kind.SECOND_INSTANCE: self._second_instance, Kind.MAINTENANCE: self._back_after,
            Kind.CALLER: self._called, Kind.CONFIGURATION: self._called,
        }  # fmt: skip
        for fault in plan.faults:
            if fault.kind in happenings:
                self._world.at(fault.at_ms * MS, _later(happenings[fault.kind], fault))

    def _disconnect(self, fault: Fault) -> None:
        self._faults.count(fault)
        for part in PARTS if fault.variant == "all" else (fault.variant,):
            self._wires.tell(Linked(False, part, "disconnected"))
        self._back_after(fault)

    def _back_after(self, fault: Fault) -> None:
        parts = PARTS if fault.variant == "all" else (fault.variant or "orders",)
        self._world.at(fault.ends_ms * MS, lambda: [self._wires.tell(Linked(True, part)) for part in parts])

    def _ban(self, fault: Fault) -> None:
        self._faults.count(fault)
        self._wires.gate.ban(self._world.now_ms + fault.lasts_ms)
        self._after_ban()

    def _after_ban(self) -> None:
        """Tell that it is over, when it is: who goes on calling makes it longer."""
        gate, world = self._wires.gate, self._world
        if world.now_ms >= gate.banned_until_ms:
            self._wires.tell(Linked(True, "orders"))
        else:
            world.after_ms(gate.banned_until_ms - world.now_ms, self._after_ban)

    def _crash(self, fault: Fault) -> None:
        if fault.variant == "step" and self.loop is not None:
            self.dies_at_step = (self.loop.steps + fault.number("steps"), fault)

    def _block(self, fault: Fault) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self._faults.count(fault)
            self.loop.call_soon(self.loop.stall, fault.number("ms"))

    def _kill_task(self, fault: Fault) -> None:
        """Any task but the first, which is the process itself."""
        tasks = [] if self.loop is None or self.loop.is_closed() else self.loop.others
        if tasks:
            self._faults.count(fault)
            tasks[fault.number("number") % len(tasks)].cancel("storm")

    def _called(self, fault: Fault) -> None:
        self._faults.count(fault)
        self._callers.come(fault)

    def _second_instance(self, fault: Fault) -> None:
        self._faults.count(fault)
        self._second.come(takes=fault.variant == "takes")

    def _venue_side(self, fault: Fault) -> None:
        exchange, market = self._wires.exchange, MarketId(fault.place)
        if _VENUE_SIDE[fault.variant](exchange, market, fault):
            self._faults.count(fault)
        if fault.variant in _UNDONE:
            self._world.at(fault.ends_ms * MS, lambda: _restored(exchange, market, fault))


def _later(happens: Callable[[Fault], None], fault: Fault) -> Callable[[], None]:
    return lambda: happens(fault)


def _stop_cancelled(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    stops = [order for order in exchange.live.values() if order.market == market and order.trigger_ticks is not None]
    if stops:
        exchange.end_by_venue(stops[0].venue_id)
    return bool(stops)


def _manual(exchange: Exchange, market: MarketId, fault: Fault) -> bool:
    exchange.trade_by_hand(market, fault.number("side"), max(fault.number("lots"), exchange.terms[market].min_lots))
    return True


def _liquidation(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    held = exchange.held[market].lots != 0
    if held:
        exchange.liquidate(exchange.terms[market].currency)
    return held


def _halted(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    exchange.terms[market].open = False
    return True


def _filters(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    exchange.terms[market].min_lots *= 4
    return True


def _restored(exchange: Exchange, market: MarketId, fault: Fault) -> None:
    _UNDONE[fault.variant](exchange.terms[market])


def _hand_cancels(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    """A person lets one of our orders go: one that has filled in part, if there is any."""
    ours = [order for order in exchange.live.values() if order.market == market and order.id is not None]
    for order in sorted(ours, key=lambda one: -one.filled)[:1]:
        exchange.end_by_hand(order.venue_id)
    return bool(ours)


def _leverage(exchange: Exchange, market: MarketId, _: Fault) -> bool:
    exchange.terms[market].set_leverage += 2
    return True


def _opened(terms: Terms) -> None:
    terms.open = True


def _refined(terms: Terms) -> None:
    terms.min_lots //= 4


def _lowered(terms: Terms) -> None:
    terms.set_leverage -= 2


_UNDONE: dict[str, Callable[[Terms], None]] = {"halted": _opened, "filters": _refined, "leverage": _lowered}
_VENUE_SIDE: dict[str, Callable[[Exchange, MarketId, Fault], bool]] = {
    "stop_cancelled": _stop_cancelled, "manual": _manual, "liquidation": _liquidation, "halted": _halted,
    "filters": _filters, "hand_cancels": _hand_cancels, "leverage": _leverage,
}  # fmt: skip


class Channel:
    """`parts.Notifier` with a channel that may be down (F22)."""

    def __init__(self, life: Life, world: World, faults: Running, tape: Tape) -> None:
        self._life, self._world, self._faults, self._tape = life, world, faults, tape

    async def send(self, sequence: int, text: str) -> None:
        if self._faults.meet(Kind.NOTIFIER, self._world.passed_ms) is not None:
            raise RetryLater("channel_down", f"The channel does not take '{text[:40]}'.")
        if self._life.alive:
            self._tape.add(Notified(self._life.number, self._world.now_ms, sequence))
