"""Which bots a storm has, and under which limits: drawn from its seed.

| fleet | bots |
|-|-|
| alone | one a market, under nothing |
| free | three on the first market and one on the second, under nothing |
| limited | the same under the entry filter, the breakers and the five layers, some of whose limits are drawn tight |

Bots of one market trade with and against its moves, some by one strategy, and decide some seconds apart, so that one
decides while the order of another is still on its way. Those of a restless fleet want something at nearly every bar:
they turn, add to what they hold, and some move their takes at each of them. Where a limit asks how sure they are, they
are less so at times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.chaos.storm.seeds import Dice
from tests.chaos.storm.setting import Ceilings, Setting

from karat.core.ids import BotId, StrategyName

ALONE, FREE, LIMITED = "alone", "free", "limited"
CAPITAL = 50_000
GROWN = Decimal("1.05")  # by how much equity may have grown while the storm lasts
_PAST_BARS = 30
_REGIME_BARS = 122  # a market of fewer has no regime, and without one nobody enters
_OFFSETS_S = (0, 3, 4, 5, 7, 8)
_RESTLESS = 0.15  # of the fleets
ADDS_MAX = 2  # of a restless bot


@dataclass(frozen=True, slots=True)
class Seat:
    """One bot: `place` of its market, its strategy with its parameters, which policy, how far into a period its bars
    begin, how many of them lie before the storm, and how often it may add to a position."""

    place: int
    strategy: str
    parameters: Mapping[str, int | bool]
    policy: int
    offset_s: int = 0
    past_bars: int = _PAST_BARS
    adds_max: int = 0

    @property
    def turned(self) -> bool:
        return bool(self.parameters.get("turned", False))

    @property
    def moves(self) -> bool:
        return bool(self.parameters.get("moves", False))


@dataclass(frozen=True, slots=True)
class Fleet:
    """`limits`: numbers that are not Karat's own; None where bots are under no limits."""

    name: str
    seats: tuple[Seat, ...]
    limits: Mapping[str, float] | None = None


_ALONE = (Seat(0, "storm_with_the_move", {}, 0), Seat(1, "storm_against_the_move", {}, 1))
_MOVING = (
    Seat(0, "storm_either_way", {"every": 5, "enters": 0, "turned": False, "moves": True}, 0),
    Seat(1, "storm_other_way", {"every": 5, "enters": 1, "turned": True, "moves": True}, 1),
)

_LAX: dict[str, float] = {
    "filter.cooldown_trending": 0, "filter.cooldown_ranging": 0, "filter.cooldown_high_volatility": 0,
    "filter.positions_trending": 9, "filter.positions_ranging": 9, "filter.positions_high_volatility": 9,
    "filter.volume_ratio": 0, "filter.losses_in_row": 20, "filter.losses_wait": 1, "filter.data_age": 60_000,
    "limits.losses_in_row": 20, "limits.entries_per_hour": 1_000, "limits.entries_per_day": 10_000,
    "limits.quote_age": 60_000, "limits.clock_skew": 5_000, "breakers.losses_in_row": 20, "breakers.losses_wait": 1,
    "breakers.rejections_in_row": 20,
}  # fmt: skip
"""So that bots trade within ten minutes: what guards against a bad day would let them sleep through the storm."""

_TIGHT: dict[str, tuple[float, ...]] = {
    "limits.price_band": (0.001,), "limits.order_notional": (4_000, 5_100, 50), "limits.spread": (0.00005, 0.0001),
    "limits.quote_age": (200, 5_000), "limits.decision_age": (1_000,), "limits.depth_taken": (0.005, 0.001),
    "limits.stop_distance": (0.001, 0.003), "limits.risk_at_stop": (0.0001, 0.0003), "limits.leverage": (2,),
    "limits.liquidation_distance": (0.4,), "limits.liquidation_over_stop": (10,), "limits.bot_daily_drawdown": (0.001,),
    "limits.bot_drawdown": (0.01,), "limits.strategy_daily_drawdown": (0.001,), "limits.entries_per_hour": (2, 4, 12),
    "limits.entries_per_day": (3, 5), "limits.losses_in_row": (1, 3), "limits.gross_exposure": (0.03, 0.06, 0.09),
    "limits.net_exposure": (0.02, 0.04, 0.06), "limits.sector_exposure": (0.03, 0.06, 0.08),
    "limits.strategy_exposure": (0.03, 0.05), "limits.correlated_exposure": (0.03, 0.05, 0.08),
    "limits.marks_age": (1_000,), "limits.daily_drawdown": (0.001,), "limits.drawdown": (0.01,),
    "limits.flatten_drawdown": (0.01,), "limits.clock_skew": (10, 100), "limits.margin_used": (0.01, 0.02),
    "limits.margin_free_taken": (0.01,), "limits.orders_in_flight": (1, 2), "filter.confidence_ranging": (0.9,),
    "filter.confidence_trending": (0.9,), "filter.cooldown_ranging": (2, 4), "filter.cooldown_trending": (2, 4),
    "filter.positions_ranging": (1,), "filter.positions_fleet": (1, 2, 3), "filter.volume_ratio": (1.0,),
    "filter.daily_drawdown": (0.001,), "filter.losses_in_row": (1, 2), "filter.losses_wait": (24,),
    "filter.funding_paid": (0.00005,), "filter.spread": (0.00005, 0.0001), "filter.depth": (2_000_000,),
    "filter.data_age": (200, 5_000), "breakers.daily_drawdown": (0.001,), "breakers.losses_in_row": (1, 3),
    "breakers.losses_wait": (4, 24), "breakers.confidence": (0.8,), "breakers.confidence_times": (2,),
    "breakers.rejections_in_row": (1, 2), "breakers.trade_volume": (0.001,), "breakers.leverage_over_depth": (0.012,),
}  # fmt: skip
"""What may be drawn instead, so that each rule has something to say in some storm."""
_SHUTS = (
    "limits.leverage", "limits.liquidation_distance", "limits.liquidation_over_stop", "limits.stop_distance",
    "filter.confidence_ranging", "filter.confidence_trending", "filter.depth", "filter.volume_ratio",
    "breakers.confidence", "breakers.leverage_over_depth", "limits.clock_skew",
)  # fmt: skip
"""Those that let nothing through, or next to nothing: drawn in few storms, one at a time."""
_ASKS_HOW_SURE = ("filter.confidence_ranging", "filter.confidence_trending", "breakers.confidence")


