"""Random worlds on the tick grid, so that ties are common: Hypothesis strategies for the two simulators.

Prices move by whole ticks within tens of ticks, every figure is a short decimal, and each feature of the policy is on
with a probability that still lets most worlds trade. What shrinks, shrinks towards a feature that is off.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.simulation.world import Bar, World
from tests.simulation.world_policies import NAN, Dice, Scale, draw_policy, on, one_of, short

from karat.core.ids import MarketId
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms

START_MS = parse_time_ms("2026-03-06")  # two days before New York's clocks change
KINDS = [Kind.LINEAR, Kind.LINEAR, Kind.INVERSE, Kind.SPOT, Kind.EQUITY]
GAPS = [0] * 12 + [1, 2, 10]  # bars left out before this one
JUMPS = [0] * 8 + [1, -1, 2, -2, 12, -12]  # ticks from the last close to this open


def _scale(dice: Dice, kinds: list[Kind]) -> Scale:
    tick = one_of(dice, 1.0, 0.1, 0.01, 0.5, 0.001)
    return Scale(
        kind=dice.pick(kinds),
        tick=tick,
        lot=one_of(dice, 1.0, 0.1, 0.01, 0.001, 0.5),
        contract_size=one_of(dice, 1.0, 1.0, 0.01, 100.0),
        price=float(Decimal(repr(tick)) * one_of(dice, 200, 100, 500, 1000)),
        lots=one_of(dice, 100, 1000, 10_000, 100, 20, 5),
    )


def _instrument(dice: Dice, scale: Scale) -> Instrument:
    return Instrument(
        market=MarketId("test:AB"),
        kind=scale.kind,
        base="A",
        quote="B",
        settle="A" if scale.kind == Kind.INVERSE else "B",
        tick=scale.tick,
        lot=scale.lot,
        min_quantity=float(Decimal(repr(scale.lot)) * one_of(dice, *[1] * 9, 3, scale.lots // 3, scale.lots)),
        min_notional=short(scale.lot_quote * one_of(dice, *[0] * 5, *[1] * 5, 4, scale.lots * 0.3, scale.lots * 0.98)),
        contract_size=scale.contract_size,
        maker_fee=one_of(dice, 0.0, 0.0002, -0.0001),
        taker_fee=one_of(dice, 0.0, 0.0005, 0.01),
        maintenance_margin_rate=one_of(dice, 0.0, 0.005, 0.01, 0.05),
        source="test",
        as_of="2026-01-01",
        assumed=False,
    )


Shape = tuple[int, int, int, int, int]  # jump, body, upper wick, lower wick (ticks), volume code
BODIES = [0, 1, -1, 2, -2, 3, -3, 5, -5, 10, -10]
WICKS = [0, 0, 1, 1, 2, 3, 6, 15]
VOLUMES = [5, 5, 1, 2, 10, 0]


def _shapes(dice: Dice, n: int) -> list[Shape]:
    return list(zip(*(dice.column(n, values) for values in (JUMPS, BODIES, WICKS, WICKS, VOLUMES)), strict=True))


def _bars(shapes: list[Shape], opens_ms: list[int], scale: Scale) -> list[Bar]:
    """Bars on the grid that start at the scale's price and never come near zero."""
    tick = Decimal(repr(scale.tick))
    first = int(Decimal(repr(scale.price)) / tick)
    lowest, last, bars = first // 3, first, []
    capital_base = scale.capital_quote / scale.price
    for ts, (jump, body, up, down, volume) in zip(opens_ms, shapes, strict=True):
        opening = max(lowest, last + jump)
        close = max(lowest, opening + body)
        high, low = max(opening, close) + up, max(lowest, min(opening, close) - down)
        last = close
        prices = [float(tick * ticks) for ticks in (opening, high, low, close)]
        bars.append(Bar(ts, *prices, short(capital_base * volume / 5)))
    return bars


def _coarse(finer: list[Bar], per_bar: int) -> list[Bar]:
    """Bars made of their finer ones, `per_bar` each."""
    groups = [finer[start : start + per_bar] for start in range(0, len(finer), per_bar)]
    return [
        Bar(
            ts=group[0].ts,
            open=group[0].open,
            high=max(bar.high for bar in group),
            low=min(bar.low for bar in group),
            close=group[-1].close,
            volume=float(sum(Decimal(repr(bar.volume)) for bar in group)),
        )
        for group in groups
    ]


