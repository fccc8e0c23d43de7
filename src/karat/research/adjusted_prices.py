"""What a result says about splits and dividends: for its manifest, its stamp and one line of words."""

from __future__ import annotations

from typing import Any

from karat.core.time import iso
from karat.lake.adjust import DIVIDEND, RENAME, SPLIT, Adjustment

_NONE_STORED = "the lake has no splits or dividends of this market: prices are those that were traded"


def adjustment_json(adjustment: Adjustment | None, first_ts: int) -> dict[str, Any]:
    """The field `adjustment` of a manifest, no field for a market that has neither sessions nor splits.

    `price` and `shares` of a step are multiples from its bar on, both counted from the first bar of the run.
    """
    if adjustment is None:
        return {}
    if adjustment.stored is None and not adjustment.steps:
        return {"adjustment": {"undefined": _NONE_STORED}}
    stored = adjustment.stored
    return {
        "adjustment": {
            "shares_of": first_ts,
            "splits": adjustment.count(SPLIT),
            "dividends": adjustment.count(DIVIDEND),
            "renamings": adjustment.count(RENAME),
            "known_at": None if stored is None else stored.written_at_ms,
            "actions_hash": None if stored is None else stored.hash,
            "steps": [
                {
                    "from": step.ts,
                    "kind": step.action.kind,
                    "value": step.action.value,
                    "price": step.price,
                    "shares": step.shares,
                }
                for step in adjustment.steps
            ],
        }
    }


def as_traded(manifest: dict[str, Any], ts: int, price: float) -> str:
    """A price of a run in the words of its day, "" where the two are the same."""
    steps = [step for step in manifest.get("adjustment", {}).get("steps", ()) if step["from"] <= ts]
    if not steps:
        return ""
    last = steps[-1]
    shares = f"; 1 share here is {last['shares']:.10g} shares then" if last["shares"] != 1.0 else ""
    return f"as traded: {price:.10g} / {last['price']:.10g} = {price / last['price']:.10g}{shares}"


def adjustment_words(told: dict[str, Any]) -> str:
    """A manifest's field in words: "adjusted for 2 splits and 24 dividends known on 2024-03-01, ..."."""
    if "undefined" in told:
        return told["undefined"]
    kinds = (("splits", "split"), ("dividends", "dividend"), ("renamings", "renaming"))
    counts = [f"{told[key]} {word}{'s' * (told[key] != 1)}" for key, word in kinds if told[key] or key == "splits"]
    known = "" if told["known_at"] is None else f" known on {iso(told['known_at'])[:10]}"
    return f"adjusted for {' and '.join(counts)}{known}, in shares of {iso(told['shares_of'])[:10]}"
