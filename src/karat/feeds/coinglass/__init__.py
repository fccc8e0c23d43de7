"""Coinglass: derivatives across exchanges, options, balances, ETF flow and market indices, every four hours. A key."""
