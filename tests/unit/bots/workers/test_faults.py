"""What a user strategy does wrong ends its worker and halts who asked, with the reason; all others go on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.unit.bots.workers.ground import CROSSES, LOOPS, Ground, last_row
from tests.unit.strategies.written import marked_line

from karat.core.errors import InputError, KaratError, NeedsOperator
from karat.strategies import evaluate, resolve

QUIET = "return signals(len(market))"
ALL = "np.ones(len(market), bool)"
FAULTS = {
    "raises": ("1 / 0  # culprit", "strategy_failed", "ZeroDivisionError: division by zero"),
    "writes": (
        "market.close[0] = 1.0  # culprit",
        "strategy_failed",
        "ValueError: assignment destination is read-only",
    ),
    "eats": ("many = np.ones(2**27)  # culprit", "strategy_memory", "Unable to allocate 1.00 GiB"),
    "dies": ("import os\nprint('good bye')\nos._exit(3)", "strategy_died", "exit status 3; it last printed: good bye"),
    "pokes": ("import ctypes\nctypes.memset(market.close.ctypes.data, 0, 8)", "strategy_died", "SIGSEGV"),
    "short": ("return signals(3)", "strategy_garbled", "3 signals for 300 bars"),
    "vague": (
        f"return signals(len(market), long={ALL}, confidence={ALL} * np.nan)",
        "strategy_garbled",
        "not a number",
    ),
    "sure": (
        f"return signals(len(market), long={ALL}, confidence={ALL} * 2.0)",
        "strategy_garbled",
        "confidence 2 at bar",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_ends_the_worker_and_says_why(name: str, ground: Ground) -> None:
    body, code, reason = FAULTS[name]
    strategy = ground.strategy(name, f"{body}\n{QUIET}")
    with pytest.raises(NeedsOperator) as halted:
        ground.voice(strategy).say()
    assert halted.value.code == code and reason in halted.value.message and name in halted.value.message
    if "# culprit" in body:
        assert f"{name}.py:{marked_line(ground.folder / f'{name}.py')}" in halted.value.message
    assert ground.pid(strategy) is None
    candles = ground.history.candles()
    assert candles.close.tobytes() == ground.candles.close[: len(candles)].tobytes()


def test_what_never_ends_is_killed_and_told_where_it_was_and_others_go_on(ground: Ground) -> None:
    good = ground.strategy("crosses", CROSSES)
    going = ground.voice(good)
    going.say()
    others = ground.pid(good)
    strategy = ground.strategy("loops", LOOPS.format(bars=300).replace("pass", "pass  # culprit"))
    voice = ground.voice(strategy)
    assert voice.say().entry.tolist() == [0]
    pid = ground.pid(strategy)
    ground.grow()
    with pytest.raises(NeedsOperator) as halted:
        voice.say()
    assert halted.value.code == "strategy_overran" and "within 0.5 s over 301 bars" in halted.value.message
    looping = marked_line(ground.folder / "loops.py")
    assert f"loops.py:{looping}" in halted.value.message or f"loops.py:{looping - 1}" in halted.value.message
    assert pid is not None and not Path(f"/proc/{pid}").exists()
    whole = evaluate(good, ground.history.market(), resolve(good))
    assert last_row(going.say()) == last_row(whole) and ground.pid(good) == others


def test_bots_of_one_code_go_on_in_a_new_worker_when_the_parameters_of_one_break_it(ground: Ground) -> None:
    strategy = ground.strategy("picky", f"if p.period == 13 and len(market) > 300:\n    1 / 0\n{CROSSES}")
    good, bad = ground.voice(strategy), ground.voice(strategy, period=13)
    good.say(), bad.say()
    before = ground.pid(strategy)
    ground.grow()
    with pytest.raises(NeedsOperator):
        bad.say()
    assert last_row(good.say()) == last_row(evaluate(strategy, ground.history.market(), resolve(strategy)))
    assert ground.pid(strategy) not in (before, None)


def test_what_another_left_behind_is_not_held_against_the_one_who_asks(ground: Ground) -> None:
    head = "import os\n\nasked = []\n"
    body = f"asked.append(p.period)\nif len(set(asked)) > 1:\n    os._exit(9)\n{CROSSES}"
    strategy = ground.strategy("remembers", body, head=head)
    first, second = ground.voice(strategy), ground.voice(strategy, period=30)
    first.say()
    assert last_row(second.say()) == last_row(
        evaluate(ground.strategy("crosses", CROSSES), ground.history.market(), resolve(strategy, {"period": 30}))
    )


def test_all_who_share_a_fault_learn_it_from_one_evaluation_and_resuming_asks_anew(ground: Ground) -> None:
    strategy = ground.strategy("tells", f"import os\nraise ValueError(os.getpid())\n{QUIET}")
    told: list[str] = []
    for resumed in (False, True):
        voices = [ground.voice(strategy)] * 3
        for voice in voices:
            with pytest.raises(NeedsOperator) as halted:
                voice.say()
            told.append(halted.value.message)
        assert len(set(told)) == 1 + resumed


def test_a_worker_killed_while_idle_is_replaced(ground: Ground) -> None:
    strategy = ground.strategy("crosses", CROSSES)
    voice = ground.voice(strategy)
    for _ in range(2):
        voice.say()
        pid = ground.pid(strategy)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        ground.grow()
    assert last_row(voice.say()) == last_row(evaluate(strategy, ground.history.market(), resolve(strategy)))


def test_what_answers_before_it_is_asked_is_not_believed(ground: Ground) -> None:
    body = "import socket, sys\nsocket.socket(fileno=int(sys.argv[1])).send(b'\\x01\\x00\\x00\\x00k')\n"
    strategy = ground.strategy(
        "eager", f"if len(market) == 300:\n    {body.replace(chr(10), chr(10) + '    ')}\n{QUIET}"
    )
    with pytest.raises(NeedsOperator) as halted:
        ground.voice(strategy).say()
    assert halted.value.code in ("strategy_garbled", "strategy_died")  # it may be gone before it is read


def test_code_edited_since_the_bot_began_is_refused(ground: Ground) -> None:
    strategy = ground.strategy("edited", QUIET)
    (ground.folder / "edited.py").write_text((ground.folder / "edited.py").read_text() + "# another thought\n")
    with pytest.raises(NeedsOperator) as halted:
        ground.voice(strategy).say()
    assert halted.value.code == "strategy_changed"


def test_what_the_market_lacks_is_said_as_in_this_process(ground: Ground) -> None:
    strategy = ground.strategy("reads", QUIET, needs=("sentiment",))
    told: list[KaratError] = []
    for ask in (
        lambda: ground.voice(strategy).say(),
        lambda: evaluate(strategy, ground.history.market(), resolve(strategy)),
    ):
        with pytest.raises(InputError) as refused:
            ask()
        told.append(refused.value)
    assert [(one.code, one.message, one.hint) for one in told[:1]] == [
        (one.code, one.message, one.hint) for one in told[1:]
    ]
