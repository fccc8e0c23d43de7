"""The trial ledger: how many variants were ever tried, of which family of strategies, on which market.

`chain` keeps the lines, `lineage` says which family code belongs to, `trials` what is written for a sweep, a backtest
or a look into a vault, `account` what it adds up to. How many different things the trials were: `stats.belief.sketch`.
"""
