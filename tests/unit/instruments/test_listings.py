"""What was listed when: as of a date, from dated facts; where the record is not complete, the question is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from karat.core.errors import InputError
from karat.core.ids import MarketId
from karat.core.instruments.listings import Event, ListingFact, Listings, OldName, Seen
from karat.core.model.instrument import Kind
from karat.core.time import DAY_MS, parse_time_ms
from karat.lake.listings import listings_of, record_listings
from karat.lake.store import open_lake

LINEAR = Kind.LINEAR
D2021, D2022, D2023, D2024 = (parse_time_ms(f"{year}-01-01") for year in (2021, 2022, 2023, 2024))


def fact(event: Event, date: int, symbol: str = "", **others: object) -> ListingFact:
    return ListingFact(date, date, event, LINEAR, "a vendor's history", symbol, **others)  # type: ignore[arg-type]


HISTORY = Listings(
    "x",
    (
        fact(Event.COMPLETE, D2021, until=D2024),
        fact(Event.LISTED, D2021, "BTC"),
        fact(Event.GRID, D2021, "BTC", tick=0.5, lot=0.001),
        fact(Event.GRID, D2023, "BTC", tick=0.1, lot=0.0001),
        fact(Event.LISTED, D2021, "LUNA"),
        fact(Event.DELISTED, D2022, "LUNA"),
        fact(Event.LISTED, D2021, "LEND"),
        fact(Event.RENAMED, D2022, "LEND", successor="AAVE", ratio=0.01),
        fact(Event.LISTED, D2023, "LUNA"),  # another coin under the name of the one that died
    ),
)


def names(listings: Listings, date: int) -> list[str]:
    return [market.removeprefix("x:") for market in listings.universe(LINEAR, date)]


def test_a_universe_holds_what_was_listed_then_those_that_died_included() -> None:
    assert names(HISTORY, D2021) == ["BTC", "LEND", "LUNA"]
    assert names(HISTORY, D2022) == ["AAVE", "BTC"]
    assert names(HISTORY, D2024) == ["AAVE", "BTC", "LUNA"]


@pytest.mark.parametrize("date", [D2021 - 1, D2024 + 1])
def test_outside_the_record_nothing_is_claimed(date: int) -> None:
    with pytest.raises(InputError) as caught:
        HISTORY.universe(LINEAR, date)
    assert caught.value.code == "universe_unknown"
    assert "2021-01-01T00:00:00Z to 2024-01-01T00:00:00Z" in caught.value.hint
    with pytest.raises(InputError):
        HISTORY.universe(Kind.SPOT, D2022)


def test_a_list_of_todays_winners_is_refused_for_the_past() -> None:
    winners = [MarketId("x:AAVE"), MarketId("x:BTC")]
    HISTORY.check(winners, [LINEAR], D2024)
    with pytest.raises(InputError) as caught:
        HISTORY.check(winners, [LINEAR], D2021)
    assert caught.value.code == "not_listed_then"
    assert "x:AAVE" in caught.value.message
    today = Listings(
        "x", Listings("x", ()).observed(LINEAR, D2024, {"BTC": Seen(0.1, 0.001, D2021)}, "the list of today")
    )
    assert names(today, D2024) == ["BTC"]
    with pytest.raises(InputError) as caught:
        today.check([MarketId("x:BTC")], [LINEAR], D2022)
    assert caught.value.code == "universe_unknown", "BTC was listed, but who was there with it is not known"


def test_tick_and_lot_are_those_of_the_time() -> None:
    btc = MarketId("x:BTC")
    assert HISTORY.grid(btc, D2021 - 1) is None
    assert HISTORY.grid(btc, D2022) == (0.5, 0.001)
    assert HISTORY.grid(btc, D2024) == (0.1, 0.0001)


def test_a_holding_follows_its_name_with_the_ratio() -> None:
    assert HISTORY.successor(MarketId("x:LEND"), D2021, D2024) == ("x:AAVE", 0.01)
    assert HISTORY.successor(MarketId("x:LEND"), D2021, D2021) == ("x:LEND", 1.0)
    assert HISTORY.successor(MarketId("x:BTC"), D2021, D2024) == ("x:BTC", 1.0)


def test_a_market_knows_the_names_it_had() -> None:
    again = Listings("x", (*HISTORY.facts, fact(Event.RENAMED, D2023, "AAVE", successor="AAVE2", ratio=10.0)))
    assert again.names_before(MarketId("x:AAVE2")) == (
        OldName(MarketId("x:AAVE"), D2023, 10.0), OldName(MarketId("x:LEND"), D2022, 0.01)
    )  # fmt: skip
    assert again.names_before(MarketId("x:BTC")) == ()


def test_two_markets_under_one_name_are_told_apart() -> None:
    luna = MarketId("x:LUNA")
    assert HISTORY.two_under_one_name(luna, D2021, D2024) == (D2022, D2023)
    assert HISTORY.two_under_one_name(luna, D2021, D2023 - 1) is None
    assert HISTORY.two_under_one_name(luna, D2023, D2024) is None
    assert HISTORY.two_under_one_name(MarketId("x:BTC"), D2021, D2024) is None


def looked(*looks: tuple[int, dict[str, Seen]]) -> Listings:
    listings = Listings("x", ())
    for date, listed in looks:
        listings = Listings("x", (*listings.facts, *listings.observed(LINEAR, date, listed, "list")))
    return listings


def test_looks_at_the_whole_list_make_a_record_from_the_first_on() -> None:
    a, b = Seen(0.1, 1.0, listed_ms=D2021), Seen(0.2, 1.0)
    record = looked((D2023, {"A": a, "B": b}), (D2023 + DAY_MS, {"A": a}), (D2023 + 2 * DAY_MS, {"A": a, "B": a}))
    assert names(record, D2023) == ["A", "B"]
    assert names(record, D2023 + DAY_MS) == ["A"]
    assert names(record, D2023 + DAY_MS + 1) == ["A", "B"], "again, at the earliest after the look that missed it"
    with pytest.raises(InputError):
        record.universe(LINEAR, D2022)
    assert record.grid(MarketId("x:B"), D2023 + 2 * DAY_MS) == (0.1, 1.0)


def test_between_looks_too_far_apart_nothing_is_claimed() -> None:
    a = Seen(0.1, 1.0)
    record = looked((D2023, {"A": a}), (D2023 + 10 * DAY_MS, {"A": a}))
    assert names(record, D2023 + 10 * DAY_MS) == ["A"]
    with pytest.raises(InputError):
        record.universe(LINEAR, D2023 + 5 * DAY_MS)


def test_the_date_of_a_delisting_is_the_venues_where_it_gives_one() -> None:
    gone = Seen(0.1, 1.0, delisted_ms=D2023 + DAY_MS // 2)
    record = looked((D2023, {"A": Seen(0.1, 1.0)}), (D2023 + DAY_MS, {"A": gone}), (D2023 + 2 * DAY_MS, {"A": gone}))
    assert names(record, D2023 + DAY_MS // 2 - 1) == ["A"]
    assert names(record, D2023 + DAY_MS // 2) == []
    assert len([one for one in record.facts if one.event is Event.DELISTED]) == 1


def test_what_a_list_does_not_tell_of_tick_and_lot_is_not_recorded_again_and_again() -> None:
    nothing, tick = Seen(math.nan, math.nan), Seen(0.1, math.nan)
    record = looked(*((D2023 + day * DAY_MS, {"A": nothing, "B": tick}) for day in range(3)))
    assert record.grid(MarketId("x:A"), D2024) is None
    assert [one.symbol for one in record.facts if one.event is Event.GRID] == ["B"]
    assert record.complete(LINEAR) == ((D2023, D2023 + 2 * DAY_MS),)


def test_facts_are_kept_in_the_lake_as_they_were_first_known(tmp_path: Path) -> None:
    lake = open_lake(tmp_path)
    assert listings_of(lake, "x").facts == ()
    later = [replace(one, available_at=D2024) for one in HISTORY.facts]
    for facts in (HISTORY.facts[:4], later, HISTORY.facts):
        with lake.change() as change:
            record_listings(change, "x", facts)
    kept = listings_of(lake, "x")
    assert len(kept.facts) == len(HISTORY.facts)
    assert {one.available_at for one in kept.facts} == {D2021, D2023, D2024}
    assert names(kept, D2022) == names(HISTORY, D2022)
    assert kept.grid(MarketId("x:BTC"), D2024) == (0.1, 0.0001)
    assert lake.list() == ()
