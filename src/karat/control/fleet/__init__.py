"""A backtest of a whole fleet: its file, its run on the runtime's own parts, what came of it, and its page."""
