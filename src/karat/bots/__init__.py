"""Bots: a strategy, a policy and some capital, stepped bar by bar and kept in the journal."""
