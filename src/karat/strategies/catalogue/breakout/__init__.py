"""Strategies that trade a price leaving its range."""
