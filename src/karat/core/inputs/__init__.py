"""Series that strategies may declare as inputs beside candles, each with its declared publication delay."""

from __future__ import annotations

from karat.core.inputs.table import Input, Wanted, find_input, inputs_of_file, known_inputs, wanted_input

__all__ = ["Input", "Wanted", "find_input", "inputs_of_file", "known_inputs", "wanted_input"]
