"""Which code a strategy is: a hash over everything that decides its signals.

1. Its own source file, and every module that file reaches by import and that is neither Python's nor an installed
   package's: helpers beside it, and the compiled passes of this room.
2. The contract of this room (market, joins, evaluation), because it decides what the strategy is given.
3. The compiled sources below (indicators, formulas), by `kernel_sources_hash`.

Newlines are normalised, so one file has one hash on every system. A class keeps the hash it had when it was first asked
for (a user's file: when it was loaded), because an edited file does not change code that is already running.
"""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

from karat.core.compiled import kernel_sources_hash
from karat.strategies.contract import Strategy

_ROOM = Path(__file__).resolve().parent
_CORE = _ROOM.parent / "core"
_FOREIGN = tuple(
    {str(Path(sysconfig.get_path(key)).resolve()) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
)

_hashes: WeakKeyDictionary[type[Strategy], str] = WeakKeyDictionary()


def source_path(strategy: Strategy) -> Path:
    """The file `strategy` was written in."""
    file = getattr(sys.modules.get(type(strategy).__module__), "__file__", None)
    assert file, f"{strategy.name} was not loaded from a file, so its code has no hash"
    return Path(file).resolve()


def code_hash(strategy: Strategy) -> str:
    """SHA-256, 64 hex digits, over what decides the signals of `strategy`. See the module docstring."""
    known = _hashes.get(type(strategy))
    if known is None:
        known = _hashes[type(strategy)] = _hash_now(strategy)
    return known


def _hash_now(strategy: Strategy) -> str:
    digest = hashlib.sha256(f"{type(strategy).__qualname__}\n{_ground_hash()}\n".encode())
    for module in own_modules(strategy):
        digest.update(_normalised(Path(str(module.__file__))))
    return digest.hexdigest()


def files_hash(files: list[Path]) -> str:
    """SHA-256 over the normalised content of files, in the order given."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        digest.update(_normalised(file))
    return digest.hexdigest()


@lru_cache(maxsize=1)
def _ground_hash() -> str:
    return kernel_sources_hash() + files_hash(sorted(_ROOM.glob("*.py")))


def own_modules(strategy: Strategy) -> list[ModuleType]:
    """The module `strategy` was written in, then the modules of its own that this one reaches, by file name."""
    first = sys.modules[type(strategy).__module__]
    waiting, seen = [first], dict[str, ModuleType]()
    while waiting:
        one = waiting.pop()
        file = getattr(one, "__file__", None)
        if one.__name__ in seen or not file or not (one is first or _is_own(Path(file).resolve())):
            continue
        seen[one.__name__] = one
        for value in vars(one).values():
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(name, str) and name in sys.modules:
                waiting.append(sys.modules[name])
    del seen[first.__name__]
    return [first, *sorted(seen.values(), key=lambda one: str(one.__file__))]


def _is_own(file: Path) -> bool:
    if file.is_relative_to(_ROOM):
        return file.is_relative_to(_ROOM / "catalogue")
    return not file.is_relative_to(_CORE) and not str(file).startswith(_FOREIGN)


def _normalised(file: Path) -> bytes:
    return file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
