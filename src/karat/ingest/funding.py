"""Funding stamps of one file: snapped to the minute (simulation.md, rule 2), in order, once each."""

from __future__ import annotations

import numpy as np

from karat.core.time import MINUTE_MS
from karat.ingest.inspect import Inspection, put_in_order


def inspect_funding(inspection: Inspection) -> None:
    """Snap, order and check. Raises DataRefused with the code of the defect.

    Venues stamp a settlement some milliseconds late; two stamps that fall on one minute are one settlement told twice
    and are refused, since it would be paid twice.
    """
    ts = inspection.ts
    inspection.columns["ts"] = (ts + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS
    put_in_order(inspection)
    rate = inspection.columns["rate"]
    too_large = np.abs(rate) >= 1.0
    if too_large.any():
        row = int(inspection.row[np.argmax(too_large)])
        reason = f"rate {rate[np.argmax(too_large)]:g} is no fraction of the notional"
        inspection.table.refuse("bad_rate", row, reason, "Give rates as fractions: 0.01 % is 0.0001.")
