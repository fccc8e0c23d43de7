"""Strategies that trade against a move."""
