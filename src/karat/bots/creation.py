"""A new bot: everything it will ever need to know, checked before it is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from karat.core.errors import InputError
from karat.core.ids import BotId, StrategyName
from karat.core.model.candles import Candles, Funding, Series
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import LevelMode, Policy
from karat.kernel.engine import prepare
from karat.kernel.prepare import Extras
from karat.ports.cockpit import Mode
from karat.ports.journal import BotRecord, LimitedBy
from karat.strategies import Market, Strategy, code_hash, evaluate, resolve

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def new_bot(
    name: str, strategy: Strategy, parameters: Mapping[str, object], policy: Policy, instrument: Instrument,
    candles: Candles, funding: Funding | None, mode: Mode, created_ts: int, series: Sequence[Series] = (),
    *, limits: LimitedBy = LimitedBy.NONE,
) -> BotRecord:  # fmt: skip
    """The record of a bot whose anchor is the first of `candles`; the strategy is called on them once, to see that it
    works with this market, the `series` that it declares, and the policy.

    Raises InputError `bad_bot_name`, `range_without_data`, `no_stop`, and what the strategy, its parameters or the
    policy raise.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "bad_bot_name", f"'{name}' cannot be the name of a bot.", "Use a-z, 0-9, - and _, for example btc-trend-1."
        )
    if len(candles) == 0:
        raise InputError("range_without_data", f"{candles.market} has no candles there.", "Choose an earlier start.")
    values = resolve(strategy, parameters)
    signals = evaluate(strategy, Market(candles, funding, series), values)
    if limits is LimitedBy.FLEET and policy.stop_mode == LevelMode.NONE and signals.stop is None:
        raise InputError(
            "no_stop",
            "A bot under the limits of the fleet needs a stop; without one every entry would be refused.",
            "Give --policy default, or a stop_mode and stop_value, or --limits none.",
        )
    prepare(candles, signals, policy, instrument, Extras(funding=funding))
    return BotRecord(
        id=BotId(name),
        name=name,
        strategy=StrategyName(strategy.name),
        code_hash=code_hash(strategy),
        parameters=values.as_dict(),
        policy=policy,
        instrument=instrument,
        market=candles.market,
        timeframe_ms=candles.timeframe_ms,
        mode=mode,
        currency=instrument.settle if instrument.kind == Kind.INVERSE else instrument.quote,
        anchor_ts=int(candles.ts[0]),
        created_ts=created_ts,
        limits=limits,
    )
