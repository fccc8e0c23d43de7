"""One trade of a stored run, its arithmetic written out and compared with the record, line by line.

1. Bars, signals and policy are read back; every number is computed anew here, in plain Python, from the rules of
   simulation.md and not from the kernel.
2. The trade is walked bar by bar in the page's order: funding, fills at the open, borrow, stop, take, re-entry, close.
3. Each fill is told: the decision, the size, the price, the costs, the levels, the result. What the record also holds
   is compared to 1e-9; one line that differs makes the explanation fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from karat.core.errors import InputError
from karat.core.ids import RunId
from karat.core.model.reasons import Reason
from karat.core.time import iso
from karat.ports.lake import Lake
from karat.research.adjusted_prices import as_traded
from karat.research.explain_case import Case, Fill, load_case
from karat.research.explain_entry import tell_add, tell_entry, tell_reentry
from karat.research.explain_exit import at_open, tell_exit
from karat.research.explain_fill import Position
from karat.research.explain_levels import Levels, move_levels
from karat.research.explain_lines import Section, number
from karat.research.explain_size import SIDES
from karat.research.run_store import StoredRun

BORROW_YEAR_MS = 365.0 * 86_400_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A trade's arithmetic. `reproduced` is False when a line differs from the record."""

    run: RunId
    trade: int
    title: str
    manifest: dict[str, Any]
    sections: tuple[Section, ...]

    @property
    def reproduced(self) -> bool:
        return all(line.holds for section in self.sections for line in section.lines)


def explain(run: StoredRun, lake: Lake, trade: int) -> Explanation:
    """Explain trade number `trade`, from 1, of `run`. Raises InputError `unknown_trade` or `data_changed`."""
    closed = len(run.trades["id"])
    if not 1 <= trade <= closed:
        hint = f"It has trades 1 to {closed}; what is open at the end is no trade." if closed else "It closed none."
        raise InputError("unknown_trade", f"Run {run.id} has no closed trade {trade}.", hint)
    return explain_case(load_case(run, lake), trade)


def explain_case(case: Case, trade: int) -> Explanation:
    """The same, on a case that is loaded already."""
    columns = {name: column[trade - 1].item() for name, column in case.run.trades.items()}
    title = (
        f"Trade {trade} of run {case.run.id}: {SIDES[columns['side']]} {number(columns['quantity'])} "
        f"{case.instrument.market}, {iso(columns['entry_ts'])} to {iso(columns['exit_ts'])}, "
        f"{number(columns['pnl'])} {case.instrument.settle}"
    )
    fills = [case.fill(row) for row in range(columns["first_fill"], columns["last_fill"] + 1)]
    sections = _Walk(case, fills).run()
    sections.append(_result(case, fills, columns, sections))
    return Explanation(case.run.id, trade, title, case.run.manifest, tuple(sections))


