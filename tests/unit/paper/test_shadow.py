"""The shadow venue: it decides as on paper, sends nothing, and says of all it says that it is a shadow."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.bots.fleet import Desk, demo, kept

from karat.app.serve_fleet import venue_for
from karat.core.ids import BotId
from karat.ports.cockpit import EventKind, Mode
from karat.venues.paper import PaperVenue
from karat.venues.shadow import ShadowVenue

BARS = 300


def fleet(home: Path, *modes: Mode) -> Desk:
    desk = Desk(home, *demo(BARS))
    for mode in modes:
        record = desk.journal.bot(desk.create(f"spare-{mode}"))
        desk.journal.create_bot(replace(record, id=BotId(mode.value), name=mode.value, mode=mode))
    return desk


def test_a_shadow_decides_as_paper_does_and_marks_every_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper, shadow = fleet(tmp_path / "paper", Mode.PAPER), fleet(tmp_path / "shadow", Mode.PAPER)
    bot = BotId("paper")
    asyncio.run(paper.runner(PaperVenue()).run([bot]))
    asyncio.run(shadow.runner(ShadowVenue(PaperVenue())).run([bot], int(shadow.candles.ts[150])))
    shadow.reopen()  # taken up in the middle, by another process
    asyncio.run(shadow.runner(ShadowVenue(PaperVenue())).run([bot]))
    one, other = kept(paper.journal, bot), kept(shadow.journal, bot)
    assert one.pop("told") != [] and other.pop("told") != []
    assert one == other and len(shadow.journal.fills(bot)) > 10
    orders = shadow.journal.orders_of(bot)
    assert orders and {one.order.venue_id.partition("-")[0] for one in orders if one.order.venue_id} == {"shadow"}
    words = [one for one in shadow.journal.log(0, 10**6) if one.cause == "venue" and one.kind != EventKind.RECONCILED]
    assert words and all(one.text.endswith("(shadow)") for one in words if "event" in one.payload)
    for desk in (paper, shadow):
        desk.journal.close()


def test_beside_each_other_each_order_goes_to_the_venue_of_its_bot(tmp_path: Path) -> None:
    desk = fleet(tmp_path, Mode.PAPER, Mode.SHADOW)
    names = [BotId("paper"), BotId("shadow")]
    asyncio.run(desk.runner(venue_for(desk.journal, [desk.journal.bot(name) for name in names])).run(names))
    for name in names:
        said = {one.order.venue_id.partition("-")[0] for one in desk.journal.orders_of(name) if one.order.venue_id}
        assert said == {name}
    fills = [[(fill.ts, fill.price, fill.lots) for fill in desk.journal.fills(name)] for name in names]
    assert fills[0] == fills[1] != []
    desk.journal.close()


def test_it_opens_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = fleet(tmp_path, Mode.SHADOW)

    def forbidden(*told: object) -> None:
        raise AssertionError(f"a shadow opened a connection: {told}")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket.socket, "sendto", forbidden)
    bot = BotId("shadow")
    asyncio.run(desk.runner(venue_for(desk.journal, [desk.journal.bot(bot)])).run([bot]))
    assert len(desk.journal.fills(bot)) > 10
    desk.journal.close()


def test_it_stands_before_no_venue_that_trades() -> None:
    class Trading(PaperVenue):
        @property
        def traits(self):
            return replace(super().traits, simulates=False)

    with pytest.raises(AssertionError, match="never stands before"):
        ShadowVenue(Trading())
