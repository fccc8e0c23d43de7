"""alternative.me: the Crypto Fear & Greed Index. No key."""
