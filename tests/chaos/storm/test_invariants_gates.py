"""S6, S8, S11 to S20: each fires on a history that breaks it, and is silent on one that does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.chaos.storm.histories import BOT, History, M, an_event, an_order, named, submitted
from tests.chaos.storm.invariants.cover import Cover
from tests.chaos.storm.invariants.data import Decided, Decisions, bounded
from tests.chaos.storm.invariants.gates import Modes, OneWriter, Shut, Weight, WorstCase
from tests.chaos.storm.invariants.log import Canary, Commands, Log, Shown, whole_log
from tests.chaos.storm.memory_journal import MemoryJournal
from tests.chaos.storm.setting import START_MS, Ceilings, Setting
from tests.chaos.storm.tape import Began, Commanded, Delivered, Leased, Published

from karat.oms.client_ids import Part
from karat.ports.journal import BarEntry, Decision
from karat.ports.trading import LoggedEvent
from karat.ports.venue import Linked, Look

LIMITED = Setting(ceilings=Ceilings({M: 25}, {BOT: 15}), sending=frozenset({1}))


def test_s6_what_is_held_and_what_may_fill_keep_within_the_ceiling() -> None:
    history = History(WorstCase(), setting=LIMITED)
    history.commit(history.trade(an_order()))
    within = an_order(intent=1, lots=5)
    history.commit(within)
    history.post(submitted(within))
    assert history.names == []
    beyond = an_order(intent=2, lots=1)
    history.commit(beyond)
    history.post(submitted(beyond))
    assert history.names == ["S6"]  # 16 lots of 15 for the bot, 16 of 25 for the market


def test_s6_exits_are_not_counted_and_the_other_side_is_another_sum() -> None:
    history = History(WorstCase(), setting=LIMITED)
    history.commit(history.trade(an_order()))
    for intent, order in enumerate((an_order(Part.STOP, -1), an_order(side=-1, lots=20)), 5):
        mine = replace(order, id=an_order(Part(order.id[18]), intent=intent).id)
        history.commit(mine)
        history.post(submitted(mine))
    assert history.names == []


def test_s6_the_venue_is_asked_as_well() -> None:
    history = History(WorstCase(), setting=LIMITED)
    for intent, expected in ((0, []), (1, []), (2, ["S6"])):
        order = an_order(intent=intent, limit_ticks=29_900)
        history.exchange.submit(submitted(order))
        history.arrive(submitted(order))
        assert history.names == expected


def test_s8_nothing_risky_leaves_while_something_stands_against_it() -> None:
    for blocked, expected in ((), []), (("breaker",), ["S8"]), (("kill", "stale_data"), ["S8", "S8"]):
        history = History(Shut())
        history.post(submitted(an_order()), blocked=blocked)
        history.post(submitted(an_order(Part.STOP, -1, trigger_ticks=29_000)), blocked=blocked)
        assert history.names == expected


def test_s8_a_new_life_looks_before_it_trades() -> None:
    history = History(Shut())
    history.play(Began(2, START_MS))
    history.post(submitted(an_order(Part.FLATTEN, -1)))
    assert history.names == []
    history.post(submitted(an_order()))
    assert history.names == ["S8"]


def test_s8_kill_is_heard_at_once() -> None:
    history = History(Shut())
    history.play(Commanded(1, START_MS, "c1", "kill", may=True, accepted=True))
    history.post(submitted(an_order()))
    assert history.names == ["S8"]


def test_s8_data_that_no_longer_comes_is_stale_whatever_the_desk_says() -> None:
    for wait_ms, expected in (30_000, []), (120_000, ["S8"]):
        history = History(Shut())
        history.play(Delivered(1, START_MS, M, 20_000, START_MS - 20_000, good=True))
        history.wait(wait_ms)
        history.post(submitted(an_order()))
        assert history.names == expected


def test_s8_a_clock_that_stays_wrong_shuts_the_gate() -> None:
    for wait_ms, expected in (10_000, []), (30_000, ["S8"]):
        history = History(Shut())
        history.known.clock_error_ms = lambda: 5_000
        history.wait(wait_ms)
        history.post(submitted(an_order()))
        assert history.names == expected


def covered(*, stop_lots: int = 0, age_ms: int | None = None) -> History:
    history = History(Cover())
    history.commit(history.trade(an_order()))
    if stop_lots:
        history.exchange.submit(submitted(an_order(Part.STOP, -1, stop_lots, 1, trigger_ticks=29_000)))
    history.memory.age_ms = age_ms
    return history


def test_s11_a_stop_or_a_monitor_covers_what_is_held() -> None:
    for history in (covered(stop_lots=10), covered(age_ms=900)):
        history.wait(15_000)
        assert history.names == []
    for history in (covered(), covered(stop_lots=9), covered(age_ms=60_000)):
        history.wait(10_000)
        assert history.names == []
        history.wait(3_000)
        assert set(history.names) == {"S11"}


def test_l2_a_monitor_alone_is_not_enough_for_ever() -> None:
    history = covered(age_ms=900)
    history.wait(30_000)
    assert history.names == []
    history.wait(2_000)
    assert set(history.names) == {"L2"}


def test_s11_time_out_of_reach_and_what_a_hand_brought_do_not_count() -> None:
    history = covered()
    history.wait(60_000, good=False)
    assert history.names == []
    by_hand = History(Cover())
    by_hand.exchange.trade_by_hand(M, 1, 10)
    by_hand.wait(60_000)
    assert by_hand.names == []


class Pages(MemoryJournal):
    """A log that a test writes."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(())
        self._log = [LoggedEvent(number, 0, None, None, "warning", "", "clock", {}) for number in numbers]

    def log(self, after: int, limit: int) -> tuple[LoggedEvent, ...]:
        return tuple(event for event in self._log if event.sequence > after)[:limit]


