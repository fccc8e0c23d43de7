"""Loading a user's strategy files: modules of a package made for their folder, so that `from ._helpers import x` works.

A file whose content changed is loaded anew. What goes wrong in a user's file becomes one line that names file and line.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from karat.core.errors import InputError, KaratError
from karat.strategies.contract import Strategy

_loaded: dict[Path, tuple[bytes, ModuleType]] = {}


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
    content = hashlib.sha256(file.read_bytes()).digest()
    known = _loaded.get(file)
    if known is None or known[0] != content:
        known = (content, execute(file, f"{_package_of(file.parent)}.{file.stem}"))
        _loaded[file] = known
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
        spec.loader.exec_module(module)
    except Exception as error:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
        raise _explained(file, error) from error
    return module


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
