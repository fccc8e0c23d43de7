"""The storm with a mutant in it: `python -m tests.chaos.storm.mutated PATH OLD NEW [--also PATH OLD NEW]...`, then as
the storm.

Each module is compiled from its patched text under its own name. Nothing is written, everything else is as it is, and
so is what was compiled to machine code before.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[3]
ALSO = "--also"
Patch = tuple[str, str, str]  # a file below src, a text that is there once, what takes its place


class Stale(Exception):
    """A mutant's text is not in its file exactly once: the code has moved on, so has to do the mutant."""


def patched_text(path: str, old: str, new: str, source: Path = ROOT / "src") -> str:
    """The text of a file with the mutant in it. Raises Stale."""
    text = (source / path).read_text("utf-8")
    if text.count(old) != 1:
        raise Stale(f"a mutant's text is {text.count(old)} times in {path}")
    return text.replace(old, new)


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, path: str, text: str) -> None:
        self._name = path.removesuffix(".py").replace("/", ".")
        self._file, self._text = str(ROOT / "src" / path), text
        self.used = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        self.used = True
        return spec_from_file_location(fullname, self._file, loader=_Loader(fullname, self._file, self._text))


def main(arguments: list[str]) -> int:
    others = [ALSO, *arguments]
    finders: dict[str, _Finder] = {}
    while others[:1] == [ALSO]:
        path, old, new = others[1:4]
        assert path not in finders, f"{path} is patched twice"
        finders[path] = _Finder(path, patched_text(path, old, new))
        others = others[4:]
    sys.meta_path[:0] = finders.values()
    code = importlib.import_module("tests.chaos.storm.__main__").main(others)
    for path, finder in finders.items():
        assert finder.used, f"nothing has imported {path}"
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
