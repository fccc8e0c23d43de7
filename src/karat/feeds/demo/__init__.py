"""The offline demo market: simulated, seeded, always labelled simulated. See `market.py`."""

from karat.feeds.demo.market import demo_candles, demo_funding
from karat.feeds.demo.symbols import DEMO_START_MS, DEMO_SYMBOLS, demo_instrument

__all__ = ["DEMO_START_MS", "DEMO_SYMBOLS", "demo_candles", "demo_funding", "demo_instrument"]
