"""The switches of one desk that people and rules turn: kill, safe mode, watching only, halts.

1. `begin` is called once, before the first bar. A start of a runner on live data is counted; the third within ten
   minutes is safe mode (failures: P8), which lasts until a person ends it.
2. `handlers` are the commands that turn switches; each is done once, by the inbox (`desk.commands`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from karat.bots.desk.commands import Handler
from karat.bots.desk.desk import Desk
from karat.bots.desk.killing import KillSwitch
from karat.bots.desk.member import Member
from karat.core.errors import InputError, NeedsOperator
from karat.core.ids import BotId
from karat.core.time import MINUTE_MS
from karat.ports.cockpit import BotState, EventKind
from karat.ports.commands import CommandAsked
from karat.ports.kill import KillSource
from karat.ports.trading import Facts

STARTS, SAFE_MODE = "starts", "safe_mode"
STARTS_MAX = 3
STARTS_WITHIN_MS = 10 * MINUTE_MS
OBSERVED_BARS = 2
LETS_GO_ON_MS = MINUTE_MS  # a release or resume that waited longer is refused: nobody stands behind it any more
EXTERNAL = "external_position"


@dataclass(frozen=True, slots=True)
class Safety:
    """What stands over a runner. `sources` of the kill switch; `observed_bars`: how many bars after a start a bot does
    not enter; `counts_starts`: whether many starts in short time are safe mode. Replays have neither."""

    sources: tuple[KillSource, ...] = ()
    observed_bars: int = 0
    counts_starts: bool = False


class Switchboard:
    """The switches of `desk`."""

    def __init__(self, desk: Desk, safety: Safety) -> None:
        self._desk = desk
        self._safety = safety
        self.kill = KillSwitch(desk, safety.sources)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """The commands of the switches."""
        return {
            "kill": self._pull, "kill.release": self._release, "bot.halt": self._halt, "bot.resume": self._resume,
            "fleet.resume": self._resume_fleet,
        }  # fmt: skip

    def begin(self, facts: Facts) -> None:
        """Take up what the journal knows, and count this start."""
        self.kill.restore(facts)
        desk = self._desk
        desk.condition.safe_mode = str(facts.get(SAFE_MODE, {}).get("reason", ""))
        if self._safety.counts_starts:
            now = desk.now_ms()
            starts = [*(ts for ts in facts.get(STARTS, {}).get("at_ms", ()) if 0 <= now - ts < STARTS_WITHIN_MS), now]
            desk.gathered.facts[STARTS] = {"at_ms": starts[-STARTS_MAX:]}
            if len(starts) >= STARTS_MAX and not desk.condition.safe_mode:
                self._enter_safe_mode(now)
        self.kill.look()
        desk.flush()

    def observe(self, bot: BotId, bars: int) -> None:
        """A bot begins after `bars` bars: it watches the next ones."""
        if self._safety.observed_bars:
            self._desk.condition.observing[bot] = bars + self._safety.observed_bars

    def met(self, members: Iterable[Member]) -> None:
        """Bots have begun: while the kill switch is latched they are closed at once, at the last close they know."""
        if self._desk.condition.killed:
            for member in members:
                member.show_market()
            self.before_decisions()

    def before_decisions(self) -> None:
        """What is looked at before each batch of decisions."""
        self.kill.look()
        self.kill.tick()

    def _enter_safe_mode(self, now: int) -> None:
        reason = f"{STARTS_MAX} starts within {STARTS_WITHIN_MS // MINUTE_MS} minutes"
        self._desk.condition.safe_mode = reason
        self._desk.gathered.facts[SAFE_MODE] = {"reason": reason, "since_ms": now}
        text = f"Safe mode: {reason}. No bot enters until a person says so: karat bots resume --all."
        self._desk.gathered.tell(None, EventKind.RISK, text, {"safe_mode": True}, "start")

    def _pull(self, desk: Desk, asked: CommandAsked) -> str:
        self.kill.pull(str(asked.payload.get("reason", "")), f"person:{asked.who}")
        return f"The kill switch is latched: {self.kill.state.reason}"

    def _release(self, desk: Desk, asked: CommandAsked) -> str:
        self._refuse_old(asked)
        self.kill.release(asked.who)
        return "The kill switch is released."

    def _halt(self, desk: Desk, asked: CommandAsked) -> str:
        bot, reason = self._known(asked), str(asked.payload.get("reason", ""))
        if not reason:
            raise InputError("no_reason", "A halt needs a reason.")
        if bot in desk.condition.halts:
            return f"{bot} is halted already: {desk.condition.halts[bot]}"
        desk.halt(bot, "person", reason)
        return f"{bot} is halted: {reason}"

    def _resume(self, desk: Desk, asked: CommandAsked) -> str:
        self._refuse_old(asked)
        return self._let_go_on(self._known(asked), asked.who)

    def _resume_fleet(self, desk: Desk, asked: CommandAsked) -> str:
        """End safe mode, and every halt whose cause has gone."""
        self._refuse_old(asked)
        words: list[str] = []
        if desk.condition.safe_mode:
            desk.condition.safe_mode = ""
            desk.gathered.facts |= {SAFE_MODE: {}, STARTS: {}}
            words.append("Safe mode is over.")
        for bot in tuple(desk.condition.halts):
            try:
                words.append(self._let_go_on(bot, asked.who))
            except NeedsOperator as error:
                words.append(error.message)
        return " ".join(words) or "Nothing was held back."

    def _let_go_on(self, bot: BotId, who: str) -> str:
        """Clear a halt. Raises InputError `not_halted`, NeedsOperator `cause_stands`."""
        desk = self._desk
        if bot not in desk.condition.halts:
            raise InputError("not_halted", f"{bot} is not halted.")
        cause = self._standing(bot)
        if cause:
            raise NeedsOperator("cause_stands", f"{bot} stays halted: {cause}")
        del desk.condition.halts[bot]
        desk.gathered.facts[f"halt:{bot}"] = {}
        runs = any(book.record.id == bot for book in desk.books.values())
        desk.gathered.change_state(bot, BotState.RUNNING if runs else BotState.STOPPED, "")
        told = {"who": who, "facts": {f"halt:{bot}": {}}}
        desk.gathered.tell(bot, EventKind.STARTED, f"Resumed by {who}.", told, f"person:{who}")
        return f"{bot} may go on."

    def _standing(self, bot: BotId) -> str:
        """Why a bot was halted, where that is still so."""
        facts = {**self._desk.journal.facts(), **self._desk.gathered.facts}
        code, record = facts.get(f"halt:{bot}", {}).get("code"), self._desk.journal.bot(bot)
        outside = sum(facts.get("external", {}).get(record.market, {}).values())
        if code == EXTERNAL and outside:
            return f"{outside:+} lots of {record.market} are at the venue that no bot bought or sold."
        if code == "order_differs" and not self._desk.condition.reconciled:
            return "books and venue do not agree."
        return ""

    def _refuse_old(self, asked: CommandAsked) -> None:
        """What lets go on was decided for that moment. Raises NeedsOperator `too_late`."""
        waited = self._desk.now_ms() - asked.at_ms
        if waited > LETS_GO_ON_MS:
            raise NeedsOperator("too_late", f"It was said {waited / 1000:,.0f} s ago, which is too long. Say it again.")

    def _known(self, asked: CommandAsked) -> BotId:
        """The bot of a command. Raises InputError `unknown_bot`."""
        bot = BotId(str(asked.payload.get("bot", "")))
        return self._desk.journal.bot(bot).id
