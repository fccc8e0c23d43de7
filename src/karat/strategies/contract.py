"""The contract: what a strategy declares, and the one pure method it has.

A strategy is a class in a file of its own, with no state: the same market and the same parameters always give the same
signals. Everything it knows comes from the market it is handed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, final

from karat.core.errors import InputError
from karat.core.model.signals import Signals
from karat.strategies.market import Market
from karat.strategies.parameters import Parameter, Values

NAME_PATTERN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """Why this should earn money, in plain words, before any number is seen. No field may be empty."""

    behaviour: str  # what people or machines do that moves the price
    persistence: str  # why it has not been traded away
    universe: str  # where it should hold, and where not
    entry: str
    exit: str
    sizing: str
    constraints: str  # when to stand aside, and what would refute it

    def __post_init__(self) -> None:
        for spec in fields(self):
            if not str(getattr(self, spec.name)).strip():
                raise InputError(
                    "bad_strategy", f"The hypothesis says nothing about {spec.name}.", "Write one sentence."
                )

    def as_dict(self) -> dict[str, str]:
        return {spec.name: getattr(self, spec.name) for spec in fields(self)}


class Strategy(ABC):
    """Base of every strategy. A subclass sets the class attributes and writes `warmup_bars` and `signals`.

    `needs` names inputs beside candles: "funding", or any other series of the market. A class that lacks something is
    refused when its file is loaded (InputError `bad_strategy`), not when it first trades.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    hypothesis: ClassVar[Hypothesis]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            _check_declaration(cls)

    @abstractmethod
    def warmup_bars(self, p: Values) -> int:
        """Bars before the first that may carry a signal: every indicator asked for is defined from that bar on."""

    @abstractmethod
    def signals(self, market: Market, p: Values) -> Signals:
        """Signals of every bar, each from the bars up to and including it. Pure: no state, clock, file or chance."""

    def contradiction(self, p: Values) -> str:
        """Why these values make no sense together, in a few words; empty when they do."""
        return ""

    @final
    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a strategy keeps no state, so self.{name} cannot be set; compute it in signals()")


def _check_declaration(cls: type[Strategy]) -> None:
    where = f"Strategy class {cls.__name__}"
    if not NAME_PATTERN.fullmatch(cls.name):
        raise _bad(f"{where} is named '{cls.name}'.", "Use lower-case words joined by _, for example trend_pullback.")
    for attribute, kind in (("family", str), ("hypothesis", Hypothesis), ("parameters", tuple), ("needs", tuple)):
        if not isinstance(getattr(cls, attribute, None), kind):
            raise _bad(f"{where} lacks {attribute}.", f"Set {attribute} to a {kind.__name__}.")
    if not NAME_PATTERN.fullmatch(cls.family):
        raise _bad(f"{where} is of family '{cls.family}'.", "Use lower-case words joined by _, for example trend.")
    names = [parameter.name for parameter in cls.parameters]
    if len(set(names)) < len(names):
        raise _bad(f"{where} declares a parameter twice.", f"It declares {', '.join(names)}.")


def _bad(message: str, hint: str) -> InputError:
    return InputError("bad_strategy", message, hint)
