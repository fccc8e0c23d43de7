"""The file of a fleet: one capital, the bots that share it, the range, the limits. TOML, refused where it is wrong.

capital = 100000
currency = "USDT"
limits = "none"                   # or "fleet": Karat's limits, changed by [overrides]
costs = "pessimistic"             # base, pessimistic or brutal
from = "2025-01-01"               # left out: the first bar that all markets have
to = "2025-06-01"                 # left out: where the first vault begins; later is refused

[overrides]
"limits.gross_exposure" = 1.5

[[bots]]
name = "trend"
strategy = "ema_crossover"
market = "binance_perp:BTCUSDT"
timeframe = "1h"
share = 0.5                       # of the capital
parameters = { fast_period = 10 }
policy = { stop_mode = "atr", stop_value = 2 }

[[bots]]                          # two legs are two bots, bound to each other: spread-first and spread-second
name = "spread"
strategy = "pairs"
legs = ["binance_perp:BTCUSDT", "binance_perp:ETHUSDT"]
timeframe = "1h"
share = 0.5                       # half of it for each leg
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id
from karat.core.model.policy import CostLevel, Policy, SizeMode
from karat.core.time import parse_time_ms, timeframe_ms
from karat.research.backtest_policy import parse_policy
from karat.risk.limits import Limits, default_limits, with_limit
from karat.strategies.legs import LEG

LIMITS = ("none", "fleet")
LEG_NAMES = ("first", "second")  # the bots of a pair are named after it and these
_TOP = ("capital", "currency", "limits", "costs", "from", "to", "overrides", "bots")
_BOT = ("name", "strategy", "market", "legs", "timeframe", "share", "parameters", "policy")
_SHARES_SLACK = 1e-9  # a third three times is a whole


@dataclass(frozen=True, slots=True)
class PlannedBot:
    """One bot of the file. `policy` holds its capital, `share` of the whole, and the costs of the level."""

    name: str
    strategy: str
    market: MarketId
    timeframe_ms: int
    share: float
    parameters: Mapping[str, object]
    policy: Policy
    is_leg: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """Two bots of the file that are the legs of one entry, whose name, `share` and parameters these are."""

    name: str
    strategy: str
    markets: tuple[MarketId, MarketId]
    share: float
    parameters: Mapping[str, object]
    legs: tuple[PlannedBot, PlannedBot]


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What a fleet file says. `limits` None: none but the desk's switches. Times are UTC ms, None where left out.
    `bots` are all that decide, in their order, those of `pairs` among them."""

    capital: float
    currency: str
    limits: Limits | None
    costs: CostLevel
    from_ms: int | None
    to_ms: int | None
    bots: tuple[PlannedBot, ...]
    pairs: tuple[PlannedPair, ...] = ()