class _Walk:
    """The trade under way."""

    def __init__(self, case: Case, fills: list[Fill]) -> None:
        self.case, self.fills = case, fills
        self.sections: list[Section] = []
        self.position = Position(side=fills[0].side, leverage=1.0, entry_bar=fills[0].bar)
        self.levels: Levels | None = None
        self.between = Section("")

    def run(self) -> list[Section]:
        for bar in range(self.fills[0].bar, self.fills[-1].bar + 1):
            self._bar(bar, [fill for fill in self.fills if fill.bar == bar])
        self._close_between()
        return self.sections

    def _bar(self, bar: int, fills: list[Fill]) -> None:
        if self.position.lots:
            self._funding(bar)
        early = [fill for fill in fills if at_open(self.case, fill, self.position, self.levels)]
        for fill in early:
            self._fill(fill)
        if self.position.lots and self.position.side < 0 and self.case.spot:
            self._borrow(bar)
        for fill in fills[len(early) :]:
            self._fill(fill)
        if self.position.lots:
            assert self.levels is not None, "a position has had its entry"
            move_levels(self.case, self.between, self.levels, bar)

    def _fill(self, fill: Fill) -> None:
        self._close_between()
        case, position = self.case, self.position
        name = Reason(fill.reason).name.lower()
        section = Section(f"Fill: {name} at {case.when(fill.bar)}")
        self.sections.append(section)
        if fill.side != position.side:
            assert self.levels is not None, "an exit follows an entry"
            tell_exit(case, section, fill, position, self.levels)
        elif fill.reason == Reason.REENTRY:
            self.levels = tell_reentry(case, section, fill, position)
        elif position.lots == 0:
            self.levels = tell_entry(case, section, fill, position)
        else:
            tell_add(case, section, fill, position)
        if traded := as_traded(case.run.manifest, int(case.candles.ts[fill.bar]), fill.raw_price):
            section.say("prices", traded)

    def _funding(self, bar: int) -> None:
        case, position = self.case, self.position
        if float(case.bars.funding_unit[bar]) == 0.0:
            return
        stamps, rates, marks = case.funding_stamps
        first, last = np.searchsorted(stamps, case.candles.ts[bar - 1 : bar + 1], side="right")
        opened = float(case.candles.open[bar])
        quantity = case.quantity(position.lots) * case.rules.contract_size
        due = slice(int(first), int(last))  # previous ts < t <= ts
        for ts, rate, mark in zip(stamps[due].tolist(), rates[due].tolist(), marks[due].tolist(), strict=True):
            price = mark if mark == mark else opened
            paid = position.side * quantity * (rate / price if case.inverse else rate * price)
            position.funding += paid
            sign, way = "" if position.side > 0 else "-", "/" if case.inverse else "*"
            kind = "mark" if mark == mark else "open"
            worth = f"{sign}{number(quantity)} {way} {kind} {number(price)}"
            self.between.say("step 1", f"funding {iso(ts)}: {worth} * rate {number(rate)} = {number(paid)} paid")

    def _borrow(self, bar: int) -> None:
        case, position = self.case, self.position
        quantity, opened = case.quantity(position.lots) * case.rules.contract_size, float(case.candles.open[bar])
        rate, timeframe = case.rules.borrow_rate, case.candles.timeframe_ms
        paid = quantity * opened * rate * timeframe / BORROW_YEAR_MS
        position.borrow += paid
        self.between.say("step 5", f"borrow at {case.when(bar)}: {number(quantity)} * open {number(opened)} * "
                                   f"{number(rate)} * {timeframe} ms / 365 days = {number(paid)}")  # fmt: skip

    def _close_between(self) -> None:
        if self.between.lines:
            self.between.title = "While it was held"
            self.sections.append(self.between)
        self.between = Section("")


def _result(case: Case, fills: list[Fill], columns: dict[str, Any], sections: list[Section]) -> Section:
    """The sum of everything, against the trade as the run reported it."""
    section = Section("Result")
    gain, fees = sum(fill.gain for fill in fills), sum(fill.fee for fill in fills)
    funding, borrow = fills[-1].trade_funding, fills[-1].trade_borrow
    section.check("11", f"fees of {len(fills)} fills: {number(fees)}", fees, columns["fees"])
    section.check("step 1", f"funding paid: {number(funding)}", funding, columns["funding"])
    if borrow:
        section.check("step 5", f"borrow paid: {number(borrow)}", borrow, columns["borrow"])
    net = gain - fees - funding - borrow
    text = f"net {number(gain)} - {number(fees)} - {number(funding)} - {number(borrow)} = {number(net)}"
    section.check("30", f"{text} {case.instrument.settle}", net, columns["pnl"])
    held = columns["exit_bar"] - columns["entry_bar"] + 1
    section.check("16", f"bars held, the entry bar being the first: {held}", held, columns["bars_held"])
    lines = [line for one in (*sections, section) for line in one.lines if line.recorded is not None]
    section.say("31", f"{sum(line.holds for line in lines)} of {len(lines)} compared lines equal the record")
    return section
