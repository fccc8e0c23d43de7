"""Request weight, as venues count it: over the budget comes a ban, and who goes on during one is banned longer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from karat.ports.venue import CancelOrder, FetchFills, Look, LookUp, Request, Submit

WEIGHTS: dict[type[Request], int] = {Submit: 1, CancelOrder: 1, LookUp: 2, FetchFills: 5, Look: 10}
WINDOW_MS = 60_000
RETRY_AFTER_MS = 10_000
LONGER_MS = 60_000


@dataclass
class Gatekeeper:
    """`budget`: weight in any minute."""

    budget: int = 1_200

    def __post_init__(self) -> None:
        self._spent: deque[tuple[int, int]] = deque()
        self.banned_until_ms = 0

    def ban(self, until_ms: int) -> None:
        self.banned_until_ms = max(self.banned_until_ms, until_ms)

    def spent(self, now_ms: int) -> int:
        """Weight of the minute before now."""
        while self._spent and self._spent[0][0] <= now_ms - WINDOW_MS:
            self._spent.popleft()
        return sum(weight for _, weight in self._spent)

    def lets(self, request: Request, now_ms: int) -> str:
        """ "": it may pass; else "429" or "418"."""
        if now_ms < self.banned_until_ms:
            self.ban(now_ms + LONGER_MS)
            return "418"
        weight = WEIGHTS[type(request)]
        if self.spent(now_ms) + weight > self.budget:
            self.ban(now_ms + RETRY_AFTER_MS)
            return "429"
        self._spent.append((now_ms, weight))
        return ""
