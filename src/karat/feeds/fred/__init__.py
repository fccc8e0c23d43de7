"""FRED, the Federal Reserve Bank of St. Louis: VIX, S&P 500, broad dollar index, rates. A free key."""