def _opens(dice: Dice, n: int, timeframe_ms: int) -> list[int]:
    ts = START_MS + timeframe_ms * dice.integer(0, max(1, DAY_MS // timeframe_ms) - 1)
    opens = []
    for gap in dice.column(n, GAPS):
        ts += gap * timeframe_ms
        opens.append(ts)
        ts += timeframe_ms
    return opens


# Settlements of one bar, in quarters of a bar after its open; the fourth is the next open, or inside a gap.
STAMPS = [(), (), (), (0,), (0,), (2,), (1, 2, 4), (3,), (6,)]


def _funding(dice: Dice, opens_ms: list[int], timeframe_ms: int) -> list[tuple[int, float, float]]:
    """Stamps at opens, inside bars and inside gaps, some bars with several, one sometimes before the first."""
    quarter_ms = timeframe_ms // 4
    times = {opens_ms[0] - timeframe_ms} if on(dice, 0.5) else set()
    for ts, quarters in zip(opens_ms, dice.column(len(opens_ms), STAMPS), strict=True):
        times |= {ts + quarter * quarter_ms for quarter in quarters}
    rates = dice.column(len(times), [0.001, -0.001, 0.01, -0.03, 0.1])
    marks = dice.column(len(times), [NAN, NAN, 150.0, 0.7])
    return list(zip(sorted(times), rates, marks, strict=True))


def _signals(dice: Dice, n: int, scale: Scale) -> dict[str, Any]:
    """Entries and exits, or targets; a busy world or a quiet one."""
    distances = [short(scale.tick * ticks) for ticks in (2, 3, 5, 10, 2.5)]
    confident = [1.0] if not on(dice, 0.5) else [1.0, 0.5, 0.7, 0.9, 0.0, NAN]
    columns: dict[str, Any] = {"confidence": dice.column(n, confident), "entry": [0] * n}
    columns |= {"exit_long": [False] * n, "exit_short": [False] * n}
    if on(dice, 0.2):
        columns["target"] = dice.column(n, [NAN, NAN, 1.0, 0.5, 0.0, -1.0, -0.5, 0.3, 0.25])
    else:
        columns["entry"] = dice.column(n, [0] * one_of(dice, 1, 3, 6, 20) + [1, -1])
        if on(dice, 0.6):
            columns["exit_long"] = dice.column(n, [False] * 5 + [True])
            columns["exit_short"] = dice.column(n, [False] * 5 + [True])
    for name, values in (
        ("stop", [NAN, *distances, distances[0], 0.0]),
        ("take", [NAN, *distances, distances[0], 0.0]),
        ("size_scale", [1.0, 0.5, 2.0, 0.3, NAN, 0.0]),
        ("leverage", [1.0, 2.0, 5.0, 20.0, 50.0, NAN, 0.0]),
    ):
        if on(dice, 0.3 if name in ("stop", "take") else 0.12):
            columns[name] = dice.column(n, values)
    atr = [short(scale.tick * ticks) for ticks in (3, 5, 8, 2.5)]
    columns["atr"] = dice.column(n, atr * 3 + ([NAN] if on(dice, 0.4) else []))
    columns["volatility"] = dice.column(n, [0.5, 1.0, 0.2, 2.0, NAN])
    return columns


def world_of(dice: Dice) -> World:
    """Worlds with every feature of the policy, all kinds, gaps, finer bars, funding, midnights and missing numbers."""
    scale = _scale(dice, KINDS)
    timeframe_ms = one_of(dice, HOUR_MS, 4 * HOUR_MS, DAY_MS)
    per_bar = one_of(dice, 2, 3, 4) if on(dice, 0.25) else 1
    n = dice.integer(5, 60 if per_bar == 1 else 20)
    opens = _opens(dice, n, timeframe_ms)
    finer_ms = timeframe_ms // per_bar
    finer = _bars(_shapes(dice, n * per_bar), [ts + part * finer_ms for ts in opens for part in range(per_bar)], scale)
    regimes = on(dice, 0.15)
    instrument, signals = _instrument(dice, scale), _signals(dice, n, scale)
    return World(
        timeframe_ms=timeframe_ms,
        bars=_coarse(finer, per_bar),
        instrument=instrument,
        policy=draw_policy(dice, scale, instrument, regimes=regimes, stops_given="stop" in signals),
        funding=_funding(dice, opens, timeframe_ms) if on(dice, 0.5) else [],
        detail=finer if per_bar > 1 else None,
        detail_timeframe_ms=finer_ms if per_bar > 1 else 0,
        regime=dice.column(n, [0, 0, 1, 1, -1]) if regimes else None,
        **signals,
    )


def simple_world_of(dice: Dice) -> World:
    """Linear, one bar of latency; stop, take, exit signals and plain costs; nothing that depends on the past."""
    scale = _scale(dice, [Kind.LINEAR])
    n = dice.integer(5, 60)
    policy = Policy(
        capital=scale.capital,
        size_value=one_of(dice, 0.5, 1.0),
        stop_mode=LevelMode.FRACTION,
        stop_value=one_of(dice, 0.02, 0.01, 0.05),
        take_mode=LevelMode.FRACTION,
        take_value=one_of(dice, 0.02, 0.01, 0.05),
        take_fraction=1.0,
        half_spread=one_of(dice, 0.0, 0.0002),
        slippage_base=one_of(dice, 0.0, 0.0004),
        slippage_atr=0.0,
        slippage_volume=0.0,
    )
    return World(
        timeframe_ms=HOUR_MS,
        bars=_bars(_shapes(dice, n), _opens(dice, n, HOUR_MS), scale),
        instrument=_instrument(dice, scale),
        policy=policy,
        entry=dice.column(n, [0, 0, 0, 1, -1]),
        exit_long=dice.column(n, [False] * 5 + [True]),
        exit_short=dice.column(n, [False] * 5 + [True]),
        confidence=[1.0] * n,
    )


class Shrinking:
    """Choices drawn by Hypothesis: what fails shrinks."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def pick(self, values: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(values))

    def column(self, n: int, values: Sequence[Any]) -> list[Any]:
        return self._draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))


class Seeded:
    """Choices drawn from a seed: ten times as fast and more various, since Hypothesis likes to repeat itself."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def pick(self, values: Sequence[Any]) -> Any:
        return self._random.choice(values)

    def column(self, n: int, values: Sequence[Any]) -> list[Any]:
        return self._random.choices(values, k=n)


@st.composite
def worlds(draw: Any) -> World:
    """Every feature, shrinkable."""
    return world_of(Shrinking(draw))


@st.composite
def simple_worlds(draw: Any) -> World:
    """The simple meaning, shrinkable."""
    return simple_world_of(Shrinking(draw))


def seeded_world(seed: int) -> World:
    """Every feature, the same world for the same seed."""
    return world_of(Seeded(seed))
