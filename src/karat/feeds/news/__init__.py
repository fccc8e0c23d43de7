"""News headlines out of an RSS 2.0 feed, each known from the moment it was received. No key."""
