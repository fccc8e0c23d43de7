"""The shadow venue: real decisions on live data, whose orders are recorded and go nowhere."""

from karat.venues.shadow.beside import BesideVenue
from karat.venues.shadow.venue import ShadowVenue

__all__ = ["BesideVenue", "ShadowVenue"]
