"""The five layers: a snapshot and a proposal in, a decision out. Strictest wins, and every rule is heard.

1. An entry is asked of every rule of every layer, even after the first "no", so that the decision tells all of them.
2. The approved size is the smallest that any gate or cap lets through; floors are then asked of that size. A floor that
   fails refuses: an order is made smaller, never larger.
3. An exit is never refused. It is bounded: never more than the bot holds, never on the side that it holds. Where the
   position is unknown the size asked for goes out, and the venue's reduce-only bounds it.
4. Which rule stands first in the table changes nothing; findings are told by layer, what is wrong by itself before what
   passes a limit, then by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from karat.risk.bot_rules import BOT_RULES
from karat.risk.case import LOTS_MAX, Case, Unknown, fall
from karat.risk.limits import Limits
from karat.risk.order_rules import ORDER_RULES
from karat.risk.portfolio_rules import PORTFOLIO_RULES
from karat.risk.position_rules import POSITION_RULES
from karat.risk.rules import Finding, Outcome, Rule, ask
from karat.risk.snapshot import Proposal, Snapshot
from karat.risk.system_rules import SYSTEM_RULES

RULES: tuple[Rule, ...] = (*ORDER_RULES, *POSITION_RULES, *BOT_RULES, *PORTFOLIO_RULES, *SYSTEM_RULES)


class Answer(StrEnum):
    """What became of a proposal."""

    APPROVED = "approved"
    REDUCED = "reduced"
    REFUSED = "refused"
    NOTHING_TO_CLOSE = "nothing_to_close"


@dataclass(frozen=True, slots=True)
class Decision:
    """A proposal's answer with everything that led to it. `first` names the refusal that is told, or the rule that made
    the order smallest; it is empty where nothing stood in the way."""

    proposal: Proposal
    answer: Answer
    lots: int
    first: str
    reason: str
    findings: tuple[Finding, ...]
    limits_hash: str

    def as_dict(self) -> dict[str, Any]:
        """For the journal: plain values, no NaN, no infinity."""
        order = self.proposal
        asked: Any = order.lots if type(order.lots) is int else {"undefined": repr(order.lots)}
        return {
            "bot": order.bot, "market": order.market, "signal_key": order.signal_key, "reduce_only": order.reduce_only,
            "answer": self.answer.value, "asked_lots": asked, "lots": self.lots, "first": self.first,
            "reason": self.reason, "findings": [one.as_dict() for one in self.findings],
            "limits_hash": self.limits_hash,
        }  # fmt: skip


def decide(snapshot: Snapshot, proposal: Proposal, limits: Limits, rules: Iterable[Rule] = RULES) -> Decision:
    """What may be sent of a proposal. Raises nothing for what a snapshot holds or lacks."""
    if proposal.reduce_only is True:
        return _exit(snapshot, proposal, limits)
    case = Case(snapshot, proposal, limits)
    asked = proposal.lots if type(proposal.lots) is int and 0 < proposal.lots <= LOTS_MAX else None
    rules = sorted(rules, key=_place)
    found = {rule.name: ask(rule, case, asked) for rule in rules if rule.floor is None}
    least = min([one.lots for one in found.values() if one.lots is not None], default=asked) if asked else 0
    left = least or 0
    found |= {rule.name: ask(rule, case, left or asked) for rule in rules if rule.floor is not None}
    findings = tuple(found[rule.name] for rule in rules)
    refused = next((one for one in findings if one.outcome is Outcome.REFUSED), None)
    if refused is not None or not found:
        first, reason = (refused.rule, refused.reason) if refused else ("rules", "there are no rules")
        return Decision(proposal, Answer.REFUSED, 0, first, reason, findings, limits.hash)
    if left == asked:
        return Decision(proposal, Answer.APPROVED, left, "", "", findings, limits.hash)
    tightest = next(one for one in findings if one.outcome is Outcome.REDUCED and one.lots == left)
    return Decision(proposal, Answer.REDUCED, left, tightest.rule, tightest.reason, findings, limits.hash)


def _place(rule: Rule) -> tuple[int, bool, bool, str]:
    return rule.layer, rule.unit != "faults", rule.gate is None, rule.name


def _exit(snapshot: Snapshot, proposal: Proposal, limits: Limits) -> Decision:
    asked = proposal.lots if type(proposal.lots) is int and 0 < proposal.lots <= LOTS_MAX else None
    held = _held(snapshot, proposal)
    if isinstance(held, str):
        lots, words = asked or 0, f"{held}: the venue's reduce-only bounds the exit"
    else:
        open_ = max(0, -held * proposal.side) if proposal.side in (1, -1) else 0
        lots = open_ if asked is None else min(asked, open_)
        words = "" if lots == asked else f"{open_} lots are there to close"
    answer = Answer.NOTHING_TO_CLOSE if not lots else Answer.APPROVED if lots == asked else Answer.REDUCED
    outcome = Outcome.PASSED if answer is Answer.APPROVED else Outcome.REDUCED
    value = None if isinstance(held, str) else float(held)
    finding = Finding("exit", 2, value, None, "lots", outcome, lots, words)
    return Decision(proposal, answer, lots, "" if lots == asked else "exit", words, (finding,), limits.hash)


def _held(snapshot: Snapshot, proposal: Proposal) -> int | str:
    """What the bot holds of the market, or why nobody knows."""
    if snapshot.holdings is None:
        return "what is held is not known"
    own = [one.lots for one in snapshot.holdings if (one.bot, one.market) == (proposal.bot, proposal.market)]
    return sum(own) if all(type(lots) is int for lots in own) else "what is held is no count of lots"


def flatten_reason(snapshot: Snapshot, limits: Limits) -> str | None:
    """Why everything should be closed: the account's drawdown is at its bound or over it. None where it is below, and
    where it cannot be told, which stops entries and is no reason to sell."""
    account, bound = snapshot.account, limits.value("limits.flatten_drawdown")
    try:
        found = fall(account.equity, account.equity_peak, "the account")
    except Unknown:
        return None
    return f"drawdown of the account is {found:.4g}, must stay below {bound:g}" if found >= bound else None