def fleet_of(seed: int, name: str = "") -> Fleet:
    """The fleet of a seed; `name` "": as the seed draws that, too."""
    name = name or (ALONE, LIMITED, FREE, LIMITED, ALONE, LIMITED, LIMITED)[seed % 7]
    if name == ALONE:
        return Fleet(ALONE, _MOVING if Dice(seed, "restless").chance(_RESTLESS) else _ALONE)
    dice = Dice(seed, "fleet")
    limits = _limits(dice) if name == LIMITED else None
    past = _PAST_BARS if limits is None else _REGIME_BARS
    offsets = dice.shuffled(_OFFSETS_S)
    seats = [Seat(0, *_trader(dice, turned), dice.between(0, 1), 0, past) for turned in (False, True)]
    seats.append(Seat(0, *_trader(dice, dice.chance(0.3)), dice.between(0, 1), offsets[0], past))
    seats.append(Seat(1, *_trader(dice, dice.chance(0.5)), dice.between(0, 1), offsets[1], past))
    return Fleet(name, tuple(_wavering(_restless(seed, seats), limits or {})), limits)


def _restless(seed: int, seats: list[Seat]) -> list[Seat]:
    """By dice of its own: all else that a seed draws stays as it is."""
    dice = Dice(seed, "restless")
    if not dice.chance(_RESTLESS):
        return seats
    moves = dice.chance(0.5)
    often = (
        {"every": every, "enters": dice.between(0, every - 1), "moves": moves}
        for every in (dice.between(1, 2) for _ in seats)
    )
    return [
        replace(seat, parameters={**seat.parameters, **more}, adds_max=ADDS_MAX)
        for seat, more in zip(seats, often, strict=True)
    ]


def _wavering(seats: list[Seat], limits: Mapping[str, float]) -> list[Seat]:
    """Less sure now and then, where there is a limit that asks how sure they are."""
    if not any(name in limits for name in _ASKS_HOW_SURE):
        return seats
    return [replace(seat, parameters={**seat.parameters, "wavers": True}) for seat in seats]


def _trader(dice: Dice, turned: bool) -> tuple[str, dict[str, int | bool]]:
    every = dice.between(3, 5)
    own = dice.chance(0.15)  # else those that turn have a strategy of their own, as risk wants it
    name = "storm_other_way" if turned and not own else "storm_either_way"
    return name, {"every": every, "enters": dice.between(0, every - 1), "turned": turned}


def _limits(dice: Dice) -> dict[str, float]:
    limits = dict(_LAX)
    limits["limits.symbol_exposure"] = dice.between(30, 70) / 1_000
    limits["limits.position"] = dice.between(60, 250) / 1_000
    lets_through = sorted(_TIGHT.keys() - _SHUTS)
    names = dice.shuffled(lets_through)[: dice.between(0, 3)] + ([dice.pick(_SHUTS)] if dice.chance(0.12) else [])
    return {**limits, **{name: dice.pick(_TIGHT[name]) for name in names}}


def ceilings_of(fleet: Fleet, setting: Setting, names: tuple[BotId, ...]) -> Ceilings:
    """What the limits of a fleet leave, in money, of the most that equity may have grown to."""
    limits = fleet.limits or {}
    house = GROWN * CAPITAL * len(fleet.seats)

    def of(name: str, equity: Decimal) -> Decimal | None:
        return Decimal(str(limits[name])) * equity if name in limits else None

    symbol, position = of("limits.symbol_exposure", house), of("limits.position", GROWN * CAPITAL)
    strategy = of("limits.strategy_exposure", house)
    strategies = {StrategyName(seat.strategy) for seat in fleet.seats}
    return Ceilings(
        market_money={} if symbol is None else dict.fromkeys(setting.markets, symbol),
        bot_money={} if position is None else dict.fromkeys(names, position),
        strategy_money={} if strategy is None else dict.fromkeys(strategies, strategy),
        gross_money=of("limits.gross_exposure", house),
        net_money=of("limits.net_exposure", house),
        order_money=of("limits.order_notional", Decimal(1)),
        orders=int(limits["limits.orders_in_flight"]) if "limits.orders_in_flight" in limits else None,
    )
