"""Can it be lived with? Monte Carlo and stress as bands and fans, dependence, capacity, and the cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np

from karat.research.dossier.page.drawn import dots, fan, histogram, strip
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import empty, facts, label, panel, show, shown_cell, spoken, table
from karat.research.report.figures import plural
from karat.research.report.html import Content, Markup, tag

_FANS = {
    "shuffled": ("Trades in another order", "The same trades shuffled: how deep the falls could have been."),
    "resampled": ("Trades drawn again", "As many trades drawn with replacement: other luck with the same trades."),
    "year": ("The next year", "Days drawn in blocks, a year long: what one year of this could look like."),
    "record": ("The whole record again", "Days drawn in blocks, as long as the record."),
    "missed": ("Orders missed", "A part of the entries never happens."),
    "worse": ("Fills worse", "Slippage of every fill is worse by chance."),
    "noisy": ("Prices noisy", "Every bar's prices are shaken by a part of its range."),
}
_SHARPES = {
    "missed": "Orders missed", "worse": "Fills worse", "noisy": "Prices noisy", "random": "Entries at random",
    "timing": "Trades at random times",
}  # fmt: skip
_FALLS = ("shuffled", "resampled", "year", "record", "missed", "worse", "noisy")


def _is_there(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and "undefined" not in value


def robustness_panels(told: Told) -> list[Markup]:
    """Bands, then fans; what was not reached is said."""
    found = told.numbers("examination", "robustness")
    if found is None:
        said = empty(told.why_not("examination"))
        return [panel("monte-carlo", "Monte Carlo and stress", "how it could have gone", said)]
    return [
        panel(
            "monte-carlo", "Monte Carlo and stress", "how it could have gone",
            _sharpes(found), _falls(found), _stress(found),
        ),
        panel("fans", "Ways it could have gone", "1, 5, 25, 50, 75, 95 and 99 of 100 paths, equal ratios",
              tag("div", *(_fan(name, found.get(name)) for name in _FANS), class_="fans")),
    ]  # fmt: skip


def _why(found: Any) -> str | None:
    """Why a band or a fan cannot be drawn; None where it can."""
    if not isinstance(found, Mapping):
        return "not made"
    if "undefined" in found:
        return str(found["undefined"])
    return next(
        (str(one["undefined"]) for one in found.values() if isinstance(one, Mapping) and "undefined" in one), None
    )


def _bands(
    heading: str, figure: str, bands: Mapping[str, Any], reals: Mapping[str, Any], notes: Mapping[str, str]
) -> Markup:
    """A table of bands on one scale; undefined ones with their reason."""
    known = {name: band for name, band in bands.items() if _is_there(band) and _why(band) is None}
    ends = [band[name] for band in known.values() for name in ("p5", "p95")]
    ends += [one for one in reals.values() if isinstance(one, float | int)]
    low, high = (min([*ends, 0.0]), max([*ends, 0.0])) if ends else (0.0, 1.0)
    rows = []
    for name, band in bands.items():
        real = reals.get(name)
        if name not in known:
            reason = _why(band) or "not made"
            rows.append(tag("tr", tag("th", notes[name], scope="row"), tag("td", reason, colspan="5", class_="said")))
            continue
        words = f"{notes[name]}: 5% {show(figure, band['p5']).text}, median {show(figure, band['p50']).text}, 95%"
        words += f" {show(figure, band['p95']).text}"
        drawn = strip(band, real if isinstance(real, float | int) else None, low, high, words)
        rows.append(tag(
            "tr", tag("th", notes[name], scope="row"),
            *(shown_cell(show(figure, band[p])) for p in ("p5", "p50", "p95")),
            shown_cell(show(figure, real)), tag("td", drawn, class_="drawn"),
        ))  # fmt: skip
    heads = (heading, "5%", "median", "95%", "real", "5 to 95, middle half, median; the line is real")
    return table(heads, rows, "checks bands", heading, right=(1, 2, 3, 4))


def _sharpes(found: Mapping[str, Any]) -> Markup:
    bands, reals = dict[str, Any](), dict[str, Any]()
    for name in _SHARPES:
        one = found.get(name)
        bands[name] = (one["random"] if "random" in one else one["sharpe"]) if _is_there(one) else one
        reals[name] = one["real"] if _is_there(one) and "real" in one else found["real"]["sharpe"]
    return _bands("Sharpe a year", "sharpe", bands, reals, _SHARPES)


def _falls(found: Mapping[str, Any]) -> Markup:
    bands, reals = dict[str, Any](), dict[str, Any]()
    for name in _FALLS:
        one = found.get(name)
        bands[name] = one.get("drawdown", one.get("max_drawdown")) if _is_there(one) else one
        reals[name] = one.get("real", found["real"]["max_drawdown"]) if _is_there(one) else None
    return _bands("Deepest fall", "max_drawdown", bands, reals, {name: _FANS[name][0] for name in _FALLS})


def _stress(found: Mapping[str, Any]) -> Markup:
    """What stands in single figures: the year, chance, delays, costs, capacity."""
    rows: list[tuple[str, Content]] = []
    year, record = found["year"], found["record"]
    if _is_there(year):
        rows.append(("A year", f"ends in a loss in {spoken('loss', year['loss'])} of {year['paths']:,} paths, half"
                               f" of the capital is lost in {spoken('ruin', year['ruin'])}"))  # fmt: skip
    if _is_there(record):
        times = spoken("ratio", record["drawdown_over_real"])
        rows.append(("Fall over real", f"in 95% of paths the deepest is at most {times} times"
                                       " the real one"))  # fmt: skip
    for name, words in (("random", "Entries at random"), ("timing", "Trades at random times")):
        one = found.get(name)
        if _is_there(one):
            rows.append((words, f"as good or better with probability {spoken('p_value', one['p_value'])}"))
    for one in found["delays"]:
        rows.append((f"{plural(one['bars'], 'bar')} later", f"Sharpe {spoken('sharpe', one['outcome']['sharpe'])}"))
    costs, capacity = found["costs"], found["capacity"]
    if _is_there(costs):
        sharpe, dies, paid = (
            spoken(name, value)
            for name, value in (
                ("sharpe", costs["outcome"]["sharpe"]), ("bp", costs["dies_at_bp"]), ("bp", costs["paid_bp"]),
            )
        )  # fmt: skip
        rows.append(("Costs", f"{costs['times']:g} times: Sharpe {sharpe}; dies at {dies} bp a side, paid {paid}"))
    if _is_there(capacity):
        most = spoken("capital_max", capacity["capital_max"])
        rows.append(("Capital it carries", f"{most}, in the currency of settlement"))
    return facts(rows)


def _fan(name: str, found: Any) -> Markup:
    heading, words = _FANS[name]
    if not _is_there(found) or not _is_there(found.get("equity")):
        reason = _why(found.get("equity") if _is_there(found) else found)
        return tag("figure", tag("figcaption", tag("b", heading)), empty(f"Undefined: {reason}."))
    equity = found["equity"]
    after, values = np.array(equity["after"], np.float64), np.array(equity["values"], np.float64)
    positive = values[values > 0.0]
    low = max(float(positive.min()) if len(positive) else 0.01, float(values.max()) * 1e-3) if values.size else 0.01
    low, high = min(low, 1.0) * 0.98, max(float(values.max()), 1.0) * 1.02
    p5, middle, p95 = (show("times", float(values[-1, k])).text for k in (1, 3, 5))
    end = f"after {after[-1]:,.0f} {equity['unit']}: {p5} to {p95} times the capital, median {middle}"
    low_text, high_text = show("times", low).text, show("times", high).text
    return tag(
        "figure", tag("figcaption", tag("b", heading), " ", tag("span", words, class_="note")),
        tag("div", tag("span", f"{high_text}\N{MULTIPLICATION SIGN}", class_="top-end"),
            fan(after, values, low, high, f"{heading}, {end}"),
            tag("span", f"{low_text}\N{MULTIPLICATION SIGN}", class_="low-end"), class_="framed"),
        tag("p", end, class_="note"),
    )  # fmt: skip


def cross_panel(told: Told) -> Markup:
    """Combinatorial paths, symmetric halves and superior ability."""
    found = told.numbers("examination", "cross_validation")
    note = "all variants of all searches, folds that did not choose them"
    if found is None:
        return panel("cross", "Cross-validation", note, empty(told.why_not("examination")))
    evidence, resamples = told.result["evidence"], told.spec["effort"]["superior_resamples"]
    low, kept, loss, p_value = (
        spoken(name, evidence[name])
        for name in (
            "combinatorial_sharpe_low", "combinatorial_median_kept", "out_of_sample_loss", "superior_p_value",
        )
    )  # fmt: skip
    rows: list[tuple[str, Content]] = [
        ("Variants", f"{found['variants']:,} of {found['of']:,} searched, on {found['days']:,} days"),
        ("Paths", f"Sharpe of the 5th percentile {low}; the median keeps {kept} of the"
                  f" {spoken('sharpe', found['best_sharpe_in_sample'])} in sample"),
        ("Overfitting", f"probability {spoken('overfitting_probability', found['overfitting_probability'])}; the chosen"
                        f" lose out of sample in {loss} of splits"),
        ("Superior ability", f"p-value {p_value} against buy and hold, of {resamples:,} resamples;"
                             f" {found['superior_variants']:,} variants superior"),
    ]  # fmt: skip
    return panel("cross", "Cross-validation", note, facts(rows), tag("div", _paths(told), _halves(told), class_="fans"))


def _paths(told: Told) -> Markup:
    values = told.picture("examination", "cross_validation", "path_sharpes")
    caption = tag(
        "figcaption", tag("b", "Sharpe of each path"), " ", tag("span", "purged, combinatorial", class_="note")
    )
    if values is None:
        return tag("figure", caption, empty("Undefined: no path has a Sharpe ratio."))
    low, high = min([*values, 0.0]), max([*values, 0.0])
    words = f"{plural(len(values), 'path')} from {spoken('sharpe', min(values))} to {spoken('sharpe', max(values))}"
    return tag("figure", caption, dots(values, low, high, words), _ends(low, high), tag("p", words, class_="note"))


def _halves(told: Told) -> Markup:
    found = told.picture("examination", "cross_validation", "test_sharpes")
    caption = tag(
        "figcaption", tag("b", "Sharpe of the chosen in the other half"), " ",
        tag("span", "a day, of all symmetric splits", class_="note"),
    )  # fmt: skip
    if found is None:
        return tag("figure", caption, empty("Undefined: the splits have no Sharpe ratios."))
    counts, edges = found["counts"], found["edges"]
    words = f"{sum(counts):,} splits from {spoken('daily', edges[0])} to {spoken('daily', edges[-1])}"
    return tag(
        "figure", caption, histogram(counts, edges, words), _ends(edges[0], edges[-1]), tag("p", words, class_="note")
    )  # fmt: skip


def _ends(low: float, high: float) -> Markup:
    return tag("div", tag("span", spoken("daily", low)), tag("span", spoken("daily", high)), class_="ends")


def dependence_panel(told: Told) -> Markup:
    """On which trades, month, market and regime the profit hangs."""
    note = "what is left without the best of it"
    found = told.numbers("examination", "dependence")
    if found is None:
        return panel("dependence", "Dependence", note, empty(told.why_not("examination")))
    evidence = told.result["evidence"]
    counted, month = spoken("trades_counted", found["trades_counted"]), spoken("month", found["month"])
    names = {
        "best_trades_profit_share": f"Best trades ({counted} of them), of all winnings",
        "best_month_profit_share": f"Best month ({month})",
        "largest_symbol_share": "Best market",
        "largest_regime_share": "Best regime",
    }
    gates = {one["figure"]: one for one in told.result["gates"]["gates"]}
    rows = []
    for name, words in names.items():
        value, limit = evidence[name], gates[name]["threshold"]
        drawn = None
        if isinstance(value, float | int):
            band = {**dict.fromkeys(("p5", "p25"), 0.0), **dict.fromkeys(("p50", "p75", "p95"), value)}
            said = f"{words}: {spoken(name, value)}, at most {spoken(name, limit)}"
            drawn = strip(band, limit, 0.0, max(1.0, value), said)
        rows.append(tag(
            "tr", tag("th", words, scope="row"), shown_cell(show(name, value)),
            tag("td", f"at most {spoken(name, limit)}", class_="r"), tag("td", drawn, class_="drawn"),
        ))  # fmt: skip
    heads = ("share of all profit", "share", "asked for", "the line is the threshold")
    more = (told.numbers("examination", "robustness") or {}).get("dependence")
    left = None
    if _is_there(more):
        left = facts([(label("return_without_the_best_trades"), spoken("return_without", more["return_without"]))])
    drawn_table = table(heads, rows, "checks bands", "Dependence", right=(1, 2))
    return panel("dependence", "Dependence", note, drawn_table, left, _breakdown(found))


def _breakdown(found: Mapping[str, Any]) -> Markup | None:
    """What each market returned with the common parameters, and what part of it each group of markets made."""
    markets = [
        tag("tr", tag("th", market, scope="row"), shown_cell(show("total_return", value)))
        for market, value in found["by_market"].items()
    ]
    groups = [
        tag("tr", tag("th", group, scope="row"), shown_cell(show("largest_symbol_share", value)))
        for group, value in found["by_group"].items()
    ]
    parts = [table(("market, common parameters", "return"), markets, "checks", "Markets", right=(1,))]
    if groups:
        parts.append(table(("group of markets", "share of all"), groups, "checks", "Groups", right=(1,)))
    return tag("div", *parts)
