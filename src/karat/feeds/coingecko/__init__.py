"""CoinGecko: the market's size and Bitcoin's share of it, as they are now. A free key is optional."""
