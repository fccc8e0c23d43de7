"""Figures of a dossier as its page writes them: shares as per cent, what does not exist as a dash with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from karat.core.time import iso
from karat.research.report.figures import NOTHING, Shown, fixed, signed, tone
from karat.research.report.figures import label as metric_label
from karat.research.report.html import Content, Markup, tag

_SIGNED_SHARES = frozenset(
    {
        "total_return", "return_of_first_half", "return_of_second_half", "total_return_here", "vault_return",
        "rolling_worst", "tested_return", "return_without", "holding_daily_return",
    }
)  # fmt: skip
_SHARES = frozenset(
    {
        "max_drawdown", "worst_regime_drawdown", "drawdown_high", "profitable_variants", "neighbours_profitable",
        "neighbours_profitable_least", "plateau_score", "plateau_score_least", "out_of_sample_loss", "ruin_probability",
        "loss_probability_year", "probabilistic_sharpe", "deflated_sharpe", "walk_forward_positive", "rolling_positive",
        "order_share_of_volume", "overfitting_probability", "best_trades_profit_share", "best_month_profit_share",
        "largest_symbol_share", "largest_regime_share", "sharpe_kept_one_bar_later", "combinatorial_median_kept",
        "walk_forward_efficiency", "walk_forward_efficiency_least", "loss", "ruin", "best_trades", "best_month",
        "drawdown_plausibility",
    }
)  # fmt: skip
_WHOLE = frozenset(
    {
        "days", "bars", "trades", "trades_enough", "trades_out_of_sample", "variants", "contradictory", "plateaus",
        "variants_with_enough_trades", "markets_earning", "regimes_earning", "regimes_positive", "markets_pooled",
        "neighbours", "trials", "runs", "looks_into_vault", "ledger_lines", "of", "superior_variants",
        "trades_counted", "out_of_sample_days",
    }
)  # fmt: skip
_LABELS = {
    "own_parameters": "Own parameters",
    "no_evidence": "No evidence",
    "superior_p_value": "Superior ability, p-value",
    "out_of_sample_loss": "Loss out of sample, probability",
    "t_ratio": "t-ratio",
    "walk_forward_t_ratio": "Walk forward, t-ratio",
    "edge_dies_at_bp": "Edge dies at, bp a side",
    "paid_bp": "Paid, bp a side",
    "track_record_days_needed": "Days needed to tell it from 0",
}
_BOUND = re.compile(r"^(.*?)(-?[0-9.]+(?:e[-+]?[0-9]+)?)$")


def label(name: str) -> str:
    """A name of a check, stage, gate or figure as people say it."""
    return _LABELS.get(name) or metric_label(name).replace("sharpe", "Sharpe")


def show(name: str, value: Any) -> Shown:
    """A figure as json has it, in the form that its name asks for."""
    if isinstance(value, Mapping):
        return Shown(NOTHING, reason=str(value.get("undefined", "not known")))
    if value is None:
        return Shown(NOTHING, reason="not known")
    if isinstance(value, bool):
        return Shown("yes" if value else "no")
    if isinstance(value, str):
        return Shown(value)
    if name in _SIGNED_SHARES:
        text = f"{signed(value * 100, 2)}%"
        return Shown(text, tone(text))
    if name in _SHARES:
        return Shown(_share(value))
    if "sharpe" in name:
        return Shown(fixed(value, 2))
    return Shown(fixed(value, 0) if name in _WHOLE else _digits(value))


def _share(value: float) -> str:
    """As per cent; what is nearly certain is not said to be certain."""
    text = f"{_digits(value * 100)}%"
    return "over 99.99%" if value < 1.0 and text.startswith("100") else text


def _digits(value: float) -> str:
    """Four digits that tell something, never more than four places; a figure that rounds to nothing stays in sight."""
    size = abs(value)
    if 0 < size < 1e-4:
        return f"{value:.1e}".replace("-", "\N{MINUS SIGN}")
    places = 0 if size >= 10_000 else 1 if size >= 100 else 2 if size >= 1 else 4
    text = fixed(value, 0 if value == int(value) else places)
    return text.rstrip("0").rstrip(".") if "." in text and size < 1 else text


def spoken(name: str, value: Any) -> str:
    """A figure inside a sentence, with the reason where there is none."""
    one = show(name, value)
    return f"{one.text} ({one.reason})" if one.reason else one.text


def asked(name: str, text: str) -> str:
    """What was asked for, in the same form as the figure: "at least 0.2" of a share is "at least 20%"."""
    found = _BOUND.match(text)
    if found is None:
        return text
    return f"{found[1]}{bound(name, float(found[2]))}"


def bound(name: str, value: float) -> str:
    """A threshold of a figure, without a sign that would say a gain."""
    return f"{_digits(value * 100)}%" if name in (_SHARES | _SIGNED_SHARES) else _digits(value)


def setting(value: Any) -> str:
    """A parameter or a field of a policy."""
    if isinstance(value, Mapping):
        return str(value.get("undefined", "off"))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ("True", "False"):
        return "yes" if value == "True" else "no"
    if isinstance(value, list):
        return ", ".join(setting(one) for one in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_line(settings: Mapping[str, Any]) -> str:
    """Settings in one line."""
    return ", ".join(f"{name} {setting(value)}" for name, value in settings.items()) or "nothing to set"


def moment(milliseconds: int) -> str:
    """ "2025-08-07 00:00 UTC"."""
    return iso(milliseconds)[:16].replace("T", " ") + " UTC"


def shown_cell(shown: Shown, **attributes: Any) -> Markup:
    """A figure in a table; where there is none its reason stands beside it, not only where a mouse finds it."""
    classes = " ".join(one for one in ("r", shown.tone) if one)
    why = tag("small", shown.reason, class_="why") if shown.reason else None
    return tag("td", shown.text, why, class_=f"{classes} undefined" if why else classes, **attributes)


def table(heads: tuple[str, ...], rows: list[Markup], kind: str, label_: str, *, right: tuple[int, ...] = ()) -> Markup:
    """A table that scrolls by itself; `right` are the columns of figures."""
    head = [tag("th", text, scope="col", class_="r" if k in right else None) for k, text in enumerate(heads)]
    return tag(
        "div",
        tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows), class_=kind),
        class_="scroll", tabindex="0", role="region", aria_label=label_,
    )  # fmt: skip


def panel(name: str, heading: str, note: str, *children: Content) -> Markup:
    """A section with a head."""
    head = tag("div", tag("h2", heading), tag("span", note, class_="note"), class_="head")
    return tag("section", head, *children, class_="panel", id=name, aria_label=heading)


def empty(text: str) -> Markup:
    """What is not there, said."""
    return tag("p", text, class_="empty")


def facts(rows: list[tuple[str, Content]]) -> Markup:
    """Names and what they are."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in rows), class_="facts")
