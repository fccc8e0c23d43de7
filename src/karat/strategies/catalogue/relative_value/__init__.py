"""Strategies that trade with a drift of weeks."""
