"""Indicators: compiled, causal, equal to the bit on every prefix.

`catalogue.CATALOGUE` lists them by name; `layer` states the NaN rule and checks parameters; `windows` and `recursions`
say how moving sums and averages are kept exact; `signal_helpers` compares columns.
"""
