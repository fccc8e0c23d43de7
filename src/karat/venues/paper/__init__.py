"""The paper venue: fills by the kernel's own functions, without money."""

from karat.venues.paper.venue import PaperVenue

__all__ = ["PaperVenue"]
