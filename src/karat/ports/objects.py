"""A place for objects outside this machine's lake: a bucket, or a folder on another disk.

Keys are relative to the place, parts separated by `/`. An object is there whole or not at all. Every method raises
InputError when the place cannot be used as it stands (`remote_forbidden`, `no_bucket`, ...) and RetryLater when the
same call may succeed later (`remote_unreachable`, `disk_full`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Held(NamedTuple):
    """An object's bytes, and a word that changes whenever they do."""

    content: bytes
    version: str


class Objects(Protocol):
    """One such place."""

    @property
    def name(self) -> str:
        """How people call it, for example s3://bucket/prefix; holds no secret."""
        ...

    def read(self, key: str) -> Held | None:
        """The object, or None when there is none."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Put an object, in the place of an older one if there is one."""
        ...

    def replace(self, key: str, content: bytes, version: str | None) -> None:
        """Put an object if the one there still has `version`; None: if there is none.

        Raises RetryLater `remote_changed` when another writer was first.
        """
        ...

    def sizes(self) -> dict[str, int]:
        """Every object's key and bytes."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        ...
