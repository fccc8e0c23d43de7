"""The ledger's file: what was sealed stays, whatever dies, and whoever takes something out is found."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from karat.core.errors import NeedsOperator
from karat.research.ledger.chain import Chain


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path / "ledger" / "trials.jsonl")


def test_lines_come_back_in_their_order_each_sealed_with_the_one_before(chain: Chain):
    for count in (3, 5):
        chain.append({"count": count})
    assert [(line.seq, line.record["count"]) for line in chain.lines()] == [(1, 3), (2, 5)]
    told = [json.loads(text) for text in chain.path.read_text().splitlines()]
    assert told[1]["previous"] == told[0]["hash"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: lines[:-1], "1 of its 3 lines are missing"),
        (lambda lines: [], "3 of its 3 lines are missing"),
        (lambda lines: [lines[0], lines[2]], "line 2 does not hold"),
        (lambda lines: [lines[0].replace('"count": 1', '"count": 0'), *lines[1:]], "line 1 does not hold"),
        (lambda lines: [lines[0], "nonsense", lines[2]], "line 2 does not hold"),
    ],
)
def test_whoever_takes_out_or_changes_a_line_is_found(chain: Chain, change, what):
    for count in (1, 2, 3):
        chain.append({"count": count})
    lines = change(chain.path.read_text().splitlines())
    chain.path.write_text("".join(line + "\n" for line in lines))
    for work in (chain.lines, lambda: chain.append({"count": 4})):
        with pytest.raises(NeedsOperator, match=what) as caught:
            work()
        assert caught.value.code == "ledger_damaged"


def test_a_ledger_without_its_head_is_refused(chain: Chain):
    chain.append({"count": 1})
    chain.append({"count": 2})
    chain.path.with_suffix(".head").unlink()
    with pytest.raises(NeedsOperator, match="head is missing"):
        chain.lines()


def test_a_line_that_was_cut_by_death_was_never_acknowledged_and_is_dropped(chain: Chain):
    chain.append({"count": 1})
    with chain.path.open("a") as file:
        file.write('{"hash": "half a li')
    assert len(chain.lines()) == 1
    chain.append({"count": 2})
    assert [line.record["count"] for line in chain.lines()] == [1, 2]


def test_a_line_whose_writer_died_before_the_head_was_moved_counts(chain: Chain):
    chain.append({"count": 1})
    head = chain.path.with_suffix(".head").read_bytes()
    chain.append({"count": 2})
    chain.path.with_suffix(".head").write_bytes(head)
    assert [line.record["count"] for line in chain.lines()] == [1, 2]
    chain.append({"count": 3})
    assert [line.seq for line in chain.lines()] == [1, 2, 3]


def _append_many(path: Path, who: int) -> None:
    for count in range(10):
        Chain(path).append({"who": who, "count": count})


def test_several_processes_write_one_chain(chain: Chain):
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_append_many, args=(chain.path, who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(chain.lines()) == 30
    for who in range(3):
        assert [line.record["count"] for line in chain.lines() if line.record["who"] == who] == list(range(10))
