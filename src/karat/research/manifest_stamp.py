"""The stamp of assumptions that opens every report: what was taken for granted, in words, from the manifest alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from karat.core.inputs import wanted_input
from karat.core.time import DAY_MS, iso, timeframe_ms, timeframe_text
from karat.quality import COVERAGE_MIN
from karat.research.adjusted_prices import adjustment_words

_FUNDING_EDGE_MS = 2 * DAY_MS  # stamps come every eight hours or more often: a longer gap at an end is missing history
_SOURCES_SHOWN = 2
_REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Assumption:
    """One line of the stamp. `warning` marks what makes the result worth less than it looks."""

    name: str
    text: str
    warning: bool = False


def stamp(manifest: dict[str, Any]) -> tuple[Assumption, ...]:
    """Every assumption of a run, in the order in which a report shows them."""
    return (
        _data(manifest),
        _holes(manifest),
        *_prices(manifest),
        _instrument(manifest["instrument"]),
        _costs(manifest),
        _fills(manifest),
        _funding(manifest),
        *_series(manifest),
        _warmup(manifest),
        _vault(manifest),
        _check(manifest),
    )


def _series(manifest: dict[str, Any]) -> tuple[Assumption, ...]:
    """The series that the strategy declared, and when their values count as known where nobody saw them arrive."""
    told: list[str] = []
    for one in manifest.get("inputs", ()):
        delay_ms = wanted_input(one["name"]).input.delay_ms
        when = f"known {timeframe_text(delay_ms)} after their time" if delay_ms else "known at their time"
        told.append(f"{one['name']}: {one['observations']:,} values, {when} or from their arrival")
    return (Assumption("series", "; ".join(told)),) if told else ()


def is_simulated(manifest: dict[str, Any]) -> bool:
    """Whether the candles come from a simulated market."""
    return bool(manifest["quality"]["simulated"])


def _data(manifest: dict[str, Any]) -> Assumption:
    text = (
        f"{manifest['market']} {manifest['timeframe']}, {manifest['bars']:,} bars, "
        f"{iso(manifest['first_bar'])} to {iso(manifest['last_bar'])}"
    )
    if is_simulated(manifest):
        return Assumption("data", f"SIMULATED, no real market: {text}", warning=True)
    sources = manifest["quality"]["sources"]
    shown = ", ".join(sources[:_SOURCES_SHOWN]) + (", ..." if len(sources) > _SOURCES_SHOWN else "")
    return Assumption("data", f"real candles, {text}" + (f", from {shown}" if sources else ""))


def _holes(manifest: dict[str, Any]) -> Assumption:
    quality = manifest["quality"]
    parts = [*_score(quality)]
    if quality["run_holes"]:
        parts.append(f"{quality['run_missing_bars']:,} bars missing in {quality['run_holes']:,} holes; a gap is no bar")
    if quality["repairs"]:
        parts.append("repaired at import: " + ", ".join(quality["repairs"]))
    if quality["oddities"]:
        parts.append(f"{len(quality['oddities'])} oddities, see karat data list")
    text = f"{quality['score']:g} of 100, {quality['coverage']['share']:.2%} of the bars"
    return Assumption("quality", "; ".join((text, *(parts or ["nothing repaired"]))), warning=bool(parts))


def _prices(manifest: dict[str, Any]) -> tuple[Assumption, ...]:
    """What splits and dividends made of the prices; nothing for a market that has none."""
    if "adjustment" not in manifest:
        return ()
    told = manifest["adjustment"]
    return (Assumption("prices", adjustment_words(told), warning="undefined" in told),)


def _score(quality: dict[str, Any]) -> list[str]:
    """The reasons that took points, the heaviest first, and a bound that the user lowered."""
    told = [f"{one['name'].replace('_', ' ')} ({one['count']:,})" for one in quality["reasons"] if one["points"]]
    parts = [", ".join(told[:_REASONS_SHOWN])] if told else []
    coverage = quality["coverage"]
    if coverage["share"] < COVERAGE_MIN:
        parts.append(f"LET THROUGH BY --min-coverage {coverage['bound']:g}")
    return parts


def _instrument(instrument: dict[str, Any]) -> Assumption:
    text = (
        f"{instrument['kind']}, tick {instrument['tick']:g}, lot {instrument['lot']:g}, "
        f"fees {instrument['maker_fee'] * 1e4:g} bp maker, {instrument['taker_fee'] * 1e4:g} bp taker; "
        f"{instrument['source']}; as of {instrument['as_of']}"
    )
    if instrument["assumed"]:
        return Assumption("instrument", f"ASSUMED: {text}", warning=True)
    return Assumption("instrument", f"known: {text}")


def _costs(manifest: dict[str, Any]) -> Assumption:
    policy = manifest["policy"]
    own = [f"own {name.replace('_', ' ')}" for name in ("maker_fee", "taker_fee") if isinstance(policy[name], float)]
    text = (
        f"{manifest['cost_level']}: half spread {policy['half_spread'] * 1e4:g} bp, slippage "
        f"{policy['slippage_base'] * 1e4:g} bp + {policy['slippage_atr']:g} ATR/close + "
        f"{policy['slippage_volume'] * 1e4:g} bp sqrt(share of volume)"
    )
    return Assumption("costs", ", ".join((text, *own)), warning=manifest["cost_level"] == "base")


def _fills(manifest: dict[str, Any]) -> Assumption:
    policy = manifest["policy"]
    bars = "bar" if policy["latency"] == 1 else "bars"
    limits = "one tick through it" if policy["strict_limit"] else "it"
    text = (
        f"orders fill at the open {policy['latency']} {bars} after the decision's; a resting limit fills at its price "
        f"when the market trades {limits}; a stop comes before a take in one bar"
    )
    return Assumption("fills", text, warning=not policy["strict_limit"])


def _funding(manifest: dict[str, Any]) -> Assumption:
    funding = manifest["funding"]
    if "undefined" in funding:
        return Assumption("funding", funding["undefined"], warning=funding["undefined"].startswith("none"))
    step = timeframe_ms(manifest["timeframe"])
    late = funding["first"] - manifest["first_bar"] > _FUNDING_EDGE_MS + step
    early = manifest["last_bar"] - funding["last"] > _FUNDING_EDGE_MS + step
    text = f"{funding['stamps']:,} stamps, {funding['with_mark']:,} with a mark price, the rest on the bar's open"
    if late or early:
        text += f"; none before {iso(funding['first'])} or after {iso(funding['last'])}, not charged there"
    return Assumption("funding", text, warning=late or early)


def _warmup(manifest: dict[str, Any]) -> Assumption:
    return Assumption("warm-up", f"the first {manifest['warmup_bars']:,} bars of the range give no signal")


def _vault(manifest: dict[str, Any]) -> Assumption:
    vault = manifest["vault"]
    if vault["looked"]:
        text = f"LOOKED INTO THE VAULT, which begins {iso(vault['start'])}; the look is recorded"
        return Assumption("vault", text, warning=True)
    return Assumption("vault", f"not looked into; it begins {iso(vault['start'])}")


def _check(manifest: dict[str, Any]) -> Assumption:
    code = manifest["code_hash"][:12]
    if not manifest["checked_on"]:
        return Assumption("check", f"code {code} has not been checked for looks into the future", warning=True)
    real = [name for name in manifest["checked_on"] if ":" in name or name.startswith("simulated")]
    hostile = len(manifest["checked_on"]) - len(real)
    return Assumption("check", f"passed for code {code} on {', '.join(real)} and {hostile} hostile worlds")
