"""Instruments: a table of known ones with source and date, and inference with a stamp for the rest."""

from karat.core.instruments.infer import instrument_for
from karat.core.instruments.table import find, known_markets

__all__ = ["find", "instrument_for", "known_markets"]
