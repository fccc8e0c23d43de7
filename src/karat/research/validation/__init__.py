"""Whether what a sweep found would have held on bars it did not see.

`walk_forward` sweeps window after window and trades what each one chose, `cross_validation` asks the same of one matrix
of daily returns in many ways (`purged_paths`, the halves of `stats.belief.overfitting`, and buy and hold as benchmark).
Nothing here writes the trial ledger: what must be told to it comes with the results.
"""