def test_s12_events_have_causes_and_orders_have_events() -> None:
    history = History(Log(Pages()))
    history.commit(an_order())
    history.commit()
    assert history.names == []
    history.commit(events=[an_event(cause="")])
    history.commit(an_order(intent=1), events=[])
    assert history.names == ["S12", "S12"]


def test_s12_numbers_follow_each_other_and_stay() -> None:
    assert list(Log(Pages(1, 2, 3)).read_on()) == []
    assert [name for name, _ in Log(Pages(1, 3)).read_on()] == ["S12"]
    pages = Pages(1, 2, 3)
    log = Log(pages)
    assert list(log.read_again(whole_log(pages))) == []
    pages._log[1] = replace(pages._log[1], text="otherwise")
    assert [name for name, _ in log.read_again(whole_log(pages))] == ["S12"]


def test_s13_what_is_shown_is_committed() -> None:
    history = History(Shown())
    history.commit()
    history.play(Published(1, START_MS, 1))
    assert history.names == []
    history.play(Published(1, START_MS, 2))
    assert history.names == ["S13"]


def test_s14_silence_until_the_ban_is_over() -> None:
    history = History(Weight())
    history.post(Look("1"))
    history.hear(Linked(False, "orders", f"banned until {START_MS + 5_000}"))
    history.wait(4_999)
    history.post(Look("2"))
    assert history.names == ["S14"]
    history.wait(1)
    history.post(Look("3"))
    assert history.names == ["S14"]


def test_s14_the_budget_is_kept() -> None:
    history = History(Weight())
    history.arrive(Look("1"))
    history.arrive(Look("2"), "418")  # a ban by the venue's own mood, not by our weight
    assert history.names == []
    history.arrive(Look("3"), "429")
    assert history.names == ["S14"]


def test_s15_the_secret_is_nowhere() -> None:
    history = History(Canary())
    history.commit(an_order())
    assert history.names == []
    history.commit(events=[an_event(text=f"key {history.setting.canary} refused")])
    history.commit(facts={"venue": {"key": history.setting.canary}})
    assert history.names == ["S15", "S15"]


def test_s16_names_of_this_journal_from_bots_that_may_send() -> None:
    history = History(Modes(), setting=LIMITED)
    history.post(submitted(an_order()))
    assert history.names == []
    history.post(submitted(an_order(bot=2)))
    history.post(submitted(replace(an_order(), id=named("by-hand"))))
    assert history.names == ["S16", "S16"]


def a_bar(ts: int, close: float = 3_000.0) -> BarEntry:
    return BarEntry(BOT, 0, ts, close, 1_000.0, 0, b"", Decision(), 0)


def test_s17_each_closed_bar_is_decided_once_and_in_its_turn() -> None:
    history = History(Decisions())
    for bar in range(3):
        history.wait(20_000)
        history.commit(bars=[a_bar(START_MS + bar * 20_000)])
    assert history.names == []
    history.commit(bars=[a_bar(START_MS + 40_000)])  # twice
    history.commit(bars=[a_bar(START_MS + 60_000)])  # still open
    history.wait(60_000)
    history.commit(bars=[a_bar(START_MS + 100_000)])  # one left out
    assert history.names == ["S17", "S17", "S17"]


@pytest.mark.parametrize("close", [0.0, -1.0, float("nan")])
def test_s10_a_mark_is_a_price(close: float) -> None:
    history = History(Decisions())
    history.wait(20_000)
    history.commit(bars=[a_bar(START_MS, close)])
    assert history.names == ["S10"]


def test_s18_a_model_moves_confidence_by_the_cap_and_nothing_else() -> None:
    one = Decided(BOT, START_MS, M, 1, 29_000, "h", "paper", 0.5)
    assert list(bounded([one], [replace(one, confidence=0.6)], 0.1)) == []
    for other in ([replace(one, confidence=0.7)], [replace(one, side=-1)], [replace(one, stop_ticks=None)], []):
        assert [name for name, _ in bounded([one], other, 0.1)] == ["S18"]


def test_s19_who_may_not_is_refused_and_who_may_is_in_the_log() -> None:
    history = History(Commands())
    history.play(Commanded(1, START_MS, "c1", "kill", may=False, accepted=False))
    history.commit(events=[an_event(cause="command:c2")])
    history.play(Commanded(1, START_MS, "c2", "kill", may=True, accepted=True))
    history.wait(10_000)
    assert history.names == []
    history.play(Commanded(1, START_MS, "c3", "kill", may=False, accepted=True))
    assert history.names == ["S19"]
    history.wait(6_000)
    assert history.names == ["S19", "S19"]


def test_s20_an_older_token_writes_and_sends_no_more() -> None:
    history = History(OneWriter())
    history.commit(an_order())
    history.post(submitted(an_order()))
    assert history.names == []
    history.play(Leased(0, START_MS, 2))
    history.commit(an_order(intent=1))
    history.post(submitted(an_order(intent=1)))
    assert history.names == ["S20", "S20"]
