"""Answers of alternative.me to columns."""

from __future__ import annotations

from karat.feeds.shapes import records

index = records({"value": "value"}, "timestamp")
