"""The table of a calibration, in markdown, from what `tally` told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GATES = {
    "edgeless_markets": "markets without any edge",
    "false_gold_upper": "upper 95% bound of the rate of false gold",
    "trend_seen_at_three": "share found, gold or watch, of trends of a true annual Sharpe ratio of 3",
    "reversion_seen_at_three": "share found, gold or watch, of reversions of a true annual Sharpe ratio of 3",
    "trend_gold_at_three": "share of gold alone, of the same trends",
    "reversion_gold_at_three": "share of gold alone, of the same reversions",
    "seconds_a_market": "seconds a market, on average",
}
_RULES = {
    "sharpe_and_regimes": "Sharpe over 1 and four of five regimes positive",
    "probabilistic_sharpe": "probabilistic Sharpe alone, at least 95%",
    "deflated_sharpe_and_spa": "deflated Sharpe at least 95%, with SPA",
}
_DECIDERS_SHOWN = 8


def markdown(told: Mapping[str, Any], command: str) -> str:
    """The whole table. `command` is what it was made with, and makes it again."""
    asked = told["asked"]
    parts = [
        "# Calibration of the prover\n",
        f"Made by `{command}`, calibration `{told['calibration']}`. The same code that judges strategies judged markets"
        f" of which the truth is known: {asked['bars']:,} hourly bars each, in panels of {asked['panel_size']}.\n",
        "The prover, in full, with the sizes of its sweeps:\n",
        f"<details><summary>settings</summary>\n\n`{json.dumps(told['prover'], sort_keys=True)}`\n\n</details>\n",
        "## What must hold\n",
        _gates(told["gates"]),
        "## Markets without any edge\n",
        _edgeless(told["edgeless"]),
        "Bounds are exact, after Clopper and Pearson, at 95% and one-sided. Markets of one panel are judged together;"
        " the last column counts panels, which are independent whatever the prover does within them. Shuffled markets"
        " are independent given the real record that their hours are drawn from.\n",
        "Why they were not gold:\n",
        _deciders(told["edgeless"][:-1]),
        "## What rules that look strict accept of the same markets\n",
        "The best of 96 variants of an EMA crossover is held against each rule.\n",
        _naive(told["naive"]),
    ]
    if told["powers"]:
        parts += [
            "## Markets with a planted edge\n",
            "The true Sharpe ratio is what the strategy named earns at its default parameters in the long run, after"
            " pessimistic costs, measured on markets of their own with its standard error. Intervals are at 95%. Judged"
            " are the markets on which there was evidence enough for a verdict.\n",
            _powers(told["powers"]),
            "Why they were not gold:\n",
            _deciders(told["powers"]),
        ]
    parts += [
        "## How like real markets they are\n",
        "Medians before the vault; `|r|` is the size of an hour's log return, with its autocorrelation after a time."
        " Regimes: how many of the five hold for 30 days or more, on average.\n",
        _likeness(told["likeness"]),
        f"Judging took {told['seconds_a_market']:.2f} s a market,"
        f" making one {told['making_seconds_a_market']:.3f} s.\n",
    ]
    return "\n".join(parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _percent(share: float) -> str:
    return f"{100.0 * share:.2f}%"


def _range(rate: Mapping[str, Any]) -> str:
    low, high = rate["interval"]
    return f"{_percent(rate['share'])} ({_percent(low)} to {_percent(high)})"


def _gates(gates: Sequence[Mapping[str, Any]]) -> str:
    words = {True: "holds", False: "**fails**", None: "not asked"}
    return _table(
        ("what", "found", "asked", ""),
        [
            (
                _GATES[one["gate"]],
                "-" if one["value"] is None else f"{one['value']:.4g}",
                f"{one['relation']} {one['threshold']:g}",
                words[one["passed"]],
            )
            for one in gates
        ],
    )


def _counts(one: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{one[name]:,}" for name in ("markets", "gold", "watch", "buried", "no_evidence"))


_COUNTED = ("markets", "gold", "watch", "buried", "no evidence")


def _edgeless(groups: Sequence[Mapping[str, Any]]) -> str:
    heads = ("", *_COUNTED, "false gold", "at most", "watch", "at most", "panels with gold, at most")
    rows = [
        (
            one["name"],
            *_counts(one),
            _percent(one["false_gold"]["share"]),
            _percent(one["false_gold"]["upper"]),
            _percent(one["false_watch"]["share"]),
            _percent(one["false_watch"]["upper"]),
            _percent(one["panels_with_gold"]["upper"]),
        )
        for one in groups
    ]
    return _table(heads, rows)


def _powers(groups: Sequence[Mapping[str, Any]]) -> str:
    heads = (
        "nature", "strategy", "asked", "true Sharpe", *_COUNTED, "gold", "gold or watch",
        "gold or watch of those judged",
    )  # fmt: skip
    rows = [
        (
            one["nature"],
            one["strategy"],
            f"{one['power']:g}",
            f"{one['true_sharpe']['sharpe']:.2f} ± {one['true_sharpe']['error']:.2f}"
            f" ({one['true_sharpe']['years']:,.0f} years)",
            *_counts(one),
            _range(one["detected"]),
            _range(one["seen"]),
            "-" if one["seen_of_judged"] is None else _range(one["seen_of_judged"]),
        )
        for one in groups
    ]
    return _table(heads, rows)


def _deciders(groups: Sequence[Mapping[str, Any]]) -> str:
    rows: list[tuple[str, str, str]] = []
    for one in groups:
        found = list(one["decided_by"].items())
        rows += [(one["name"], why, f"{count:,}") for why, count in found[:_DECIDERS_SHOWN]]
        if len(found) > _DECIDERS_SHOWN:
            others = sum(count for _, count in found[_DECIDERS_SHOWN:])
            rows.append((one["name"], f"{len(found) - _DECIDERS_SHOWN} others", f"{others:,}"))
    return _table(("", "stage and gate", "markets"), rows)


def _naive(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = ("markets", "costs", "number", *_RULES.values())
    return _table(
        heads,
        [
            (
                one["name"],
                one["costs"].replace("_", " "),
                f"{one['markets']:,}",
                *(_range(one["rules"][rule]) for rule in _RULES),
            )
            for one in rows
        ],
    )


def _likeness(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = {
        "volatility": "yearly volatility", "kurtosis": "kurtosis", "autocorrelation": "r, 1 hour",
        "size_hour": "|r|, 1 hour", "size_day": "1 day", "size_week": "1 week", "size_month": "1 month",
        "volume": "with volume", "regimes": "regimes",
    }  # fmt: skip
    shown = [(one["market"], one["kind"], *(f"{one[name]:.2f}" for name in heads)) for one in rows]
    return _table(("takes after", "", *(head.replace("|", "\\|") for head in heads.values())), shown)
