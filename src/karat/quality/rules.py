"""Every kind of finding: how severe it is, what it takes off the score, why it matters and what to do.

A series begins at 100. Each kind of finding takes `points_each` for every finding and `points_per_percent` for every
percent of the bars it concerns, at most `points_max` altogether. The figures are judgements, set so that

- data that makes results wrong beyond doubt (splits, units, signs, scales) costs a quarter to a half by itself;
- a bar that is wrong costs one or two points, so that a file with twenty of them falls below 70;
- what the venue did (it was down, it traded nothing) costs little: no better data exists;
- a note costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from karat.quality.findings import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding, and what it takes off the score."""

    severity: Severity
    points_each: float
    points_per_percent: float
    points_max: float
    matters: str
    remedy: str


_WRONG_FILL = "Indicators see it, stops and takes fill on it, and the trades that follow never could have been made."
_IMPORT_AGAIN = "Import these bars again from another copy, with --replace."

RULES: Mapping[str, Rule] = {
    "hole": Rule(
        Severity.ERROR, 1, 20, 60,
        "The simulation counts bars: what happened inside is missing, and a stop is filled at the first open after it.",
        "Download or import the missing bars; they exist, or nobody can say that they do not.",
    ),
    "hole_unexplained": Rule(
        Severity.WARNING, 0, 10, 40,
        "What happened inside is missing, and nobody can tell whether the venue was down or the bars were lost.",
        "Import another symbol of the venue and check again: what all symbols miss, the venue missed.",
    ),
    "venue_down": Rule(
        Severity.WARNING, 0, 5, 20,
        "Nothing could be traded then, not by you either: a stop would have waited as it does in the simulation.",
        "Nothing to mend. Do not trust results that live from trades next to it.",
    ),
    "thin_bar": Rule(
        Severity.NOTE, 0, 1, 5,
        "The bar was built while finer bars were missing, so its high, low and volume may leave something out.",
        "Nothing to mend if the venue was down; else import the finer bars.",
    ),
    "duplicate": Rule(
        Severity.ERROR, 2, 20, 40,
        "A bar that comes twice is traded twice and shifts every indicator.",
        "karat data import FILE --accept duplicate keeps equal bars once; decide yourself where they differ.",
    ),
    "unordered": Rule(
        Severity.ERROR, 2, 20, 40,
        "Bars out of order let a simulation see the future.",
        "karat data import FILE --accept unordered sorts them.",
    ),
    "off_grid": Rule(
        Severity.ERROR, 2, 20, 40,
        "A bar that opens off the grid covers other minutes than it says; the zone or the stamp may be wrong.",
        "Find out what the stamps mean (open or close, which zone), then import with --zone or --accept off_grid.",
    ),
    "bad_price": Rule(
        Severity.ERROR, 5, 20, 60,
        "A price that is missing, zero or negative is no price; returns and logarithms break on it.",
        "karat data import FILE --accept bad_price,nan drops such bars and records it.",
    ),
    "high_low_violation": Rule(
        Severity.ERROR, 2, 20, 40,
        "Open or close outside low and high: one of the four is wrong, and so is every fill that is decided by it.",
        "karat data import FILE --accept outside_range,high_below_low drops such bars and records it.",
    ),
    "negative_volume": Rule(
        Severity.ERROR, 2, 20, 40,
        "A sign was lost or a field is another one: limits by volume and slippage are wrong.",
        "karat data import FILE --accept negative_volume drops such bars; better, export again.",
    ),
    "zero_volume": Rule(
        Severity.NOTE, 0, 2, 10,
        "Nobody traded, so nothing could have been filled; the slippage model counts it as the worst.",
        "Nothing to mend where the venue stood still.",
    ),
    "no_volume": Rule(
        Severity.WARNING, 5, 0, 5,
        "Filters and limits by volume refuse everything or mean nothing.",
        "Import a file with volume, or use no rule that needs it.",
    ),
    "stale_run": Rule(
        Severity.WARNING, 1, 10, 30,
        "The feed repeated its last price: what looks like a quiet market is no market at all.",
        "Compare with another copy; fill it from there with --replace.",
    ),
    "jump": Rule(Severity.ERROR, 2, 0, 30, _WRONG_FILL, _IMPORT_AGAIN),
    "wick": Rule(Severity.ERROR, 2, 0, 30, _WRONG_FILL, _IMPORT_AGAIN),
    "large_move": Rule(
        Severity.NOTE, 0, 0, 0,
        "So large a move that stays is news or a changed unit; the price alone does not tell.",
        "Look it up. If it was news, nothing is to be done.",
    ),
    "split": Rule(
        Severity.ERROR, 10, 0, 40,
        "A split is no loss, but a simulation books it as one: shorts win it, stops trigger, indicators break.",
        "Import its splits (columns ts,kind,value), or begin after it. A split of 1 says that there was none.",
    ),
    "split_known": Rule(
        Severity.NOTE, 0, 0, 0,
        "The lake knows this split, so backtests, sweeps and bots read the prices in one kind of share.",
        "Nothing is to be done; whoever reads the raw bars has to know it.",
    ),
    "price_scale": Rule(
        Severity.ERROR, 30, 0, 50,
        "Prices are in another unit (cents, thousands of coins): sizes, ticks and costs are wrong by that factor.",
        "Find the unit in the source's documentation and import prices in the quote currency.",
    ),
    "volume_unit": Rule(
        Severity.ERROR, 25, 0, 50,
        "Volume is in another unit (quote currency, contracts): slippage and limits by volume are wrong by it.",
        "Divide by the price or the contract's size before import, or use no rule that needs volume.",
    ),
    "differs_from_venue": Rule(
        Severity.WARNING, 0.5, 0, 15,
        "The price stood far from the same asset's elsewhere: a bad print, or a wick that one venue alone had.",
        "Trust no trade that was filled there; a stop would have been hit on this venue alone.",
    ),
    "differs_from_finer": Rule(
        Severity.WARNING, 1, 0, 20,
        "The bar is not what its own finer bars add up to, so one of the two is wrong; a resample trades otherwise.",
        "Use the finer bars (remove the coarse series), or import both again.",
    ),
    "volume_differs_from_finer": Rule(
        Severity.WARNING, 0.5, 0, 10,
        "Its volume is not the sum of its own finer bars'.",
        "Import both again if you use volume.",
    ),
    "funding_hole": Rule(
        Severity.ERROR, 1, 20, 40,
        "Funding that is not there is not charged: carry looks better or worse than it was.",
        "Import the missing stamps.",
    ),
    "funding_unit": Rule(
        Severity.ERROR, 40, 0, 40,
        "Rates are per cent or per year instead of a fraction per interval: every position pays a multiple.",
        "Find the unit in the source's documentation and import fractions of notional per interval.",
    ),
    "funding_sign": Rule(
        Severity.ERROR, 40, 0, 40,
        "Longs are paid where they paid: the sign of every funding cost is turned.",
        "Positive means that longs pay shorts. Turn the sign and import again.",
    ),
    "mark_far_from_last": Rule(
        Severity.WARNING, 1, 0, 20,
        "Liquidations and funding go by the mark: one that stands far from the market liquidates what was safe.",
        "Compare with another copy; fill it from there with --replace.",
    ),
    "series_hole": Rule(
        Severity.WARNING, 0.2, 5, 40,
        "An as-of join goes on with the value before: what looks like a standing value is none.",
        "Fetch or import what is missing; where nobody has it, let a strategy ask how old a value is.",
    ),
    "known_too_early": Rule(
        Severity.ERROR, 20, 5, 60,
        "A value that was known before its period had ended lets every test of it see the future.",
        "Import it again with the time at which it was published; see docs/feeds.md.",
    ),
    "impossible_value": Rule(
        Severity.ERROR, 2, 20, 40,
        "The thing measured cannot have this value: a sign was lost, a field is another one, or the unit is.",
        "Compare with the vendor's documentation, and import the series again.",
    ),
    "unit_jump": Rule(
        Severity.WARNING, 10, 0, 30,
        "The series continues at another scale: thousands for ones, coins for dollars, or another thing is counted.",
        "Find out what changed then. Use it from there on, or let features look at its changes within one scale.",
    ),
    "sign_jump": Rule(
        Severity.ERROR, 40, 0, 40,
        "From there on every value has the opposite sign: whatever was learned before is turned.",
        "Find out which sign is right, turn the other part, and import again.",
    ),
    "spike": Rule(
        Severity.WARNING, 2, 0, 20,
        "One value far from both neighbours, which agree: it was misread, or the moment was counted twice.",
        "Compare with another copy; a feature that averages carries it on for its whole window.",
    ),
    "number_hole": Rule(
        Severity.ERROR, 1, 20, 60,
        "Trades that the exchange counted are missing: bars by tick, volume and flow are wrong from there on.",
        "karat data stream asks for missed trades again; import a whole tape.",
    ),
    "number_again": Rule(
        Severity.ERROR, 2, 20, 40,
        "A trade that comes twice is counted twice in volume and flow.",
        "Import the tape again; an import drops what is there already.",
    ),
    "bad_tick": Rule(
        Severity.ERROR, 2, 20, 40,
        "A price or quantity that cannot be: bars built from it have wrong highs, lows or volumes.",
        "Import it again from another copy.",
    ),
    "print_apart": Rule(
        Severity.WARNING, 0.5, 0, 15,
        "A late, odd-lot or bad print: nobody could trade there, and a bar built from it has a wick that never was.",
        "Where the venue marks such prints, leave them out of the tape.",
    ),
    "crossed": Rule(
        Severity.ERROR, 0.5, 20, 40,
        "A bid at or above the ask is no market: one side is old.",
        "Trust no spread or depth from there; stream the book anew.",
    ),
    "chain_broken": Rule(
        Severity.ERROR, 2, 20, 60,
        "Changes of the book are missing, so levels stand in it that are long gone.",
        "Use the book only up to there, or from the next snapshot on.",
    ),
}  # fmt: skip
