"""The words of a verdict on a bot, as the page, the API and the terminal show them."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What research has proven about a bot, by the dossier it was deployed from. Without one: nothing."""

    NOT_PROVEN = "not proven"
    ON_WATCH = "on watch"  # it survived, but not everything that is asked for was reached
    PROVEN = "proven"  # gold in research, which is not readiness for real money
