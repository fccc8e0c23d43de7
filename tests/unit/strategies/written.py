"""Strategies written to a file for one test: a body for `signals`, the rest in its plainest form."""

from __future__ import annotations

from pathlib import Path

from karat.strategies import Strategy
from karat.strategies.loading import load_file

_FORM = '''"""Written by a test."""

import numpy as np

from karat.core.model.signals import Signals, signals
from karat.strategies import Hypothesis, Market, Parameter, Strategy, Values

WORD = "said by a test"
{head}

class Written(Strategy):
    name = "{name}"
    family = "test"
    hypothesis = Hypothesis(
        behaviour=WORD, persistence=WORD, universe=WORD, entry=WORD, exit=WORD, sizing=WORD, constraints=WORD
    )
    parameters = (Parameter("period", 20, 5, 50, 1, "bars", "a window"),)
    needs = {needs}

    def warmup_bars(self, p: Values) -> int:
        return {warmup}

    def signals(self, market: Market, p: Values) -> Signals:
{body}
'''


def write_strategy(
    folder: Path,
    name: str,
    body: str,
    *,
    head: str = "",
    needs: tuple[str, ...] = (),
    warmup: str = "p.period",
) -> Path:
    """A strategy file `name`.py in `folder`; `body` is the indented-by-nothing text of its `signals`."""
    indented = "\n".join(f"        {line}" if line else "" for line in body.strip("\n").split("\n"))
    file = folder / f"{name}.py"
    file.write_text(_FORM.format(name=name, head=head, needs=needs, warmup=warmup, body=indented))
    return file


def written(folder: Path, name: str, body: str, **form: object) -> Strategy:
    """The strategy of a file written by `write_strategy`."""
    (strategy,) = load_file(write_strategy(folder, name, body, **form))  # type: ignore[arg-type]
    return strategy


def marked_line(file: Path, mark: str = "# culprit") -> int:
    """The number of the one line of `file` that carries `mark`."""
    (line,) = (number for number, text in enumerate(file.read_text().split("\n"), start=1) if mark in text)
    return line
