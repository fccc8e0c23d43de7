"""The defects a user may accept, and what is then done about each."""

from __future__ import annotations

from collections.abc import Iterable

from karat.core.errors import InputError

HOLES = "holes"
REPAIRS = {
    HOLES: "missing bars stay missing and are recorded",
    "duplicate": "equal bars of one time are kept once",
    "unordered": "bars are sorted by time",
    "nan": "bars with a missing or infinite number are dropped",
    "off_grid": "bars off the grid of the timeframe are dropped",
    "bad_price": "bars with a price of zero or less are dropped",
    "high_below_low": "bars with high below low are dropped",
    "outside_range": "bars with open or close outside high and low are dropped",
    "negative_volume": "bars with a negative volume are dropped",
    "truncated": "a last line that was cut is left out",
}
_OTHER_NAMES = {"gap": HOLES, "hole": HOLES, "missing": HOLES, "infinite": "nan", "off-grid": "off_grid"}


def accepted_defects(names: Iterable[str]) -> frozenset[str]:
    """The defects named, "all" being every one; singular, plural and common other names are understood.

    Raises InputError `unknown_defect`.
    """
    found: set[str] = set()
    for name in names:
        plain = name.strip().lower()
        if plain == "all":
            return frozenset(REPAIRS)
        single = plain.removesuffix("s")
        match = next(
            (item for item in (plain, single, _OTHER_NAMES.get(plain), _OTHER_NAMES.get(single)) if item in REPAIRS),
            None,
        )
        if match is None:
            hint = f"Choose from {', '.join(REPAIRS)}, or all."
            raise InputError("unknown_defect", f"'{name}' is no defect that can be accepted.", hint)
        found.add(match)
    return frozenset(found)


def accept_hint(code: str) -> str:
    """How to accept a defect, and what happens then."""
    return f"Mend the file, or --accept {code}: {REPAIRS[code]}."
