"""karat dossier: what was proved and what was buried, each with all it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from karat.app.console import progress, say, show_json
from karat.core.errors import InputError
from karat.core.home import karat_home

if TYPE_CHECKING:
    from karat.research.dossier.folder import Dossier
    from karat.research.dossier.verify import Verified

Json = Annotated[bool, Parameter(name="--json", negative="")]

EXIT_DIFFERENT = 1
VERDICTS = ("gold", "watch", "buried", "no_evidence")


def list_dossiers(*, verdict: str | None = None, as_json: Json = False) -> None:
    """List every dossier, the dead ones too, the newest last.

    Parameters
    ----------
    verdict
        Only these: gold, watch, buried or no_evidence.
    as_json
        Print one JSON object.
    """
    from karat.app.dossier_views import dossier_row, show_dossiers
    from karat.research.dossier.folder import dossier_folders, load_dossier

    if verdict is not None and verdict not in VERDICTS:
        raise InputError("bad_verdict", f"There is no verdict {verdict}.", f"Choose {', '.join(VERDICTS)}.")
    sealed = _sealed()
    rows = [dossier_row(one, sealed) for one in map(load_dossier, dossier_folders())]
    found = [row for row in rows if verdict in (None, row["verdict"])]
    if as_json:
        show_json({"dossiers": found})
    elif found:
        show_dossiers(found)
    elif rows:
        say(f"None of {len(rows)} dossiers is {verdict}. See all: karat dossier list.")
    else:
        say(f"There is no dossier under {karat_home()} yet. Make one: karat prove STRATEGY.")


def show_dossier(name: str, *, as_json: Json = False) -> None:
    """Show a dossier on the terminal: verdict, reason, stages with their checks, and what it rests on.

    Parameters
    ----------
    name
        A dossier's name, the beginning of one, or its path.
    as_json
        Print the whole dossier.json.
    """
    from karat.app.dossier_views import dossier_row, show_one
    from karat.research.dossier.folder import find_dossier

    found = find_dossier(name)
    if as_json:
        show_json(dict(found.told))
    else:
        show_one(found, dossier_row(found, _sealed()))


def open_dossier(name: str) -> None:
    """Print the path of a dossier's page, for a browser. The page is drawn from dossier.json anew where it differs.

    Parameters
    ----------
    name
        A dossier's name, the beginning of one, or its path.
    """
    from karat.research.dossier.folder import find_dossier, fresh_page

    found = find_dossier(name)
    if found.hash not in _sealed():
        say("EDITED: the trial ledger never sealed this dossier, so it is nobody's verdict.")
    print(fresh_page(found).resolve())


def verify_dossier(name: str, *, as_json: Json = False) -> int | None:
    """Prove a dossier's strategy again, on the same bars, trials and numbers, and compare every field.

    Nothing is counted or opened anew. Refused where the code, the bars or the dossier itself are not what was proved.
    Exit code 1 when anything came out otherwise.

    Parameters
    ----------
    name
        A dossier's name, the beginning of one, or its path.
    as_json
        Print one JSON object.
    """
    from karat.app.dossier_views import show_verified, verified_json
    from karat.research.dossier.folder import find_dossier

    found = find_dossier(name)
    verified = _verified(found)
    if as_json:
        show_json(verified_json(found, verified))
    else:
        show_verified(found, verified)
    return None if verified.is_same else EXIT_DIFFERENT


def _verified(dossier: Dossier) -> Verified:
    """Sweeps go to a folder of their own that is gone afterwards: what is kept proves nothing."""
    from karat.app.backtest_commands import say_compiling
    from karat.bots.system_clock import SystemClock
    from karat.lake.store import open_lake
    from karat.research.dossier.verify import axes_of, refuse_edited, verify
    from karat.research.ledger.trials import TrialLedger
    from karat.research.prove.ground import LakeGround
    from karat.research.prove.spec import request_of
    from karat.strategies import find_strategy

    ledger, spec = TrialLedger(), dossier.told["spec"]
    refuse_edited(dossier, ledger)  # before anything of what it says is believed, its strategy's name too
    strategy = find_strategy(dossier.told["result"]["strategy"])
    say_compiling()
    with TemporaryDirectory(prefix="karat-verify-") as home, progress(f"dossier {dossier.id}") as line:
        ground = LakeGround(open_lake(), _coverage_of(spec["data"]), Path(home))
        steps = count(1)
        of = 3 * len(request_of(spec, axes_of(spec)).timeframes_ms) + 1

        def pace(what: str) -> None:
            done = next(steps)
            if line is not None:
                line.update(f"{done} of {of} steps, {what}")

        return verify(dossier, strategy, ground, ledger, now_ms=SystemClock().now_ms, progress=pace)


def _coverage_of(data: Iterable[dict[str, Any]]) -> float | None:
    """The bound of the share of bars that the user gave, None where the usual one held."""
    bounds = [one["quality"]["coverage"] for one in data]
    return next((float(one["bound"]) for one in bounds if one["bound_by_user"]), None)


def _sealed() -> frozenset[str]:
    from karat.research.ledger.trials import TrialLedger

    return TrialLedger().sealed()
