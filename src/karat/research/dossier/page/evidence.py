"""What the verdict was measured against: every trial that was ever made, the bugs that make such records, the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from karat.research.dossier.document import data_of
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import empty, facts, label, moment, panel, show, table
from karat.research.report.html import Content, Markup, join, tag


def _shown(name: str, value: Any) -> Markup:
    one = show(name, value)
    return join(one.text, tag("small", f" {one.reason}", class_="why") if one.reason else None)


def trials_panel(told: Told) -> Markup:
    """The trial ledger's numbers at the verdict, and the Sharpe ratio beside that of luck."""
    luck = told.numbers("examination", "luck")
    note = "every variant ever tried of this family on this market, by whatever tool"
    if luck is None:
        tried = {
            label(name): told.numbers(name, "variants")
            for name in ("sweep", "refinement", "own_parameters")
            if told.numbers(name, "variants") is not None
        }
        counted = "".join(f" {name}: {show('variants', value).text} variants." for name, value in tried.items())
        words = f"{told.why_not('examination')} All that was tried is in the trial ledger all the same.{counted}"
        return panel("trials", "Trials", note, empty(words))
    sharpe = told.result["evidence"]["annual_sharpe"]
    rows: list[tuple[str, Content]] = [
        ("Family", tag("code", luck["family"])),
        ("Trials", _shown("trials", luck["trials"])),
        ("Independent ones", join(_shown("effective", luck["effective_trials"]), ", by how alike their days are")),
        ("Looks into the vault", join(_shown("looks_into_vault", luck["looks_into_vault"]),
                                      " by other tools before; each doubles the trials")),
        ("Trials charged", _shown("charged", luck["charged_trials"])),
        ("Sharpe a year", tag("b", _shown("sharpe", sharpe))),
        ("Sharpe of luck", join(tag("b", _shown("sharpe", luck["annual_sharpe_of_luck"])),
                                ", what the best of so many trials shows without any edge")),
        ("Deflated Sharpe", join(_shown("deflated_sharpe", told.result["evidence"]["deflated_sharpe"]),
                                 ", the probability that the true Sharpe ratio lies above that of luck")),
        ("Record needed", join(_shown("track_record_days_needed", luck["track_record_days_needed"]), " days, and there"
                               " are ", _shown("days", told.result["evidence"]["days"]))),
        ("Runs, ledger lines", f"{luck['runs']}, {luck['ledger_lines']}"),
    ]  # fmt: skip
    return panel("trials", "Trials", note, facts(rows))


def bugs_panel(told: Told) -> Markup:
    """Later fills and double costs."""
    bugs = told.numbers("examination", "bugs")
    note = "what lives on the timing of one bar, or on fills that nobody gets, is no edge"
    if bugs is None:
        return panel("bugs", "Timing and costs", note, empty(told.why_not("examination")))
    later: list[tuple[str, Content]] = [
        (f"Sharpe, {one['bars']} bar{'s' * (one['bars'] > 1)} later", _shown("sharpe", one["sharpe"]))
        for one in bugs["later"]
    ]
    rows: list[tuple[str, Content]] = [
        ("Sharpe a year", _shown("sharpe", told.result["evidence"]["annual_sharpe"])),
        *later,
        (f"Sharpe at {bugs['cost_times']:g} times costs", _shown("sharpe", bugs["sharpe_at_double_costs"])),
        ("Paid, bp a side", _shown("paid_bp", bugs["paid_bp"])),
        ("Edge dies at, bp a side", _shown("edge_dies_at_bp", bugs["edge_dies_at_bp"])),
    ]
    return panel("bugs", "Timing and costs", note, facts(rows))


def data_panel(told: Told) -> Markup:
    """This market's bars, and all that were pooled."""
    one, spec = data_of(told.told), told.spec
    quality, instrument = one["quality"], one["instrument"]
    sources = ", ".join(str(part) for part in quality["sources"]) or "not recorded"
    grade = f"{quality['grade']}, {show('score', quality['score']).text} of 100"
    reasons = "; ".join([grade, *(_reason(part) for part in quality["reasons"])])
    share = show("profitable_variants", quality["coverage"]["share"]).text
    bounded = "set by the user" if quality["coverage"]["bound_by_user"] else "the usual bound"
    rows: list[tuple[str, Content]] = [
        ("Market", f"{one['market']}, {one['timeframe']}, {'SIMULATED' if quality['simulated'] else 'real'}"),
        ("Bars", f"{one['bars']:,}, {moment(one['first_bar'])} to {moment(one['last_bar'])}"),
        ("Hash", tag("code", one["bars_hash"])),
        ("Quality", reasons),
        ("Coverage", f"{share}; at least {quality['coverage']['bound']:.0%} was asked for, {bounded}"),
        ("Holes", f"{quality['run_holes']:,}, {quality['run_missing_bars']:,} missing bars, before the vault"),
        ("Sources", sources),
        ("Vault", f"from {moment(one['vault_start'])}, not read before the last stage"),
        ("Instrument", f"{instrument['kind']}, tick {instrument['tick']:g}, maker {instrument['maker_fee']:g}, taker"
                       f" {instrument['taker_fee']:g}, {instrument['source']} of {instrument['as_of']}"
                       f"{', ASSUMED' if instrument['assumed'] else ''}"),
    ]  # fmt: skip
    heads = ("market", "timeframe", "bars", "first", "last", "grade", "score", "hash")
    pooled = [_row(each) for each in spec["data"]]
    count = len(spec["markets"])
    note = "one market alone" if count == 1 else f"one of {count} markets that were pooled to choose parameters"
    return panel("bars", "Data", note, facts(rows), table(heads, pooled, "checks", "Markets", right=(2, 6)))


def _reason(part: Mapping[str, Any]) -> str:
    """What took points off the score."""
    name = str(part["name"]).replace("_", " ")
    return f"{name}: {part['count']:,} times, {part['bars']:,} bars, {part['points']:g} points"


def _row(one: Mapping[str, Any]) -> Markup:
    return tag(
        "tr",
        tag("th", one["market"], scope="row"),
        tag("td", one["timeframe"]),
        tag("td", f"{one['bars']:,}", class_="r"),
        tag("td", moment(one["first_bar"])),
        tag("td", moment(one["last_bar"])),
        tag("td", one["quality"]["grade"]),
        tag("td", show("score", one["quality"]["score"]).text, class_="r"),
        tag("td", tag("code", one["bars_hash"][:12])),
    )
