"""A verdict made again from its dossier: the same code on the same bars by the same numbers gives the same proof.

1. It is refused, not judged, where that cannot be: the file is not the one that was sealed, the code is another, or
   the bars before a vault are. What is refused says nothing about the verdict.
2. The proof runs anew, sweeps too, on the trial ledger as it was when the verdict was given, and writes nothing to it.
3. Every field of the result is compared, numbers to the bit: the same machine and libraries give the same bits. Other
   processors and libraries may round otherwise; `Verified.elsewhere` says where they differ.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import market_id
from karat.core.time import timeframe_ms
from karat.research.dossier.document import code_hash_of, sources
from karat.research.dossier.folder import FILE, Dossier
from karat.research.ledger.trials import TrialLedger
from karat.research.manifest import bars_hash, instrument_json
from karat.research.manifest_origin import origin
from karat.research.prove.ground import Book, Ground
from karat.research.prove.proving import Progress, prove
from karat.research.prove.spec import request_of, settings_of
from karat.research.sweeps.grid import policy_values
from karat.strategies import Strategy, code_hash

MISSING = "nothing"
_ENVIRONMENT = ("karat_version", "processor", "libraries")


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that came out otherwise: where it is, what the dossier keeps, what came out now."""

    path: str
    kept: Any
    made: Any


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it. `elsewhere` names what of version, processor and libraries is another than it was."""

    differences: tuple[Difference, ...]
    elsewhere: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences


def verify(
    dossier: Dossier, strategy: Strategy, ground: Ground, ledger: TrialLedger, *,
    now_ms: Callable[[], int], progress: Progress,
) -> Verified:  # fmt: skip
    """Prove again what the dossier says was proved, and compare.

    `ground` must make its sweeps anew. Raises NeedsOperator `dossier_edited` and `vault_unopened`, InputError
    `other_code` and `other_bars`, and what reading the markets and a proof raise.
    """
    told = dossier.told
    refuse_edited(dossier, ledger)
    refuse_other_code(dossier, strategy)
    refuse_other_bars(told["spec"], strategy, ground)
    request = request_of(told["spec"], axes_of(told["spec"]))
    book = Book(ledger, now_ms, as_of=lines_of(told["result"], ledger))
    market = market_id(told["result"]["market"])
    made = prove(
        strategy, request, ground, book, settings_of(told["spec"]), progress=progress, judge=(market,)
    )[0]  # fmt: skip
    then = {name: told["origin"].get(name) for name in _ENVIRONMENT}
    now = {name: origin()[name] for name in _ENVIRONMENT}
    return Verified(
        tuple(differences(told["result"], json.loads(json.dumps(made)))), tuple(differences(then, now))
    )  # fmt: skip


def refuse_edited(dossier: Dossier, ledger: TrialLedger) -> None:
    """Raises NeedsOperator `dossier_edited` where the file is not one that was sealed."""
    if dossier.hash not in ledger.sealed():
        raise NeedsOperator(
            "dossier_edited",
            f"{dossier.id}: {FILE} has the hash {dossier.hash[:12]}, which the trial ledger never sealed. It was"
            " edited, or comes from another home.",
            "Bring back the file as it was, or prove the strategy again: karat prove.",
        )


def refuse_other_code(dossier: Dossier, strategy: Strategy) -> None:
    """Raises InputError `other_code` where the strategy is not the one that was proved."""
    proved, now = code_hash_of(dossier.told), code_hash(strategy)
    if proved == now:
        return
    code = dossier.folder / "code"
    what, hint = f"{strategy.name} has changed", f"What was proved lies in {code}. Put it back to verify"
    own = sources(strategy)
    if own == {name: (code / name).read_text("utf-8") for name in own if (code / name).is_file()}:
        what = f"Karat's own code below {strategy.name} has changed, the strategy's files have not"
        hint = f"It was proved with commit {dossier.told['origin']['commit']}. Go back to that to verify"
    hint += "; what has changed is to be proved anew: karat prove."
    raise InputError("other_code", f"{what}: its code hash was {proved[:12]} and is {now[:12]}.", hint)


def refuse_other_bars(spec: Mapping[str, Any], strategy: Strategy, ground: Ground) -> None:
    """Raises InputError `other_bars` where bars before a vault, the vault's begin or the instrument are others."""
    for kept in spec["data"]:
        market = market_id(kept["market"])
        data = ground.before_vault(market, timeframe_ms(kept["timeframe"]), strategy.needs)
        where, candles = f"{market} {kept['timeframe']}", data.candles
        what = ""
        if data.entry.vault_start_ts != kept["vault_start"]:
            what = f"the vault began at {kept['vault_start']} and begins at {data.entry.vault_start_ts} (UTC ms)"
        elif bars_hash(candles, data.market.funding) != kept["bars_hash"]:
            what = _changed(kept, len(candles), int(candles.ts[0]), int(candles.ts[-1]))
        elif instrument_json(data.instrument) != kept["instrument"]:
            first = next(iter(differences(kept["instrument"], instrument_json(data.instrument))))
            what = f"its instrument's {first.path} was {first.kept} and is {first.made}"
        if what:
            hint = "A verdict holds for the bars it was given on; prove the strategy again: karat prove."
            raise InputError("other_bars", f"The data of {where} before its vault have changed: {what}.", hint)


def _changed(kept: Mapping[str, Any], bars: int, first: int, last: int) -> str:
    more = bars - kept["bars"]
    if more:
        return (
            f"there are {bars:,} bars, {abs(more):,} {'more' if more > 0 else 'fewer'} than the {kept['bars']:,} proved"
        )
    if (first, last) != (kept["first_bar"], kept["last_bar"]):
        return f"as many bars, {bars:,}, of another time"
    return f"as many bars, {bars:,}, of the same time, with other prices, volumes or funding"


def axes_of(spec: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The policy fields that were varied, out of what a spec keeps of them."""
    return policy_values(
        {name: ",".join(_written(one) for one in values) for name, values in spec["policy_axes"].items()}
    )


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "off"
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def lines_of(result: Mapping[str, Any], ledger: TrialLedger) -> int:
    """How many lines of the ledger the verdict was given by; all where it never got so far as to ask."""
    luck = [one["numbers"]["luck"] for one in result["stages"] if "luck" in one["numbers"]]
    return int(luck[0]["ledger_lines"]) if luck else len(ledger.lines())


def differences(kept: Any, made: Any, path: str = "") -> Iterator[Difference]:
    """Every field of two JSON-ready values that is not the same, in the order of the first."""
    if isinstance(kept, Mapping) and isinstance(made, Mapping):
        for name in dict.fromkeys([*kept, *made]):
            below = f"{path}.{name}" if path else str(name)
            yield from differences(kept.get(name, MISSING), made.get(name, MISSING), below)
    elif isinstance(kept, list) and isinstance(made, list) and len(kept) == len(made):
        for at, (one, other) in enumerate(zip(kept, made, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif isinstance(kept, list) and isinstance(made, list):
        yield Difference(path, f"{len(kept)} entries", f"{len(made)} entries")
    elif isinstance(kept, bool) is not isinstance(made, bool) or kept != made:
        yield Difference(path, kept, made)
