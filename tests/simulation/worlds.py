"""Random worlds on the tick grid, so that ties are common: Hypothesis strategies for the two simulators.

Prices move by whole ticks within tens of ticks, every figure is a short decimal, and each feature of the policy is on
with a probability that still lets most worlds trade. What shrinks, shrinks towards a feature that is off.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.simulation.world import Bar, World
from tests.simulation.world_policies import NAN, Scale, column, draw_policy, on, one_of, short

from karat.core.ids import MarketId
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy
from karat.core.time import DAY_MS, HOUR_MS, parse_time_ms

START_MS = parse_time_ms("2026-03-06")  # two days before New York's clocks change
KINDS = [Kind.LINEAR, Kind.LINEAR, Kind.INVERSE, Kind.SPOT, Kind.EQUITY]
GAPS = [0] * 12 + [1, 2, 10]  # bars left out before this one
JUMPS = [0] * 8 + [1, -1, 2, -2, 12, -12]  # ticks from the last close to this open


def _scale(draw: Any, kinds: list[Kind]) -> Scale:
    tick = one_of(draw, 1.0, 0.1, 0.01, 0.5, 0.001)
    return Scale(
        kind=draw(st.sampled_from(kinds)),
        tick=tick,
        lot=one_of(draw, 1.0, 0.1, 0.01, 0.001, 0.5),
        contract_size=one_of(draw, 1.0, 1.0, 0.01, 100.0),
        price=float(Decimal(repr(tick)) * one_of(draw, 200, 100, 500, 1000)),
        lots=one_of(draw, 100, 1000, 10_000, 100, 20, 5),
    )


def _instrument(draw: Any, scale: Scale) -> Instrument:
    return Instrument(
        market=MarketId("test:AB"),
        kind=scale.kind,
        base="A",
        quote="B",
        settle="A" if scale.kind == Kind.INVERSE else "B",
        tick=scale.tick,
        lot=scale.lot,
        min_quantity=float(Decimal(repr(scale.lot)) * one_of(draw, *[1] * 9, 3, scale.lots // 3, scale.lots)),
        min_notional=short(scale.lot_quote * one_of(draw, *[0] * 5, *[1] * 5, 4, scale.lots * 0.3, scale.lots * 0.98)),
        contract_size=scale.contract_size,
        maker_fee=one_of(draw, 0.0, 0.0002, -0.0001),
        taker_fee=one_of(draw, 0.0, 0.0005, 0.01),
        maintenance_margin_rate=one_of(draw, 0.0, 0.005, 0.01, 0.05),
        source="test",
        as_of="2026-01-01",
        assumed=False,
    )


Shape = tuple[int, int, int, int, int]  # jump, body, upper wick, lower wick (ticks), volume code


def _shapes(draw: Any, n: int) -> list[Shape]:
    wick = st.sampled_from([0, 0, 1, 1, 2, 3, 6, 15])
    body = st.sampled_from([0, 1, -1, 2, -2, 3, -3, 5, -5, 10, -10])
    one = st.tuples(st.sampled_from(JUMPS), body, wick, wick, st.sampled_from([5, 5, 1, 2, 10, 0]))
    return draw(st.lists(one, min_size=n, max_size=n))


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


def _opens(draw: Any, n: int, timeframe_ms: int) -> list[int]:
    ts = START_MS + timeframe_ms * draw(st.integers(0, max(1, DAY_MS // timeframe_ms) - 1))
    opens = []
    for gap in column(draw, n, GAPS):
        ts += gap * timeframe_ms
        opens.append(ts)
        ts += timeframe_ms
    return opens


# Settlements of one bar, in quarters of a bar after its open; the fourth is the next open, or inside a gap.
STAMPS = [(), (), (), (0,), (0,), (2,), (1, 2, 4), (3,), (6,)]


def _funding(draw: Any, opens_ms: list[int], timeframe_ms: int) -> list[tuple[int, float, float]]:
    """Stamps at opens, inside bars and inside gaps, some bars with several, one sometimes before the first."""
    quarter_ms = timeframe_ms // 4
    times = {opens_ms[0] - timeframe_ms} if on(draw, 0.5) else set()
    for ts, quarters in zip(opens_ms, column(draw, len(opens_ms), STAMPS), strict=True):
        times |= {ts + quarter * quarter_ms for quarter in quarters}
    rates = column(draw, len(times), [0.001, -0.001, 0.01, -0.03, 0.1])
    marks = column(draw, len(times), [NAN, NAN, 150.0, 0.7])
    return list(zip(sorted(times), rates, marks, strict=True))


def _signals(draw: Any, n: int, scale: Scale) -> dict[str, Any]:
    """Entries and exits, or targets; a busy world or a quiet one."""
    distances = [short(scale.tick * ticks) for ticks in (2, 3, 5, 10, 2.5)]
    confident = [1.0] if not on(draw, 0.5) else [1.0, 0.5, 0.7, 0.9, 0.0, NAN]
    columns: dict[str, Any] = {"confidence": column(draw, n, confident), "entry": [0] * n}
    columns |= {"exit_long": [False] * n, "exit_short": [False] * n}
    if on(draw, 0.2):
        columns["target"] = column(draw, n, [NAN, NAN, 1.0, 0.5, 0.0, -1.0, -0.5, 0.3, 0.25])
    else:
        columns["entry"] = column(draw, n, [0] * one_of(draw, 1, 3, 6) + [1, -1])
        if on(draw, 0.6):
            columns["exit_long"] = column(draw, n, [False] * 5 + [True])
            columns["exit_short"] = column(draw, n, [False] * 5 + [True])
    for name, values in (
        ("stop", [NAN, *distances, distances[0], 0.0]),
        ("take", [NAN, *distances, distances[0], 0.0]),
        ("size_scale", [1.0, 0.5, 2.0, 0.3, NAN, 0.0]),
        ("leverage", [1.0, 2.0, 5.0, 20.0, 50.0, NAN, 0.0]),
    ):
        if on(draw, 0.3 if name in ("stop", "take") else 0.12):
            columns[name] = column(draw, n, values)
    atr = [short(scale.tick * ticks) for ticks in (3, 5, 8, 2.5)]
    columns["atr"] = column(draw, n, atr * 3 + ([NAN] if on(draw, 0.4) else []))
    columns["volatility"] = column(draw, n, [0.5, 1.0, 0.2, 2.0, NAN])
    return columns


@st.composite
def worlds(draw: Any) -> World:
    """Worlds with every feature of the policy, all kinds, gaps, finer bars, funding, midnights and missing numbers."""
    scale = _scale(draw, KINDS)
    timeframe_ms = one_of(draw, HOUR_MS, 4 * HOUR_MS, DAY_MS)
    per_bar = one_of(draw, 2, 3, 4) if on(draw, 0.25) else 1
    n = draw(st.integers(5, 60 if per_bar == 1 else 20))
    opens = _opens(draw, n, timeframe_ms)
    finer_ms = timeframe_ms // per_bar
    finer = _bars(_shapes(draw, n * per_bar), [ts + part * finer_ms for ts in opens for part in range(per_bar)], scale)
    regimes = on(draw, 0.15)
    instrument, signals = _instrument(draw, scale), _signals(draw, n, scale)
    return World(
        timeframe_ms=timeframe_ms,
        bars=_coarse(finer, per_bar),
        instrument=instrument,
        policy=draw_policy(draw, scale, instrument, regimes=regimes, stops_given="stop" in signals),
        funding=_funding(draw, opens, timeframe_ms) if on(draw, 0.5) else [],
        detail=finer if per_bar > 1 else None,
        detail_timeframe_ms=finer_ms if per_bar > 1 else 0,
        regime=column(draw, n, [0, 0, 1, 1, -1]) if regimes else None,
        **signals,
    )


@st.composite
def simple_worlds(draw: Any) -> World:
    """Linear, one bar of latency; stop, take, exit signals and plain costs; nothing that depends on the past."""
    scale = _scale(draw, [Kind.LINEAR])
    n = draw(st.integers(5, 60))
    policy = Policy(
        capital=scale.capital,
        size_value=one_of(draw, 0.5, 1.0),
        stop_mode=LevelMode.FRACTION,
        stop_value=one_of(draw, 0.02, 0.01, 0.05),
        take_mode=LevelMode.FRACTION,
        take_value=one_of(draw, 0.02, 0.01, 0.05),
        take_fraction=1.0,
        half_spread=one_of(draw, 0.0, 0.0002),
        slippage_base=one_of(draw, 0.0, 0.0004),
        slippage_atr=0.0,
        slippage_volume=0.0,
    )
    return World(
        timeframe_ms=HOUR_MS,
        bars=_bars(_shapes(draw, n), _opens(draw, n, HOUR_MS), scale),
        instrument=_instrument(draw, scale),
        policy=policy,
        entry=column(draw, n, [0, 0, 0, 1, -1]),
        exit_long=column(draw, n, [False] * 5 + [True]),
        exit_short=column(draw, n, [False] * 5 + [True]),
        confidence=[1.0] * n,
    )
