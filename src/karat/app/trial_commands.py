"""karat trials: how often every family of strategies was tried on every market, and what luck alone would show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import say, show, show_json
from karat.core.home import karat_home
from karat.core.time import YEAR_DAYS

if TYPE_CHECKING:
    from karat.research.ledger.account import Account
    from karat.stats.figure import Figure

Json = Annotated[bool, Parameter(name="--json", negative="")]


def list_trials(*, as_json: Json = False) -> None:
    """Show the trial ledger: every variant that was ever evaluated, by family of strategies and market.

    The ledger is checked line by line as it is read. A copy of a strategy under another name stays in its family.

    Parameters
    ----------
    as_json
        Print one JSON object.
    """
    from karat.research.ledger.account import accounts
    from karat.research.ledger.trials import TrialLedger

    lines = TrialLedger().lines()
    found = accounts(lines)
    if as_json:
        head = lines[-1].hash if lines else None
        show_json({"lines": len(lines), "head": head, "accounts": [_account_json(one) for one in found]})
        return
    if not found:
        say(f"No trial has been made under {karat_home()} yet. Make one: karat backtest STRATEGY.")
        return
    _show(found)
    show(f"{len(lines)} lines, sealed; the last is {lines[-1].hash[:12]}.")


def _show(found: tuple[Account, ...]) -> None:
    from rich.table import Table

    table = Table("family", "market")
    for head in ("runs", "trials", "independent", "Sharpe of luck", "looks into the vault"):
        table.add_column(head, justify="right")
    for one in found:
        luck = _sharpe_of_luck(one)
        shown = f"{luck:.2f}" if isinstance(luck, float) else "-"
        counts = (f"{one.runs:,}", f"{one.trials:,}", f"{one.effective:,.1f}")
        table.add_row(one.family, one.market, *counts, shown, str(one.looks))
    show(table)
    show(
        "Sharpe of luck: what the best of so many independent trials would show without any edge, given how long the"
        " record is and how far the trials' Sharpe ratios lie apart."
    )


def _sharpe_of_luck(account: Account) -> Figure:
    """Annual; or why it cannot be said."""
    from karat.stats.figure import is_defined

    luck = account.sharpe_of_luck
    return luck * math.sqrt(YEAR_DAYS) if is_defined(luck) else luck


def _account_json(account: Account) -> dict[str, Any]:
    from karat.stats.figure import to_json

    return {
        "family": account.family,
        "market": account.market,
        "runs": account.runs,
        "trials": account.trials,
        "effective_trials": account.effective,
        "sharpe_per_day_mean": to_json(account.sharpe_mean),
        "sharpe_per_day_variance": to_json(account.sharpe_variance),
        "sharpe_of_luck": to_json(_sharpe_of_luck(account)),
        "looks": account.looks,
    }
