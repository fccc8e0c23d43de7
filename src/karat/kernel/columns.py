"""A policy on an instrument as one row of numbers, and back to the record the kernel reads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from karat.core.compiled import inlined
from karat.core.errors import InputError
from karat.core.model.instrument import Instrument, Kind
from karat.core.model.policy import Policy
from karat.kernel.records import Rules

COLUMNS = Rules._fields
INDEX = {name: position for position, name in enumerate(COLUMNS)}
_FROM_INSTRUMENT = ("tick", "lot", "min_quantity", "min_notional", "contract_size")


def policy_row(policy: Policy, instrument: Instrument, *, targets: bool = False) -> NDArray[np.float64]:
    """The row of a policy on an instrument: float64, one element per name in `COLUMNS`.

    `targets` says that the strategy gives targets.
    """
    row = np.empty(len(COLUMNS))
    for name, position in INDEX.items():
        if name in _FROM_INSTRUMENT:
            value = getattr(instrument, name)
        elif name == "spot":
            value = instrument.kind in (Kind.SPOT, Kind.EQUITY)
        elif name == "inverse":
            value = instrument.kind == Kind.INVERSE
        elif name == "targets":
            value = targets
        elif name == "maintenance_rate":
            value = instrument.maintenance_margin_rate
        elif name in ("maker_fee", "taker_fee"):
            own = getattr(policy, name)
            value = getattr(instrument, name) if math.isnan(own) else own
        else:
            value = getattr(policy, name)
        row[position] = value
    _check(row, instrument)
    return row


def _check(row: NDArray[np.float64], instrument: Instrument) -> None:
    for name in ("tick", "lot", "contract_size"):
        if not row[INDEX[name]] > 0:
            raise InputError("bad_instrument", f"{instrument.market}: {name} is not above 0.", "Mend the instrument.")


@inlined
def rules_of(row: Any) -> Any:
    """The record of a row. Written out, so that it compiles to loads."""
    return Rules(
        row[0], int(row[1]), row[2], int(row[3]), row[4], row[5], row[6], int(row[7]), int(row[8]), row[9],
        int(row[10]), row[11], int(row[12]), row[13], row[14], int(row[15]), int(row[16]), row[17], int(row[18]),
        int(row[19]), row[20], int(row[21]), row[22], int(row[23]), row[24], row[25], row[26], int(row[27]),
        int(row[28]), int(row[29]), row[30], int(row[31]), int(row[32]), row[33], row[34], row[35], row[36], row[37],
        row[38], row[39], int(row[40]), int(row[41]), row[42], row[43], row[44], row[45], row[46], row[47],
        int(row[48]), int(row[49]), int(row[50]),
    )  # fmt: skip
