"""NAME: which markets.

Say which page of the documentation describes candles, how many one answer holds, how volume is counted, what is odd.
"""

from __future__ import annotations

from karat.feeds.common.ccxt_markets import Facts

FACTS: dict[str, Facts] = {}  # by venue: the part of a market's name before the colon
