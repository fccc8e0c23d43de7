"""Statistics of belief: how much of a good result luck explains, and what is left.

`deflated` asks it of one Sharpe ratio among many trials, `multiple_testing` of many p-values, `overfitting` of the
choice of a best, `superior` of the best against a benchmark, `trade_paths` of the order of trades. They stand on
`random` (counter-based numbers), `bootstrap` (stationary resampling) and `splits` (windows that do not touch).
"""
