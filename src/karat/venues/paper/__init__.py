"""The paper venue: real or replayed prices, simulated fills."""

from karat.venues.paper.orders import OrderPaperVenue as PaperVenue

__all__ = ["PaperVenue"]
