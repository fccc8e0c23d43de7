"""Yahoo Finance: gold, VIX, S&P 500 and the dollar index, by the day. No key, and no document of the vendor's."""
