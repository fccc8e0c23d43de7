"""The commands that the pages show, read from their fences and run one after the other.

    ```console
    $ karat data list                  a command, run by the test
    │ market │ timeframe │             what it prints, or some of it; `...` stands for lines, or a line's end, left out
    $ karat explain last 9  # exits 2  the exit code, where it is not 0
    ```

A fence marked `console no-run` is shown only. One marked `python file=NAME` (or csv) is written to that file
before the commands after it run. Commands of one page run in its order in one folder and with one KARAT_HOME.
"""

from __future__ import annotations

import io
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXITS = re.compile(r"\s+# exits (\d+)$")
_LEFT_OUT = "..."
_HASH = re.compile(r"\b[0-9a-f]{12}\b")
_NOT_IN_OUTPUT = re.compile(r"[│┃┏┓┗┛┡┩┠┨━─┳┻╇┼├┤└┘┴┬╭╮╰╯]")


@dataclass(frozen=True)
class Command:
    """One command of a page: its line, its words, the exit code it must give, and output that must be there."""

    line: int
    text: str
    exits: int
    output: tuple[str, ...]
    runs: bool

    def words(self) -> list[str]:
        """The arguments after `karat`, with variables of the environment replaced."""
        program, *words = shlex.split(os.path.expandvars(self.text))
        assert program == "karat", f"line {self.line}: only karat can be run, not {program}"
        return words


@dataclass(frozen=True)
class WrittenFile:
    """A file the page asks the reader to write."""

    name: str
    text: str


Step = Command | WrittenFile


def steps_of(page: Path) -> list[Step]:
    """Everything a page does, in its order."""
    text = page.read_text(encoding="utf-8")
    steps: list[Step] = []
    for match in _FENCE.finditer(text):
        language, info, body = match.groups()
        if language == "console":
            first_line = text.count("\n", 0, match.start(3)) + 1
            steps += _commands(body, first_line, runs="no-run" not in info.split())
        elif "file=" in info:
            steps.append(WrittenFile(info.partition("file=")[2].strip(), body))
    return steps


def perform(step: WrittenFile) -> None:
    """Write the file."""
    file = Path(os.path.expandvars(step.name))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(step.text, encoding="utf-8")


def run_command(command: Command, places: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run a command in this process. Returns its exit code and every line it printed, with the names of `places` in
    the place of folders."""
    from karat.app.main import main

    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = main(command.words())
    text = printed.getvalue()
    for folder, name in places.items():
        text = text.replace(folder, name)
    return code, text.splitlines()


def missing_output(command: Command, printed: list[str]) -> list[str]:
    """The first line the page shows that the command did not print after the ones before it, if there is one.

    Spaces and the frames of tables do not count, nor do hashes, which are others with every version of the code.
    """
    actual = iter([_plain(line) for line in printed])
    for line in command.output:
        wanted = _plain(line)
        if wanted and wanted != _LEFT_OUT and not any(_is_shown(one, wanted) for one in actual):
            return [line]
    return []


def _commands(body: str, first_line: int, *, runs: bool) -> list[Command]:
    found: list[tuple[int, str, list[str]]] = []
    for offset, line in enumerate(body.splitlines()):
        if line.startswith("$ "):
            found.append((first_line + offset, line[2:], []))
        elif found and found[-1][1].endswith("\\"):
            number, text, output = found[-1]
            found[-1] = (number, f"{text[:-1].rstrip()} {line.strip()}", output)
        else:
            assert found, f"line {first_line + offset}: a console begins with a command"
            found[-1][2].append(line)
    return [_command(number, text, output, runs=runs) for number, text, output in found]


def _command(number: int, text: str, output: list[str], *, runs: bool) -> Command:
    exits = _EXITS.search(text)
    code = int(exits[1]) if exits else 0
    return Command(number, _EXITS.sub("", text), code, tuple(output), runs)


def _plain(line: str) -> str:
    return _HASH.sub("HASH", " ".join(_NOT_IN_OUTPUT.sub(" ", line).split()))


def _is_shown(printed: str, wanted: str) -> bool:
    if wanted.endswith(_LEFT_OUT):
        return printed.startswith(wanted.removesuffix(_LEFT_OUT).rstrip())
    return printed == wanted
