"""The worked examples of docs/simulation.md, read as golden cases.

    ```example A stop is a market order
    bars
      0  100  100  100  100   enter long
      1  100  104   94   96
    policy      stop=0.05
    instrument  linear taker=0.001
    funding
      01:00  rate 0.0001
    fills
      bar 1  buy 10 at 100  entry
      bar 1  sell 10 at 95  stop
    equity
      bar 1  9950
    refused
      bar 2  cooldown
    sums
      the stop: 100 * (1 - 0.05) = 95
    ```

Bars are `number open high low close words`; words, with commas between, are `enter long`, `exit short`, or a column
and its value: `volume 50`, `atr 2`. What is not said is as in the golden table: hours from 2024-01-01 00:00, capital
10,000, 1,000 an entry, tick 1, lot 1, no costs. `sums` are equalities that must hold.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.golden import case as golden
from tests.golden.case import Case, Expected

from karat.core.model.policy import CostLevel
from karat.core.model.reasons import Reason, Refusal

_FENCE = re.compile(r"^```example (.+?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILL = re.compile(r"bar (\d+)\s+(buy|sell)\s+([\d,]+) at ([\d.,]+)\s+(\w+)\s*(.*)")
_COLUMNS = ("confidence", "atr", "stop", "take", "target", "size_scale", "leverage", "volatility")
_SIGNALS = ("enter long", "enter short", "exit long", "exit short")
_KINDS = {"linear": golden.linear, "inverse": golden.inverse, "spot": golden.spot, "equity": golden.equity}
_DAY = "2024-01-01T"


@dataclass(frozen=True)
class Example:
    """One block: what happens, and the arithmetic behind it."""

    title: str
    case: Case
    sums: tuple[str, ...]


def read_examples(page: Path) -> list[Example]:
    """Every example of a page, in its order."""
    return [_example(title, body) for title, body in _FENCE.findall(page.read_text(encoding="utf-8"))]


def wrong_sums(sums: tuple[str, ...]) -> list[str]:
    """The sums that do not hold; all sides of a chain of equals signs must agree to 1e-9."""
    return [text for text in sums if not _holds(text)]


def _example(title: str, body: str) -> Example:
    sections: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    name = ""
    for line in body.splitlines():
        if line[:1].strip():
            name, _, rest = line.partition(" ")
            words[name] = rest.strip()
            sections[name] = []
        elif line.strip():
            sections[name].append(line.strip())
    unknown = set(sections) - {"bars", "policy", "instrument", "funding", "fills", "equity", "refused", "sums"}
    assert not unknown, f"{title}: {unknown} is no section of an example"
    case = Case(
        rule="",
        title=title,
        arithmetic="\n".join(sections["sums"]),
        world=_world(sections, words),
        fills=[_fill(line) for line in sections["fills"]],
        equity={int(line.split()[1]): _number(line.split()[2]) for line in sections.get("equity", [])},
        refusals={int(line.split()[1]): Refusal[line.split()[2].upper()] for line in sections.get("refused", [])},
    )
    return Example(title, case, tuple(sections["sums"]))


def _world(sections: dict[str, list[str]], words: dict[str, str]) -> Any:
    signals: dict[str, list[int]] = {name: [] for name in _SIGNALS}
    columns: dict[str, dict[int, float]] = {}
    bars: list[str] = []
    for index, line in enumerate(sections["bars"]):
        number, *prices = line.split(None, 5)
        said = prices.pop() if len(prices) > 4 else ""
        assert int(number) == index, f"bar {number} stands at place {index}"
        volume = ""
        for phrase in said.split(", ") if said else ():
            name, _, value = phrase.partition(" ")
            if phrase in signals:
                signals[phrase].append(index)
            elif name == "volume":
                volume = f" @{_number(value)}"
            else:
                assert name in _COLUMNS, f"'{phrase}' says nothing about a bar"
                columns.setdefault(name, {})[index] = _number(value)
        bars.append(" ".join(prices) + volume)
    kind, *figures = words.get("instrument", "linear").split()
    more: dict[str, Any] = {name: column for name, column in columns.items() if name != "confidence"}
    if "confidence" in columns:
        more["confidence"] = [columns["confidence"].get(bar, 1.0) for bar in range(len(bars))]
    return golden.world(
        "\n".join(bars),
        long=signals["enter long"],
        short=signals["enter short"],
        exit_long=signals["exit long"],
        exit_short=signals["exit short"],
        funding=[_funding(line) for line in sections.get("funding", [])],
        kind=_KINDS[kind](**{name: _number(value) for name, value in _pairs(figures)}),
        rules=_policy(words.get("policy", "")),
        **more,
    )


def _policy(text: str) -> Any:
    given = dict(_pairs(text.split()))
    costs = given.pop("costs", None)
    policy = golden.policy(**{name: _value(value) for name, value in given.items()})
    return policy if costs is None else policy.with_costs(CostLevel(costs))


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, separator, value = word.partition("=")
        assert separator, f"{word} is not name=value"
        yield name, value


def _value(text: str) -> bool | int | float:
    if text in ("on", "off"):
        return text == "on"
    number = _number(text)
    return int(number) if number.is_integer() and "." not in text else number


def _funding(line: str) -> tuple[Any, ...]:
    time, *words = line.split()
    given = dict(zip(words[::2], map(_number, words[1::2]), strict=True))
    return (_DAY + time, given["rate"], given["mark"]) if "mark" in given else (_DAY + time, given["rate"])


def _fill(line: str) -> Expected:
    match = _FILL.fullmatch(line)
    assert match, f"'{line}' is not a fill"
    bar, side, lots, price, reason, rest = match.groups()
    more = rest.split()
    known = {name: _number(value) for name, value in zip(more[::2], more[1::2], strict=True)}
    build = golden.buy if side == "buy" else golden.sell
    fill = build(int(bar), int(_number(lots)), _number(price), Reason[reason.upper()])
    return replace(fill, **known)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _holds(text: str) -> bool:
    equality = text.rpartition(":")[2]
    sides = [_worth(ast.parse(side.strip().replace(",", ""), mode="eval").body) for side in equality.split("=")]
    assert len(sides) > 1, f"'{text}' has no equals sign"
    return all(math.isclose(side, sides[0], rel_tol=1e-9, abs_tol=1e-9) for side in sides[1:])


_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {"sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil}


def _worth(node: ast.expr) -> float:
    """The value of plain arithmetic; nothing else is understood."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_worth(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_worth(node.left), _worth(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        (argument,) = node.args
        return _FUNCTIONS[node.func.id](_worth(argument))
    raise AssertionError(f"'{ast.unparse(node)}' is no plain arithmetic")
