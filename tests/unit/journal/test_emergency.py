"""The file beside the journal: what is kept is there after a crash, on a full disk too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from karat.core.errors import KaratError
from karat.core.ids import BotId, ClientOrderId, MarketId
from karat.core.model.reasons import Reason
from karat.journal.emergency import ROOM_BYTES, EmergencyFile
from karat.oms.records import Order, Status
from karat.ports.trading import OrderRecord
from karat.ports.venue import Timing

PARENT = ClientOrderId("k00007000100000000e00")


def order(intent: int) -> OrderRecord:
    name, market = ClientOrderId(f"k0000700010000000{intent}s00"), MarketId("venue:AAA")
    left = {"status": Status.SENT, "sends": 1}
    sent = Order(name, market, -1, 25, 5_000, True, trigger_ticks=410, reduce_only=True, **left)
    times = {"decision_ts": 1_700_000_000_000, "sent_ms": 1_700_000_000_100}
    return OrderRecord(sent, BotId("ada"), 7, reason=Reason.STOP, parent=PARENT, timing=Timing(8), **times)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[EmergencyFile]:
    with closing(EmergencyFile(tmp_path, 7)) as made:
        yield made


def read_again(file: EmergencyFile) -> tuple[OrderRecord, ...]:
    """As the process after a crash would."""
    with closing(EmergencyFile(file.path.parent, 7)) as again:
        return again.kept()


def test_what_is_kept_is_there_after_a_crash_as_it_was(file: EmergencyFile) -> None:
    file.keep([order(1), order(2)])
    file.keep([order(3)])
    assert read_again(file) == (order(1), order(2), order(3)) == file.kept()


def test_an_order_that_is_kept_twice_counts_once_as_it_was_last(file: EmergencyFile) -> None:
    later = replace(order(1), sent_ms=1_700_000_009_000)
    file.keep([order(1)])
    file.keep([later])
    assert read_again(file) == (later,)


def test_what_is_cleared_is_gone_and_leaves_nothing_behind_what_comes_after(file: EmergencyFile) -> None:
    file.keep([order(1), order(2), order(3)])
    file.clear()
    assert read_again(file) == ()
    file.keep([order(4)])
    assert read_again(file) == (order(4),)


def test_the_space_is_taken_before_it_is_needed(file: EmergencyFile) -> None:
    assert file.path.stat().st_blocks * 512 >= ROOM_BYTES
    file.keep([order(1)])
    assert file.path.stat().st_size == ROOM_BYTES


@pytest.mark.parametrize("torn", [1, 9, 40])
def test_a_line_that_was_torn_off_does_not_count(file: EmergencyFile, torn: int) -> None:
    file.keep([order(1)])
    end = len(file.path.read_bytes().rstrip(b"\0"))
    file.keep([order(2)])
    with file.path.open("r+b") as raw:
        raw.seek(end + torn)
        raw.write(bytes(ROOM_BYTES - end - torn))
    assert read_again(file) == (order(1),)


def test_damage_before_whole_lines_needs_a_person(file: EmergencyFile) -> None:
    file.keep([order(1), order(2)])
    with file.path.open("r+b") as raw:
        raw.seek(20)
        raw.write(b"#")
    with pytest.raises(KaratError) as refused:
        read_again(file)
    assert refused.value.code == "emergency_damaged"


def test_where_there_is_no_more_room_nothing_is_kept(file: EmergencyFile) -> None:
    many = [order(1)] * (ROOM_BYTES // 400)
    with pytest.raises(KaratError) as refused:
        file.keep(many)
    assert refused.value.code == "emergency_busy"
    assert file.kept() == read_again(file) == ()


def test_another_journal_has_another_file(file: EmergencyFile, tmp_path: Path) -> None:
    file.keep([order(1)])
    with closing(EmergencyFile(tmp_path, 8)) as other:
        assert other.kept() == ()


def test_a_disk_that_refuses_says_so(tmp_path: Path) -> None:
    (tmp_path / "emergency-7.log").symlink_to("/dev/full")
    with pytest.raises(KaratError) as refused:
        EmergencyFile(tmp_path, 7)
    assert refused.value.code == "emergency_busy"
