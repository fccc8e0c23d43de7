"""The kill switch over running bots: it closes, it stays, and only a person lets go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.bots.fleet import Desk, demo
from tests.unit.strategies.written import written

from karat.app.asking import ask_desk
from karat.app.kill_sources import KillFile
from karat.bots.desk.desk import Desk as Core
from karat.bots.desk.killing import KillSwitch
from karat.bots.desk.recovery import recovered_book
from karat.bots.desk.switchboard import OBSERVED_BARS, Safety
from karat.core.errors import RetryLater
from karat.core.ids import BotId
from karat.core.model.policy import LevelMode, Policy
from karat.core.model.reasons import Reason, Refusal
from karat.oms.client_ids import Part, part_of
from karat.ports.cockpit import BotState, EventKind
from karat.ports.journal import Part as OrderPart
from karat.venues.paper import PaperVenue

BARS = 400
ADA, BEA = BotId("ada"), BotId("bea")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> int:
    """A bar after which both bots hold something, undisturbed, with more trades to come."""
    desk = fleet(tmp_path_factory.mktemp("undisturbed"))
    desk.run(ADA, BEA)
    both = [desk.journal.marks(bot).position != 0 for bot in (ADA, BEA)]
    assert all(len(desk.journal.trades(999, bot=bot)) > 6 for bot in (ADA, BEA))
    desk.journal.close()
    return int(np.flatnonzero(both[0] & both[1])[0]) + 1


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    made = fleet(home)
    yield made
    made.journal.close()


def fleet(home: Path) -> Desk:
    made = Desk(home, *demo(BARS))
    made.create(ADA)
    made.create(BEA, "rsi_macd_momentum")
    return made


def safety(home: Path) -> Safety:
    return Safety((KillFile(home),))


def position(desk: Desk, bot: BotId) -> int:
    return next((one.lots for one in desk.journal.accounts() if one.bot == bot), 0)


def test_the_file_closes_everything_and_removing_it_releases_nothing(desk: Desk, home: Path, held: int) -> None:
    desk.run(ADA, BEA, until=held)
    assert position(desk, ADA) and position(desk, BEA)
    KillFile(home).raise_flag("the house is on fire")
    desk.run(ADA, BEA, until=held + 1, safety=safety(home))
    for bot in (ADA, BEA):
        last = desk.journal.fills(bot)[-1]
        assert position(desk, bot) == 0 and last.reason == Reason.KILL
        assert last.raw_price == desk.candles.close[held - 1]  # the last price there was when it was pulled
    assert desk.journal.open_orders() == ()
    fact = desk.journal.facts()["kill"]
    assert fact["latched"] and fact["flat_seen"] and fact["reason"] == "the house is on fire"
    (home / "KILL").unlink()
    fills = len(desk.journal.fills(ADA))
    desk.run(ADA, BEA, safety=safety(home))  # to the end of the replay: another process, without the file
    assert len(desk.journal.fills(ADA)) == fills
    assert Refusal.SWITCH in dict(desk.journal.refusals(ADA)).values()
    why = [one.reason for one in desk.journal.traces(ADA, 0, 2**62) if one.first == "switches"]
    assert why == ["the kill switch is latched: the house is on fire"] * len(why) and why
    told = [one.text for one in desk.journal.events(999) if one.kind == EventKind.KILL]
    assert len(told) == 2 and "flat" in told[0] and "the house is on fire" in told[1]


def test_only_a_person_releases_it_by_name_and_after_it_was_seen_flat(desk: Desk, home: Path, held: int) -> None:
    desk.run(ADA, BEA, until=held)
    KillFile(home).raise_flag("")
    early = ask_desk(desk.journal, "kill.release", {}, "ada")
    assert early is not None and not early.done and "not seen flat" in early.answer
    desk.run(ADA, until=held + 1, safety=safety(home))  # bea does not run: what it holds is open still
    half = ask_desk(desk.journal, "kill.release", {}, "ada")
    assert position(desk, BEA) and half is not None and not half.done
    desk.run(ADA, BEA, until=held + 2, safety=safety(home))
    nameless = ask_desk(desk.journal, "kill.release", {}, "")
    assert nameless is not None and not nameless.done and "name" in nameless.answer
    done = ask_desk(desk.journal, "kill.release", {}, "grace")
    assert done is not None and done.done and not (home / "KILL").exists()
    before = len(desk.journal.fills(ADA))
    desk.run(ADA, BEA, safety=safety(home))
    assert len(desk.journal.fills(ADA)) > before
    assert "released by grace" in "".join(one.text for one in desk.journal.events(999))


def test_pulled_in_the_middle_of_a_run_no_later_bar_enters(desk: Desk, home: Path, held: int) -> None:
    class Late:
        """Pulled at a look."""

        name, is_near = "late", True
        looks = 0

        def look(self) -> str | None:
            self.looks += 1
            return "now" if desk.journal.status(ADA).bars >= held else None

    source = Late()
    desk.run(ADA, BEA, safety=Safety((source,)))  # type: ignore[arg-type]
    assert source.looks > BARS / 2
    for bot in (ADA, BEA):
        assert position(desk, bot) == 0
        assert desk.journal.status(bot).bars == BARS
    pulled = next(one for one in desk.journal.log(0, 10**6) if one.kind == EventKind.KILL)
    after = [one for one in desk.journal.log(pulled.sequence, 10**6) if one.kind == EventKind.INTENT]
    assert {one.payload["reason"] for one in after} == {"kill"}


class Mute(KillFile):
    """A file on a disk that has gone."""

    def look(self) -> str | None:
        raise RetryLater("kill_unknown", "the disk has gone")


def test_a_source_that_cannot_be_asked_refuses_entries_and_closes_nothing(desk: Desk, home: Path, held: int) -> None:
    desk.run(ADA, BEA, until=held)
    fills = len(desk.journal.fills(ADA))
    desk.run(ADA, BEA, safety=Safety((Mute(home),)))
    later = [fill.reason for fill in desk.journal.fills(ADA)[fills:]]
    assert later and Reason.KILL not in later and Reason.ENTRY not in later
    assert "kill" not in desk.journal.facts()
    reasons = {one.reason for one in desk.journal.traces(ADA, 0, 2**62) if one.first == "switches"}
    assert reasons == {"whether the kill switch was pulled in file is not known: the disk has gone"}


def test_a_bot_that_cannot_be_closed_does_not_hold_up_the_others(desk: Desk, held: int) -> None:
    desk.run(ADA, BEA, until=held)
    core = Core(desk.journal, PaperVenue(), desk.journal.take_lease("test", 0, 1_000), lambda: 0)
    accounts = {one.bot: one for one in desk.journal.accounts()}
    books = [recovered_book(core, desk.journal.bot(bot), (), accounts[bot], {}) for bot in (ADA, BEA)]
    for book in books:
        core.join(book)
    books[0].register = None  # type: ignore[assignment]
    KillSwitch(core).pull("fire", "test")
    assert [one.bot for one in desk.journal.open_orders() if part_of(one.order.id) is Part.FLATTEN] == [BEA]
    told = [one.text for one in desk.journal.events(99, bot=ADA) if one.kind == EventKind.ALARM]
    assert told and "could not close ada" in told[0]


@pytest.mark.parametrize("kind", ["a folder", "a link to nowhere", "no text"])
def test_whatever_is_called_kill_pulls(home: Path, kind: str) -> None:
    home.mkdir()
    source = KillFile(home)
    assert source.look() is None
    if kind == "a folder":
        source.path.mkdir()
    elif kind == "a link to nowhere":
        source.path.symlink_to(home / "nowhere")
    else:
        source.path.write_bytes(b"\xff\xfe")
    assert source.look() is not None


def test_a_bot_only_watches_its_first_bars(home: Path) -> None:
    home.mkdir()
    strategy = written(home, "eager", "return signals(len(market), long=market.close > 0.0)", warmup="0")
    desk = Desk(home / "desk", *demo(40), strategies=lambda name: strategy)
    bot = desk.create("ada", "eager", Policy(stop_mode=LevelMode.FRACTION, stop_value=0.02, slippage_atr=0.0))
    desk.run(bot, until=10, safety=Safety(observed_bars=OBSERVED_BARS))
    assert [bar for bar, _ in desk.journal.refusals(bot)] == [0, 1]
    assert {one.first for one in desk.journal.traces(bot, 0, 2**62)} >= {"observing"}
    assert desk.journal.intents(bot)[0].decision_bar == 2
    desk.journal.close()


def test_the_third_start_in_ten_minutes_is_safe_mode_until_a_person_ends_it(desk: Desk, held: int) -> None:
    counted = Safety(counts_starts=True)
    for until in (20, 21):
        desk.run(ADA, until=until, safety=counted)
        assert not desk.journal.facts().get("safe_mode")
    for _ in range(2):  # persisted: not counting does not end it
        desk.run(ADA, until=BARS - 100 if _ == 0 else None, safety=counted if _ == 0 else None)
        assert desk.journal.facts()["safe_mode"]["reason"] == "3 starts within 10 minutes"
    assert all(fill.bar <= 21 for fill in desk.journal.fills(ADA))
    found = ask_desk(desk.journal, "fleet.resume", {}, "ada")
    assert found is not None and found.answer == "Safe mode is over."
    assert "safe_mode" not in desk.journal.facts()


def test_a_halt_lasts_until_it_is_lifted_and_not_while_its_cause_stands(desk: Desk, held: int) -> None:
    desk.run(ADA, BEA, until=30)
    halted = ask_desk(desk.journal, "bot.halt", {"bot": "ada", "reason": "looks odd"}, "grace")
    assert halted is not None and halted.done and desk.journal.status(ADA).state == BotState.HALTED
    desk.run(ADA, BEA, until=held + 100)
    entries = [one.decision_bar for one in desk.journal.intents(ADA) if one.part is not OrderPart.EXIT]
    assert entries == [26] and position(desk, ADA) == 0  # what was open is closed as it would have been
    assert len(desk.journal.fills(BEA)) > 0
    resumed = ask_desk(desk.journal, "bot.resume", {"bot": "ada"}, "grace")
    assert resumed is not None and resumed.done
    again = ask_desk(desk.journal, "bot.resume", {"bot": "ada"}, "grace")
    assert again is not None and not again.done and "not halted" in again.answer
    desk.run(ADA, BEA)
    assert any(one.decision_bar >= 30 for one in desk.journal.intents(ADA))
