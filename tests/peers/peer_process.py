"""The peers, in a process of their own: what they warn about, patch and load stays there. It knows nothing of Karat.

`python -m tests.peers.peer_process ASKED.json ANSWERED.json`. Every bar is given to a peer as two rows: its open alone,
then the bar. Market orders fill in the first row, stops and takes of that very position may be met in the second.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS_PER_BAR = 2


@dataclass(frozen=True)
class Asked:
    """Columns of one length and the settings of one case."""

    ts: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    entry: np.ndarray
    exit_long: np.ndarray
    exit_short: np.ndarray
    stop: float | None
    take: float | None
    trailing: bool
    notional: float
    capital: float
    fee: float

    @property
    def units(self) -> np.ndarray:
        """Whole units bought for the notional at each close."""
        return self.notional // self.close

    def rows(self) -> pd.DataFrame:
        """Each bar as two rows."""
        opens = np.repeat(self.open, ROWS_PER_BAR)
        frame = pd.DataFrame({"Open": opens, "High": opens, "Low": opens, "Close": opens})
        for name in ("high", "low", "close"):
            frame.loc[1::ROWS_PER_BAR, name.title()] = getattr(self, name)
        frame.index = pd.date_range("2000-01-01", periods=len(frame), freq="h")  # evenly spaced: only order counts
        return frame

    def at_next_open(self, decided: np.ndarray) -> np.ndarray:
        """What was decided at each close, in the row of the open at which it acts."""
        out = np.zeros(ROWS_PER_BAR * len(decided), decided.dtype)
        out[ROWS_PER_BAR::ROWS_PER_BAR] = decided[:-1]
        return out


def vectorbt_trades(asked: Asked) -> dict[str, list[float]]:
    """Closed trades by `Portfolio.from_signals`."""
    import vectorbt

    rows = asked.rows()
    portfolio = vectorbt.Portfolio.from_signals(
        rows["Close"],
        open=rows["Open"],
        high=rows["High"],
        low=rows["Low"],
        price=rows["Open"],
        entries=asked.at_next_open(asked.entry > 0),
        exits=asked.at_next_open(asked.exit_long),
        short_entries=asked.at_next_open(asked.entry < 0),
        short_exits=asked.at_next_open(asked.exit_short),
        size=asked.at_next_open(asked.units),
        size_type="amount",
        fees=asked.fee,
        init_cash=asked.capital,
        sl_stop=math.nan if asked.stop is None else asked.stop,
        sl_trail=asked.trailing,
        tp_stop=math.nan if asked.take is None else asked.take,
        stop_entry_price="fillprice",
        upon_opposite_entry="reverse",
        freq="1h",
    )
    records = portfolio.exit_trades.records
    closed = records[records["status"] == 1]
    return {
        "side": (1 - 2 * closed["direction"]).tolist(),
        "entry_bar": (closed["entry_idx"] // ROWS_PER_BAR).tolist(),
        "exit_bar": (closed["exit_idx"] // ROWS_PER_BAR).tolist(),
        "entry_price": closed["entry_price"].tolist(),
        "exit_price": closed["exit_price"].tolist(),
        "pnl": closed["pnl"].tolist(),
    }


def follower(asked: Asked) -> Any:
    """A backtesting.py strategy that does what the signals say and keeps its own stop and take."""
    from backtesting import Strategy

    class Follower(Strategy):
        def init(self) -> None: ...

        def next(self) -> None:
            row = len(self.data) - 1
            if row % ROWS_PER_BAR == 0:
                for trade in self.trades:
                    if trade.entry_bar == row:
                        self.protect(trade)
                return
            bar = row // ROWS_PER_BAR
            if asked.trailing:
                for trade in self.trades:
                    self.trail(trade, bar)
            self.decide(bar)

        def protect(self, trade: Any) -> None:
            side = 1 if trade.is_long else -1
            if asked.take is not None:
                trade.tp = trade.entry_price * (1 + side * asked.take)
            if asked.stop is not None:
                trade.sl = trade.entry_price * (1 - side * asked.stop)

        def trail(self, trade: Any, bar: int) -> None:
            if trade.is_long:
                trade.sl = max(trade.sl, asked.high[bar] * (1 - asked.stop))
            else:
                trade.sl = min(trade.sl, asked.low[bar] * (1 + asked.stop))

        def decide(self, bar: int) -> None:
            entry = asked.entry[bar]
            leaves_long = asked.exit_long[bar] or entry < 0
            leaves_short = asked.exit_short[bar] or entry > 0
            if (self.position.is_long and leaves_long) or (self.position.is_short and leaves_short):
                self.position.close()
            if entry > 0 and not self.position.is_long:
                self.buy(size=int(asked.units[bar]))
            elif entry < 0 and not self.position.is_short:
                self.sell(size=int(asked.units[bar]))

    return Follower


def backtesting_trades(asked: Asked) -> dict[str, list[float]]:
    """Closed trades by `Backtest.run`."""
    from backtesting import Backtest

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a trade is still open at the end, and that prices exceed the cash
        test = Backtest(asked.rows(), follower(asked), cash=asked.capital, commission=asked.fee)
        trades = test.run()["_trades"].sort_values(["EntryBar", "ExitBar"])
    return {
        "side": np.sign(trades["Size"]).tolist(),
        "entry_bar": (trades["EntryBar"] // ROWS_PER_BAR).tolist(),
        "exit_bar": (trades["ExitBar"] // ROWS_PER_BAR).tolist(),
        "entry_price": trades["EntryPrice"].tolist(),
        "exit_price": trades["ExitPrice"].tolist(),
        "pnl": trades["PnL"].tolist(),
    }


PEERS = {"vectorbt": vectorbt_trades, "backtesting": backtesting_trades}


def main(asked_path: str, answered_path: str) -> None:
    given: dict[str, dict[str, Any]] = json.loads(Path(asked_path).read_text("utf-8"))
    answered: dict[str, dict[str, Any]] = {}
    for case, fields in given.items():
        peers = fields.pop("peers")
        asked = Asked(**{key: np.array(value) if isinstance(value, list) else value for key, value in fields.items()})
        answered[case] = {peer: PEERS[peer](asked) for peer in peers}
    Path(answered_path).write_text(json.dumps(answered), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
