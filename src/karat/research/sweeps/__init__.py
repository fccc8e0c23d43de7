"""Many variants of one strategy: which of them are simulated, in which batches, by what they are ordered, how they are
kept. `sweep` is one in memory, `job` one that is kept while it runs, `study` one that Optuna leads.
"""
