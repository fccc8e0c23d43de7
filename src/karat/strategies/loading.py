"""Loading a user's strategy files: modules of a package made for their folder, so that `from ._helpers import x` works.

1. A folder is one thing: when any file in it changed, helpers and strategies are loaded anew.
2. What a user compiles is cached per content of the folder, because numba does not notice that a helper in another file
   changed (see `karat.core.compiled`).
3. What goes wrong in a user's file becomes one line that names file and line.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from karat.core.errors import InputError, KaratError
from karat.strategies.contract import Strategy
from karat.strategies.identity import code_hash, files_hash

_loaded: dict[Path, tuple[str, ModuleType]] = {}


def strategies_of(module: ModuleType) -> list[Strategy]:
    """One instance of every strategy class written in `module` itself, in the order written."""
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module.__name__
    ]
    return [one() for one in classes if not inspect.isabstract(one)]


def load_file(file: Path) -> list[Strategy]:
    """The strategies in `file`. Raises InputError `broken_strategy_file` with file, line and reason."""
    file = file.resolve()
    package, content = _package_of(file.parent), _content_of(file.parent)
    known = _loaded.get(file)
    if known is None or known[0] != content:
        for name in [name for name in sys.modules if name.startswith(f"{package}._")]:
            del sys.modules[name]
        module = execute(file, f"{package}.{file.stem}")
        for strategy in strategies_of(module):
            code_hash(strategy)
        known = _loaded[file] = (content, module)
    found = strategies_of(known[1])
    if not found:
        raise _broken(f"{file}: there is no strategy in it.", "Write a class derived from karat.strategies.Strategy.")
    return found


def execute(file: Path, name: str) -> ModuleType:
    """Run `file` as module `name`. Raises InputError `broken_strategy_file`."""
    spec = spec_from_file_location(name, file)
    assert spec and spec.loader, f"{file} is not a Python file"
    module = module_from_spec(spec)
    linecache.checkcache(str(file))
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        with _compiling_for(_content_of(file.parent)):
            spec.loader.exec_module(module)
    except Exception as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise _explained(file, error) from error
    return module


def _content_of(folder: Path) -> str:
    """SHA-256 over every Python file of a folder."""
    return files_hash(sorted(folder.glob("*.py")))


@contextmanager
def _compiling_for(content: str) -> Generator[None]:
    """Functions compiled meanwhile are cached in a folder of their own. No bytecode is kept of a user's files: Python
    tells a changed file by its second and size, and a file edited twice in a second would be loaded stale.
    """
    settings: Any = import_module("numba.core.config")  # made at run time, so the type checker sees no names in it
    ours: str = settings.CACHE_DIR
    settings.CACHE_DIR = str(Path(ours) / f"user-{content[:16]}") if ours else ours
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        settings.CACHE_DIR = ours
        sys.dont_write_bytecode = kept


def _package_of(folder: Path) -> str:
    """Name of the package that stands for `folder`; made on first use."""
    name = "karat_user_" + hashlib.sha256(str(folder).encode()).hexdigest()[:8]
    if name not in sys.modules:
        package = ModuleType(name, f"Strategies in {folder}.")
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _explained(file: Path, error: Exception) -> InputError:
    if isinstance(error, SyntaxError) and error.filename:
        return _broken(f"{error.filename}:{error.lineno}: {error.msg}.", "Mend that line.")
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    where = f"{file}:{lines[-1]}" if lines else str(file)
    if isinstance(error, KaratError):
        return _broken(f"{where}: {error.message}", error.hint)
    return _broken(f"{where}: {type(error).__name__}: {error}.", "Mend that line.")


def _broken(message: str, hint: str) -> InputError:
    return InputError("broken_strategy_file", message, hint)
