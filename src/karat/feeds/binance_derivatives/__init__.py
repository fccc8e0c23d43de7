"""Binance USDS-margined futures: funding, open interest, long/short ratios, premium index and basis. No key."""
