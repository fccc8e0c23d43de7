"""Where strategies come from, in this order; one name may come from one place only.

1. The catalogue: `catalogue/<family>/<name>.py`, the file named like the strategy.
2. The user's folder, `KARAT_HOME/strategies/*.py`; files whose name begins with _ are helpers.
3. Installed packages, through the entry point group `karat.strategies`: an entry names a strategy class or a module.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from karat.core.errors import InputError, KaratError
from karat.core.home import karat_home
from karat.strategies.contract import Strategy
from karat.strategies.loading import load_file, strategies_of

ENTRY_POINT_GROUP = "karat.strategies"
_CATALOGUE = Path(__file__).resolve().parent / "catalogue"


@dataclass(frozen=True, slots=True)
class Found:
    """Every strategy there is, by name, and what was wrong with the files that could not be loaded."""

    strategies: tuple[Strategy, ...]
    broken: tuple[InputError, ...]


def user_folder() -> Path:
    """Where a user's strategy files lie. It need not exist."""
    return karat_home() / "strategies"


def find_strategy(name: str, folder: Path | None = None) -> Strategy:
    """The strategy called `name`; `folder` is the user's (default `user_folder()`).

    Raises InputError `unknown_strategy` with the nearest names, `duplicate_strategy`, or `broken_strategy_file`.
    """
    folder = folder or user_folder()
    own_file = folder / f"{name}.py"
    if name in _builtin_modules():
        if own_file.is_file():
            raise _duplicate(name, str(own_file))
        return _builtin(name)
    if name.isidentifier() and not name.startswith("_") and own_file.is_file():
        for strategy in load_file(own_file):
            if strategy.name == name:
                return strategy
    found = all_strategies(folder)
    for strategy in found.strategies:
        if strategy.name == name:
            return strategy
    near = get_close_matches(name, [strategy.name for strategy in found.strategies], 3, 0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    for error in found.broken[:1]:
        hint += f"A file could not be loaded: {error.message} "
    raise InputError("unknown_strategy", f"There is no strategy '{name}'.", f"{hint}See karat strategies list.")


def all_strategies(folder: Path | None = None) -> Found:
    """Every strategy, catalogue first, then the user's, then installed ones, each by name. Raises InputError
    `duplicate_strategy`; a file that cannot be loaded is reported in `broken`."""
    folder = folder or user_folder()
    broken: list[InputError] = []
    found = {name: _builtin(name) for name in sorted(_builtin_modules())}
    for file in sorted(folder.glob("[!_]*.py")):
        try:
            _add(found, load_file(file), str(file))
        except InputError as error:
            if error.code != "broken_strategy_file":
                raise
            broken.append(error)
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda one: one.name):
        try:
            _add(found, _installed(entry), f"the installed entry point {entry.name}")
        except InputError as error:
            if error.code != "broken_strategy_file":
                raise
            broken.append(error)
    return Found(tuple(found.values()), tuple(broken))


def strategy_names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of all strategies, in the order of `all_strategies`."""
    return tuple(strategy.name for strategy in all_strategies(folder).strategies)


def is_builtin(name: str) -> bool:
    """Whether the catalogue holds a strategy of that name."""
    return name in _builtin_modules()


def _add(found: dict[str, Strategy], strategies: list[Strategy], where: str) -> None:
    for strategy in strategies:
        if strategy.name in found:
            raise _duplicate(strategy.name, where)
        found[strategy.name] = strategy


@lru_cache(maxsize=1)
def _builtin_modules() -> dict[str, str]:
    """Module of every strategy of the catalogue, by name; nothing is imported."""
    files = sorted(_CATALOGUE.glob("*/[!_]*.py"))
    return {file.stem: f"karat.strategies.catalogue.{file.parent.name}.{file.stem}" for file in files}


@cache
def _builtin(name: str) -> Strategy:
    (strategy,) = strategies_of(import_module(_builtin_modules()[name]))
    assert strategy.name == name, f"{name}.py of the catalogue holds the strategy {strategy.name}"
    return strategy


def _installed(entry: EntryPoint) -> list[Strategy]:
    try:
        thing = entry.load()
        if isinstance(thing, ModuleType):
            return strategies_of(thing)
        if isinstance(thing, type) and issubclass(thing, Strategy):
            return [thing()]
    except KaratError as error:
        raise InputError("broken_strategy_file", f"Entry point {entry.name}: {error.message}", error.hint) from error
    except Exception as error:
        reason = f"Entry point {entry.name} ({entry.value}): {type(error).__name__}: {error}."
        raise InputError("broken_strategy_file", reason, "Mend or uninstall that package.") from error
    reason = f"Entry point {entry.name} ({entry.value}) is no strategy class and no module."
    raise InputError("broken_strategy_file", reason, "Let it name a class derived from Strategy, or a module of them.")


def _duplicate(name: str, where: str) -> InputError:
    return InputError("duplicate_strategy", f"{where} holds a second strategy '{name}'.", "Rename it.")
