"""The golden table: every rule of the simulation page as a few candles with the arithmetic written out."""
