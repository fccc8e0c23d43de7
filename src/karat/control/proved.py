"""What a dossier proved: the code, parameters, policy, market and timeframe that its verdict is of, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from karat.core.errors import InputError
from karat.core.ids import MarketId, market_id, venue_of
from karat.core.model.policy import CostLevel, Policy, SizeMode
from karat.core.time import timeframe_ms
from karat.feeds.demo.symbols import SIMULATED_VENUE
from karat.ports.journal import BotRecord
from karat.research.dossier.document import code_hash_of, data_of, values_of
from karat.research.dossier.folder import Dossier
from karat.research.ledger.trials import VERDICT, TrialLedger
from karat.research.manifest import policy_json, policy_of
from karat.strategies import Strategy, code_hash


@dataclass(frozen=True, slots=True)
class Proved:
    """The bot that a dossier speaks of. `policy` is at the pessimistic costs of every verdict; `seen_until_ms` is the
    first bar that no search saw."""

    parameters: Mapping[str, Any]
    policy: Policy
    market: MarketId
    timeframe_ms: int
    seen_until_ms: int

    def with_capital(self, capital: float) -> Policy:
        """The policy with other capital. Raises InputError `bad_capital` where a trade's size would not follow it."""
        asked = self.policy.capital
        if self.policy.size_mode is SizeMode.NOTIONAL and capital != asked:
            sizes = f"It was proved with trades of {self.policy.size_value:g} out of {asked:g}, whatever the equity"
            raise InputError("bad_capital", f"{sizes}: with {capital:g} they are others.", f"Use --capital {asked:g}.")
        return replace(self.policy, capital=capital)


def proved_by(dossier: Dossier, strategy: Strategy) -> Proved:
    """What `dossier` is of. `strategy` is the one it names, with the same code (`same_code`)."""
    parameters, rules = values_of(dossier.told, strategy)
    fixed = policy_json(policy_of(dossier.told["spec"]).with_costs(CostLevel.PESSIMISTIC))
    result = dossier.told["result"]
    return Proved(
        parameters=parameters,
        policy=policy_of({"policy": {**fixed, **rules}}),
        market=market_id(result["market"]),
        timeframe_ms=timeframe_ms(result["timeframe"]),
        seen_until_ms=int(data_of(dossier.told)["vault_start"]),
    )


def same_code(dossier: Dossier, strategy: Strategy) -> bool:
    """Whether the strategy's code is what the dossier was made with."""
    return code_hash(strategy) == code_hash_of(dossier.told)


def differences(record: BotRecord, dossier: Dossier, proved: Proved) -> Iterator[str]:
    """What of a bot is not what was proved, in words. Its capital may be another."""
    fees = ("maker_fee", "taker_fee")
    instrument = data_of(dossier.told)["instrument"]
    alike = {
        "strategy": record.strategy == dossier.told["result"]["strategy"],
        "code": record.code_hash == code_hash_of(dossier.told),
        "parameters": dict(record.parameters) == dict(proved.parameters),
        "policy": policy_json(replace(record.policy, capital=proved.policy.capital)) == policy_json(proved.policy),
        "size of trades": _sized_alike(record.policy, proved.policy),
        "market": record.market == proved.market,
        "timeframe": record.timeframe_ms == proved.timeframe_ms,
        "fees": all(getattr(record.instrument, name) == instrument[name] for name in fees),
    }
    return (name for name, same in alike.items() if not same)


def _sized_alike(policy: Policy, proved: Policy) -> bool:
    return proved.size_mode is not SizeMode.NOTIONAL or policy.capital == proved.capital


def seals(ledger: TrialLedger) -> dict[str, str]:
    """The hashes of all dossiers that were sealed, each with its verdict. Raises NeedsOperator `ledger_damaged`."""
    sealed = (line.record for line in ledger.lines() if line.record["kind"] == VERDICT)
    return {one["dossier"]: one["verdict"] for one in sealed}


def simulated(dossier: Dossier) -> bool:
    """Whether any market of the proof was simulated, by what the lake knew of it or by its venue."""
    markets = (market_id(one["market"]) for one in dossier.told["spec"]["data"])
    return bool(dossier.told["simulated"]) or any(venue_of(one) == SIMULATED_VENUE for one in markets)


def changed_thresholds_of(dossier: Dossier) -> tuple[str, ...]:
    """The thresholds that a user's file had changed."""
    return tuple(dossier.told["spec"]["changed"])
