"""The rules, conditions, breakers and the default policy as tables for people, made from what the code asks."""

from __future__ import annotations

from karat.risk.breakers import Breaker
from karat.risk.decide import RULES
from karat.risk.default_policy import policy_table
from karat.risk.entry_filter import CONDITIONS, Regime
from karat.risk.limits import Limit, default_limits
from karat.risk.rules import Relation

LAYERS = {1: "signal and order", 2: "position", 3: "bot and strategy", 4: "portfolio", 5: "system"}
_WORDS = {Relation.AT_MOST: "at most", Relation.AT_LEAST: "at least", Relation.BELOW: "below"}
_WAITS = {Breaker.DAILY_DRAWDOWN: "the next UTC day", Breaker.DATA: "whole data"}


def rules_table() -> str:
    """The rules of the five layers, in Markdown: one row a rule."""
    rows = ["| layer | rule | what it asks for | limit |", "| --- | --- | --- | --- |"]
    for rule in RULES:
        limit = "" if not rule.limit else f"{_WORDS[rule.relation]} {_number(rule.limit)}"
        if not rule.limit:
            limit = "nothing wrong" if rule.unit == "faults" else f"{_WORDS[rule.relation]} what the market says"
        if rule.name == "risk_at_stop":
            limit = f"at most {_number(rule.limit)}, half of it in a drawdown"
        rows.append(f"| {rule.layer} {LAYERS[rule.layer]} | `{rule.name}` | {rule.meaning} | {limit} |")
    return "\n".join(rows)


def filter_table() -> str:
    """The conditions of the entry filter, in Markdown."""
    rows = ["| condition | limit | a block ends with |", "| --- | --- | --- |"]
    for condition in CONDITIONS:
        names = [f"{condition.limit}_{one.value}" for one in Regime] if condition.by_regime else [condition.limit]
        numbers = [_number(name) for name in names if name]
        limit = f"{_WORDS[condition.relation]} {', '.join(numbers)}" if numbers else "nothing wrong"
        rows.append(f"| `{condition.name}` | {limit} | {condition.release} |")
    return "\n".join(rows)


def breakers_table() -> str:
    """The circuit breakers of a bot, in Markdown."""
    rows = ["| breaker | falls at | is released by |", "| --- | --- | --- |"]
    limits = default_limits()
    for breaker in Breaker:
        name = f"breakers.{breaker.value}"
        at = "data that is not whole" if limits.find(name) is None else _number(name)
        if breaker is Breaker.CONFIDENCE:
            at = f"below {at}, {_number('breakers.confidence_times')} in a row"
        wait = breaker.value.removesuffix("_in_row")
        after = _WAITS.get(breaker) or _number(f"breakers.{wait}_wait")
        rows.append(f"| `{breaker.value}` | {at} | {after} |")
    return "\n".join(rows)


def policy_told() -> str:
    """The default policy, in Markdown."""
    rows = ["| field | value | unit | from |", "| --- | --- | --- | --- |"]
    for name, row in policy_table().items():
        value = str(row["value"]).lower() if isinstance(row["value"], bool) else row["value"]
        rows.append(f"| `{name}` | {value} | {row['unit']} | {row['source']} |")
    return "\n".join(rows)


def _number(name: str) -> str:
    limit = default_limits().find(name)
    assert isinstance(limit, Limit), name
    return f"{limit.value:,g} {limit.unit}"
