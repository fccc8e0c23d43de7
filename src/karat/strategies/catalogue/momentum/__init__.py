"""Strategies that trade with a move that has just begun."""
