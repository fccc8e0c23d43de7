"""Equity over time: the defaults, what was chosen and the vault in one chart, the walk forward in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from karat.core.model.candles import Floats, Ints
from karat.research.dossier.document import data_of
from karat.research.dossier.page.told import Told
from karat.research.dossier.page.words import empty, label, panel, settings_line, show, shown_cell, table
from karat.research.report.figures import day, plural
from karat.research.report.html import Content, Markup, tag
from karat.research.report.packing import pack, pack_drawn

_HELP = (
    "Drag to pan, click and turn the wheel to zoom. With the keyboard: arrows read day by day, + and \N{MINUS SIGN}"
    " zoom, 0 shows all. Equal heights are equal ratios."
)
_KINDS = {"default": "Default parameters", "chosen": "Chosen parameters", "vault": "The vault", "walk": "Out of sample"}


def payload(told: Told) -> dict[str, Any]:
    """Both charts as `assets/curves.js` reads them; None where there is nothing to draw."""
    return {"equity": _equity(told), "walk": _walk(told)}


def _curve(picture: Mapping[str, Any]) -> tuple[Ints, Floats]:
    return np.array(picture["ts"], np.int64), np.array(picture["equity"], np.float64)


def _equity(told: Told) -> dict[str, Any] | None:
    curves: dict[str, tuple[Ints, Floats]] = {}
    for kind, stage in (("default", "tournament"), ("chosen", "regimes"), ("vault", "vault")):
        picture = told.picture(stage, "equity")
        if picture is not None:
            curves[kind] = _curve(picture)
    if not curves:
        return None
    if "vault" in curves and "chosen" in curves:  # it went on from there, with the same parameters
        ts, equity = curves["vault"]
        curves["vault"] = ts, equity * curves["chosen"][1][-1]
    bands = [
        {"kind": one["period"], "label": label(one["period"]), "begin": one["begin"], "end": one["end"]}
        for one in told.picture("regimes", "periods") or []
    ]
    marks = [{"ts": data_of(told.told)["vault_start"], "label": "vault"}] if "vault" in curves else []
    return _chart(curves, bands, marks)


def _walk(told: Told) -> dict[str, Any] | None:
    picture = told.picture("examination", "walk_forward", "equity")
    if picture is None:
        return None
    windows = told.numbers("examination", "walk_forward", "windows")
    bands = [
        {"kind": "odd" if at % 2 else "even", "label": f"window {at + 1}", "begin": begin, "end": end}
        for at, (begin, end) in enumerate(_times(told, one["test"]) for one in windows)
    ]
    return _chart({"walk": _curve(picture)}, bands, [])


def _times(told: Told, bars: list[int]) -> tuple[int, int]:
    """When bars begin, by their share of the record: between holes that is exact to the holes."""
    data = data_of(told.told)
    length = (data["last_bar"] - data["first_bar"]) / max(1, data["bars"] - 1)
    begin, end = (int(data["first_bar"] + one * length) for one in bars)
    return begin, end


def _chart(
    curves: Mapping[str, tuple[Ints, Floats]], bands: list[dict[str, Any]], marks: list[dict[str, Any]]
) -> dict[str, Any]:
    ts = np.unique(np.concatenate([one for one, _ in curves.values()]))
    series = []
    for kind, (own, equity) in curves.items():
        column = np.full(len(ts), np.nan)
        column[np.searchsorted(ts, own)] = equity
        series.append({"kind": kind, "label": _KINDS[kind], "values": pack_drawn(column)})
    return {"ts": pack(ts), "series": series, "bands": bands, "marks": marks}


def equity_panel(told: Told) -> Markup:
    """The frame of the first chart, and in words what it shows or why it shows less."""
    first, chosen, vault = (told.picture(stage, "equity") for stage in ("tournament", "regimes", "vault"))
    note = "times the capital, at the end of each day, at pessimistic costs"
    if first is None and chosen is None:
        return panel("equity", "Equity", note, empty("No stage kept a curve."))
    ends = [f"{_KINDS['default']} end at {_end(first)}"] if first else []
    ends += [f"{_KINDS['chosen'].lower()} at {_end(chosen)}"] if chosen else []
    ends += [f"the vault earns {show('vault_return', vault['equity'][-1] - 1.0).text}"] if vault else []
    missing = [] if chosen else [f"Chosen parameters and regimes: {told.why_not('regimes')}"]
    missing += [] if vault else [f"Vault: {told.why_not('vault')} It stays closed."]
    missing += (
        ["The vault is run flat from its first bar on; its curve is drawn on from the record's end."] if vault else []
    )
    keys: list[Content] = [_key(kind) for kind, one in zip(_KINDS, (first, chosen, vault), strict=False) if one]
    if chosen:
        periods = dict.fromkeys(one["period"] for one in told.picture("regimes", "periods") or [])
        keys += [tag("span", tag("i", class_=f"swatch {one}"), label(one)) for one in periods]
    return _frame("equity", "Equity", note, f"{'; '.join(ends)}.", keys, missing)


def _end(picture: Mapping[str, Any]) -> str:
    return f"{show('times', picture['equity'][-1]).text}\N{MULTIPLICATION SIGN}"


def walk_panel(told: Told) -> Markup:
    """The stitched curve of days that chose nothing, and its windows."""
    found = told.numbers("examination", "walk_forward")
    note = "each window traded with what was chosen before it"
    if found is None or told.picture("examination", "walk_forward", "equity") is None:
        return panel("walk", "Walk forward", note, empty(told.why_not("examination")))
    sharpe, kept = (show("sharpe", found["out_of_sample_sharpe"]),
                    show("walk_forward_efficiency", told.result["evidence"]["walk_forward_efficiency"]))  # fmt: skip
    summary = (
        f"{plural(len(found['windows']), 'window')}, {plural(found['out_of_sample_days'], 'day')} out of sample, Sharpe"
        f" {sharpe.text}{sharpe.reason}; {kept.text}{kept.reason} of the return in sample was kept."
    )
    rows = [_window(told, at, one) for at, one in enumerate(found["windows"], 1)]
    heads = ("window", "tested", "trades", "return", "objective when chosen", "chosen")
    shown = table(heads, rows, "checks", "Windows of the walk forward", right=(2, 3, 4))
    said = ["Bounds of windows are drawn by their share of the bars."]
    return _frame("walk", "Walk forward", note, summary, [_key("walk")], said, shown)


def _window(told: Told, at: int, one: Mapping[str, Any]) -> Markup:
    begin, end = _times(told, one["test"])
    return tag(
        "tr", tag("th", str(at), scope="row"), tag("td", f"{day(begin)} to {day(end)}"),
        shown_cell(show("trades", one["trades"])), shown_cell(show("tested_return", one["tested_return"])),
        shown_cell(show("objective", one["objective"])), tag("td", settings_line(one["settings"]), class_="said"),
    )  # fmt: skip


def _key(kind: str) -> Markup:
    line = tag("path", d="M0 6h14")
    drawn = tag("svg", line, class_=f"key {kind}", viewBox="0 0 14 12", width="14", height="12", aria_hidden="true")
    return tag("span", drawn, _KINDS[kind])


def _frame(
    name: str, heading: str, note: str, summary: str, keys: list[Content], said: list[str], *below: Content
) -> Markup:
    canvas = tag(
        "canvas", summary, tabindex="0", role="application", aria_roledescription="chart",
        aria_label=f"{heading}: {summary}", aria_describedby=f"{name}-help",
    )  # fmt: skip
    return tag(
        "section",
        tag("div", tag("h2", heading), tag("span", note, class_="note"), class_="head"),
        tag("p", summary, *(tag("span", one, class_="missing") for one in said), class_="summary"),
        tag("div", class_="legend", aria_live="polite"),
        canvas,
        tag("div", *keys, class_="marks"),
        tag("p", _HELP, class_="note help", id=f"{name}-help"),
        *below,
        class_="panel chart", id=name, aria_label=heading,
    )  # fmt: skip
