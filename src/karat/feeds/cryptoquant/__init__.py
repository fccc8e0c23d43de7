"""CryptoQuant: NUPL, SOPR, MVRV, exchange in- and outflow of Bitcoin, by the day. A paid key."""
