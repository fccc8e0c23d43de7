"""Who may write: one row, a token that only grows, and until when nobody else gets a greater one.

The token is what keeps two writers apart. The time says when the next one may come in without being asked, where
nothing shows that the one before is gone.
"""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select, update

from karat.core.errors import NeedsOperator, RetryLater
from karat.journal.tables import HEAD
from karat.journal.writer import Writer

_TAKE = (
    update(HEAD)
    .values(token=HEAD.c.token + 1, holder=bindparam("by"), until_ms=bindparam("lasts_until"))
    .where(HEAD.c.one == 1, or_(HEAD.c.until_ms <= bindparam("now"), HEAD.c.holder == bindparam("same")))
    .returning(HEAD.c.token)
)
_MOVE = update(HEAD).values(until_ms=bindparam("lasts_until")).where(HEAD.c.token == bindparam("mine"))
_HOLDER = select(HEAD.c.holder)
_EVER = 2**62


def take(writer: Writer, holder: str, now_ms: int, lasts_ms: int, *, alone: bool) -> int:
    """The new token. `alone`: whoever had the lease is known to be gone. Raises RetryLater `lease_held`."""
    now = _EVER if alone else now_ms
    with writer.transaction():
        taken = writer.ask(_TAKE, by=holder, same=holder, now=now, lasts_until=now_ms + lasts_ms)
        if taken:
            return taken[0][0]
        other = writer.ask(_HOLDER)[0][0]
    raise RetryLater("lease_held", f"Another Karat ({other}) runs the bots of this journal.", "Stop it there, or wait.")


def move(writer: Writer, token: int, until_ms: int) -> bool:
    """Let the lease of `token` last until then; False where it is not the newest."""
    with writer.transaction():
        return token > 0 and writer.change(_MOVE, mine=token, lasts_until=until_ms) == 1


def lost() -> NeedsOperator:
    """Another one has become the writer."""
    return NeedsOperator(
        "lease_lost",
        "Another Karat has taken over this journal: this one must not trade on.",
        "See which one is to run, and stop the other.",
    )