def read_plan(text: str) -> FleetPlan:
    """The plan of a fleet file. Raises InputError `bad_fleet` with what is wrong, and those of policies and limits."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(f"The file is not TOML: {error}.") from error
    _known(told, _TOP, "the fleet")
    capital = _positive(told, "capital", "the fleet")
    currency = _text(told, "currency", "the fleet")
    level = told.get("costs", str(CostLevel.PESSIMISTIC))
    if level not in list(CostLevel):
        raise _bad(f"costs = {level!r} is no level.", f"Choose {', '.join(CostLevel)}.")
    costs = CostLevel(level)
    rows = told.get("bots", [])
    if not isinstance(rows, list) or not rows:
        raise _bad("The fleet has no bots.", "Write [[bots]] and below it name, strategy, market, timeframe, share.")
    entries = [_entry(row, place, capital, costs) for place, row in enumerate(rows, 1)]
    pairs = tuple(one for one in entries if isinstance(one, PlannedPair))
    bots = tuple(bot for one in entries for bot in (one.legs if isinstance(one, PlannedPair) else (one,)))
    if len({bot.name for bot in bots}) < len(bots):
        raise _bad("Two bots have the same name.", "Give each its own.")
    shares = math.fsum(bot.share for bot in bots)
    if shares > 1.0 + _SHARES_SLACK:
        raise _bad(
            f"The shares add up to {shares:.4g}, more than the whole.",
            "There is one capital: let them add up to at most 1.",
        )
    return FleetPlan(capital, currency, _limits(told), costs, _time(told, "from"), _time(told, "to"), bots, pairs)


def _limits(told: Mapping[str, Any]) -> Limits | None:
    kind, overrides = told.get("limits", "none"), told.get("overrides", {})
    if kind not in LIMITS:
        raise _bad(f"limits = {kind!r} is neither.", f"Choose {' or '.join(LIMITS)}.")
    if kind == "none":
        if overrides:
            raise _bad('[overrides] changes limits, but limits = "none".', 'Write limits = "fleet".')
        return None
    limits = default_limits()
    for name, value in overrides.items():
        limits, _ = with_limit(limits, name, value)
    return limits


def _entry(row: Any, place: int, capital: float, costs: CostLevel) -> PlannedBot | PlannedPair:
    where = f"bot {place}"
    if not isinstance(row, dict):
        raise _bad(f"{where} is no table.", "Write [[bots]].")
    _known(row, _BOT, where)
    name = _text(row, "name", where)
    where = f"bot '{name}'"
    share = _positive(row, "share", where)
    given = {key: _word(value) for key, value in _table(row, "policy", where).items()}
    if "capital" in given:
        raise _bad(f"{where}: policy sets capital.", "A bot of a fleet has a share of the one capital.")
    strategy, timeframe = _text(row, "strategy", where), timeframe_ms(_text(row, "timeframe", where))
    parameters = _table(row, "parameters", where)
    policy = replace(parse_policy(given).with_costs(costs), capital=capital * share)
    if "legs" not in row:
        market = market_id(_text(row, "market", where))
        return PlannedBot(name, strategy, market, timeframe, share, parameters, policy)
    markets = _markets(row, where)
    _check_pair(row, given, parameters, where)
    half = policy.capital / 2
    policy = replace(policy, capital=half, size_mode=SizeMode.NOTIONAL, size_value=half)
    first, second = (
        PlannedBot(
            f"{name}-{word}", strategy, market, timeframe, share / 2, {**parameters, LEG.name: place}, policy, True
        )
        for place, (word, market) in enumerate(zip(LEG_NAMES, markets, strict=True), 1)
    )
    return PlannedPair(name, strategy, markets, share, parameters, (first, second))


def _markets(row: Mapping[str, Any], where: str) -> tuple[MarketId, MarketId]:
    """The two markets of a pair."""
    legs = row["legs"]
    if not isinstance(legs, list) or not all(isinstance(leg, str) for leg in legs):
        raise _bad(f"{where}: legs is no list of markets.", 'Write legs = ["...", "..."].')
    if len(legs) != 2:
        raise _bad(f"{where} has {len(legs)} legs.", "A pair has two: the first and the second market.")
    first, second = map(market_id, legs)
    if first == second:
        raise _bad(f"{where}: both legs are {first}.", "A market against itself is no position: name two.")
    return first, second


def _check_pair(row: Mapping[str, Any], policy: Mapping[str, str], parameters: Mapping[str, Any], where: str) -> None:
    """What a pair decides itself may not be told otherwise."""
    if "market" in row:
        raise _bad(f"{where} has a market and legs.", "Leave market out: the legs are its markets.")
    if LEG.name in parameters:
        raise _bad(f"{where}: parameters set {LEG.name}.", "Each leg of a pair is given its own.")
    for name in ("size_mode", "size_value"):
        if name in policy:
            hint = "Its targets are fractions of half of its capital; see the parameters of its strategy."
            raise _bad(f"{where}: policy sets {name}.", hint)


def _word(value: Any) -> str:
    """A value of the file as `--policy` takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(map(_word, value)) if isinstance(value, list) else str(value)


def _known(row: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    for name in row:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            raise _bad(
                f"{where} has no '{name}'.", f"Did you mean {near[0]}?" if near else f"It has {', '.join(names)}."
            )


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise _bad(f"{where}: {name} is missing, or is no text.", f'Write {name} = "...".')
    return value


def _positive(row: Mapping[str, Any], name: str, where: str) -> float:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise _bad(f"{where}: {name} is missing, or is no number above 0.", f"Write {name} = 0.5, for example.")
    return float(value)


def _table(row: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise _bad(f"{where}: {name} is no table.", f"Write {name} = {{ ... }}.")
    return value


def _time(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    if value is None:
        return None
    return parse_time_ms(value.isoformat() if isinstance(value, date | datetime) else str(value))


def _bad(message: str, hint: str = "Mend the file.") -> InputError:
    return InputError("bad_fleet", message, hint)
