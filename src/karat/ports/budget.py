"""The budget of requests: every host has one line, and whatever of Karat wants to ask it stands in that line."""

from __future__ import annotations

from typing import Protocol


class RequestBudget(Protocol):
    """Shared by all tasks and processes of one KARAT_HOME."""

    async def spend(self, host: str, cost_ms: float) -> None:
        """Wait until a request that takes `cost_ms` of the host's time may go.

        The cost is one minute divided by how many such requests the host allows in a minute, in milliseconds. Raises
        RetryLater `host_on_hold` when the host asked to be left alone for longer than anyone should wait.
        """
        ...

    def hold(self, host: str, seconds: float) -> None:
        """Send nothing to the host for so long: it said so (429, 418 or their like). A longer hold stays."""
        ...
