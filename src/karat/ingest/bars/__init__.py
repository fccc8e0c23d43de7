"""Bars out of stored and streamed trades, into the lake.

1. `cuts` finds where trades are missing, out of their numbers, the gaps that a stream wrote down, or long pauses.
2. `making` turns a stretch of trades and its cuts into rows of bars; what it carries on is a `Progress`.
3. `keeping` puts rows of bars into the lake, and whole time bars into the candles.
4. `builder` does both, stretch by stretch: for `batch` those of a stored tape (`tapes`), for `live` those that are
   streamed, in the same change of the lake as the trades. `saved` is what `live` goes on from after it was killed.
"""
