"""From trade to trade: the path of a sweep whose policies are plain, several times faster than the loop over bars.

A plain policy has stops and takes that stay where the entry put them, no limits of its own and no payments while a
position is held (`plain.py`). Then nothing happens between an entry and the first bar that meets a level or asks to
leave, except that equity is marked.

1. `positions.py` goes from entry to exit; the bar that meets a level is searched for in blocks of 8 and 64 bars
   (`search.py`). It writes down spans of bars with what is held.
2. `marking.py` turns the spans into peak, drawdown and daily returns: the last close of each day, and of the rest only
   blocks whose closes could set a new peak or a deeper drawdown.
3. Policies that differ in nothing but their levels share a table of what becomes of each entry at each level
   (`outcomes.py`) and go through the entries together (`levels.py`).

Every number comes from the formulas of `loop.py` in their order, so trades and figures are equal to the bit.
"""
