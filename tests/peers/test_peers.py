"""backtesting.py and vectorbt make the same trades, bar for bar and price for price, where they mean the same.

What coincides, with the settings of `cases.py`: signals of a close act as market orders at the next open; a signal exit
comes before a stop of the same bar; a reversal closes and opens at one price; a stop comes before a take of the same
bar, and both are live from the entry bar on; a gapped stop fills at the open; a trailing stop follows the high (low) at
each close, the entry bar's included; the fee is a fraction of notional at both ends; what is open at the end is no
closed trade.

What does not, and what is done about it:
- A peer that sees a bar whole either fills at the open and looks for stops from the next bar on (vectorbt, in which a
  stop of the bar also forestalls the exit at its open), or wants levels before the fill is known (backtesting.py). Both
  therefore get every bar as two rows, its open alone and then the bar (`peer_process.py`).
- **A take gapped by the open** fills at the open in both peers, at its own price here (a maker gets the price asked,
  step 7). Such a trade must end at the same bar, at the level here and at the open there: the second test.
- In vectorbt a stop met at the open takes the place of an entry due there, and with two rows an open beyond the extreme
  moves a trailing stop before the rest of the bar, where here only a close moves it. Hourly perpetual bars open where
  the last one closed and hold neither; the trailing case on equities, which gap, is for backtesting.py alone.
- The peers know no tick and no lot: the tick is a millionth here, sizes are whole units of a large notional.
- A touch is enough for a limit (`strict_limit` off), a take closes all (`take_fraction` 1), spread, slippage and
  funding are zero: the peers have nothing of the kind, or of another meaning. Size as a fraction of equity is fixed at
  the decision here and at the fill there, so all trade a fixed notional over the close of the decision.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.peers.cases import CAPITAL, CASES, FEE, NOTIONAL, PEERS, Ask, Case, ask

from karat.core.model.reasons import Reason

ROOT = Path(__file__).resolve().parents[2]
Answers = dict[str, dict[str, dict[str, Any]]]  # columns of trades by case and peer
PAIRS = [(case, peer) for case in CASES for peer in case.peers]


@pytest.fixture(scope="module")
def asks(shared: Path) -> dict[str, Ask]:
    return {case.name: ask(case, shared) for case in CASES}


@pytest.fixture(scope="module")
def answers(asks: dict[str, Ask], tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Trades of each peer by case and peer, all from one process."""
    missing = [peer for peer in PEERS if find_spec(peer) is None]
    if missing:
        if os.environ.get("CI"):
            pytest.fail(f"under CI the peers must be installed, and {', '.join(missing)} is not")
        pytest.skip(f"not run: {', '.join(missing)} is not installed")
    folder = tmp_path_factory.mktemp("peers")
    (folder / "asked.json").write_text(json.dumps({name: _fields(one) for name, one in asks.items()}), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "tests.peers.peer_process", folder / "asked.json", folder / "answered.json"],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},  # to compile takes longer than to interpret so few bars
        check=True,
        capture_output=True,
        timeout=300,
    )
    return json.loads((folder / "answered.json").read_text("utf-8"))


def _fields(one: Ask) -> dict[str, Any]:
    candles, given, case = one.candles, one.signals, one.case
    columns = {name: getattr(candles, name) for name in ("ts", "open", "high", "low", "close")}
    columns |= {name: getattr(given, name) for name in ("entry", "exit_long", "exit_short")}
    levels = {"stop": case.stop, "take": case.take}
    return {
        **{name: column.tolist() for name, column in columns.items()},
        **{name: None if np.isnan(value) else value for name, value in levels.items()},
        "peers": case.peers,
        "trailing": case.trailing,
        "notional": NOTIONAL,
        "capital": CAPITAL,
        "fee": FEE,
    }


@pytest.mark.parametrize(("case", "peer"), PAIRS, ids=lambda one: one.name if isinstance(one, Case) else one)
def test_a_peer_makes_the_same_trades(asks: dict[str, Ask], answers: Answers, case: Case, peer: str) -> None:
    one, theirs = asks[case.name], answers[case.name][peer]
    ours = one.trades
    assert len(ours) >= 30
    for name in ("side", "entry_bar", "exit_bar"):
        assert theirs[name] == getattr(ours, name).tolist(), name
    same = ~one.gap_takes
    np.testing.assert_allclose(theirs["entry_price"], ours.entry_price, rtol=1e-9)
    np.testing.assert_allclose(np.array(theirs["exit_price"])[same], ours.exit_price[same], rtol=1e-9)
    np.testing.assert_allclose(np.array(theirs["pnl"])[same], ours.pnl[same], rtol=0, atol=1e-9 * NOTIONAL)


@pytest.mark.parametrize("peer", PEERS)
def test_only_a_gapped_take_is_priced_otherwise(asks: dict[str, Ask], answers: Answers, peer: str) -> None:
    gaps = 0
    for name, one in ((name, one) for name, one in asks.items() if peer in one.case.peers):
        at = one.gap_takes
        np.testing.assert_allclose(one.trades.exit_price[at], one.trades.take[at], rtol=1e-12)
        np.testing.assert_array_equal(
            np.array(answers[name][peer]["exit_price"])[at], one.candles.open[one.trades.exit_bar[at]]
        )
        gaps += int(at.sum())
    assert gaps >= 3


def test_the_cases_hold_what_they_are_for(asks: dict[str, Ask]) -> None:
    """Both sides, reversals, gapped stops, stops and takes on the entry bar, bars that touch both."""
    seen = dict.fromkeys(("long", "short", "reversal", "gapped stop", "stop at entry", "take at entry", "both"), 0)
    reasons: set[int] = set()
    for one in asks.values():
        trades, bars = one.trades, one.candles
        at = trades.exit_bar
        stopped = np.isin(trades.reason, (Reason.STOP, Reason.TRAIL))
        far = np.where(trades.side > 0, bars.high[at] >= trades.take, bars.low[at] <= trades.take)
        seen["long"] += int((trades.side > 0).sum())
        seen["short"] += int((trades.side < 0).sum())
        seen["reversal"] += int((trades.entry_bar[1:] == at[:-1]).sum())
        seen["gapped stop"] += int((stopped & (trades.exit_price == bars.open[at])).sum())
        seen["stop at entry"] += int((stopped & (at == trades.entry_bar)).sum())
        seen["take at entry"] += int(((trades.reason == Reason.TAKE) & (at == trades.entry_bar)).sum())
        seen["both"] += int((stopped & far).sum())
        reasons |= set(trades.reason.tolist())
    assert min(seen.values()) >= 3, seen
    assert reasons == {Reason.STOP, Reason.TAKE, Reason.TRAIL, Reason.SIGNAL}
