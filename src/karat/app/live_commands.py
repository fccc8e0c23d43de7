"""karat live confirm: a person's word that a bot may trade with money, for 24 hours."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from karat.app.console import say, show
from karat.core.errors import InputError
from karat.core.home import karat_home
from karat.ports.cockpit import Mode

if TYPE_CHECKING:
    from karat.control.live_gate import Bound
    from karat.ports.journal import BotRecord
    from karat.risk.limits import Limits


def confirm_live(name: str) -> None:
    """Confirm that a bot trades with money. It holds for 24 hours, for this bot as it is now.

    Parameters
    ----------
    name
        As karat bots list names it. It has to be typed once more.
    """
    from karat.app.asking import me
    from karat.app.bot_commands import journal_if_any, no_bot
    from karat.app.key_ring import open_secrets
    from karat.bots.system_clock import SystemClock
    from karat.control.live_gate import confirm, refuse_simulated, refuse_unproven
    from karat.control.verdict import Judge
    from karat.core.ids import BotId

    journal = journal_if_any()
    if journal is None:
        raise no_bot()
    with closing(journal):
        record = journal.bot(BotId(name))
    if record.mode is not Mode.LIVE:
        hint = "Live bots are deployed: karat deploy DOSSIER --mode live."
        raise InputError("wrong_mode", f"{record.name} is in mode {record.mode.value}, not live.", hint)
    judge = Judge()
    refuse_unproven(record, judge)
    refuse_simulated(record)
    bound = bound_of(record)
    _show(record, bound, judge.judge(record).reason)
    if not sys.stdin.isatty():
        raise InputError("no_terminal", "There is nobody to type the name.", "Run it where a person sits.")
    typed = input(f"It will trade with money. To confirm, type its name ({record.id}): ").strip()
    confirm(karat_home(), bound, me(), typed, SystemClock().now_ms(), open_secrets())
    say(f"{record.name} is confirmed for 24 hours. Start it: karat bots run {record.name} --live")


def open_live_gate(record: BotRecord) -> None:
    """Raises what keeps a live bot from starting; as long as no live venue is built in, there always is something."""
    from karat.app.key_ring import open_secrets
    from karat.bots.system_clock import SystemClock
    from karat.control.live_gate import no_live_venue, refuse_simulated, refuse_unconfirmed, refuse_unproven
    from karat.control.verdict import Judge

    refuse_unproven(record, Judge())
    refuse_simulated(record)
    bound = bound_of(record)
    refuse_unconfirmed(karat_home(), bound, SystemClock().now_ms(), open_secrets())
    raise no_live_venue(bound.venue)


def bound_of(record: BotRecord) -> Bound:
    """What a confirmation of this bot is of, now."""
    from karat.control.live_gate import Bound

    return Bound.of(record, limits_in_force().hash)


def limits_in_force() -> Limits:
    """The limits of the journal, which commands change; Karat's own where there is none."""
    from karat.bots.desk.limit_book import LimitBook
    from karat.journal import journal_is_there, open_journal

    if not journal_is_there():
        return LimitBook().in_force
    with closing(open_journal()) as journal:
        return LimitBook.of(journal.facts()).in_force


def _show(record: BotRecord, bound: Bound, verdict: str) -> None:
    show(f"{record.name}: {record.strategy} on {record.market}, with {record.policy.capital:,.2f} {record.currency}.")
    show(f"Venue: {bound.venue}. Mode: {bound.mode}. Code: {bound.code[:12]}. Dossier: {bound.dossier[:12]}.")
    show(f"Verdict: proven. {verdict}")
    for one in limits_in_force().all:
        if one.name.startswith("limits."):
            show(f"  {one.name.removeprefix('limits.')}: {one.value:g} {one.unit}")
