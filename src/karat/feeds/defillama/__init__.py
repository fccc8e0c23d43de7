"""DefiLlama: the supply of all stablecoins, by the day. No key."""
