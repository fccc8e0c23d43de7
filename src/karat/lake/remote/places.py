"""Where a lake is pushed to: `s3://bucket/prefix`, or a folder."""

from __future__ import annotations

import re
from pathlib import Path

from karat.core.errors import InputError
from karat.lake.remote.folder import FolderObjects
from karat.lake.remote.s3 import S3Objects
from karat.ports.objects import Objects

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # the rules of S3 for new buckets
_PREFIX = re.compile(r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*")


def open_place(address: str, endpoint: str | None = None) -> Objects:
    """The place of an address; nothing is asked of it yet. `endpoint` is the server of an s3:// address, where it is
    not AWS.

    Raises InputError `bad_address`, which does not repeat the address: it may hold a secret.
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        if endpoint is not None:
            raise _bad("A folder has no endpoint.")
        if not address or ":" in address:
            raise _bad("That is no address.")
        return FolderObjects(Path(address).expanduser().absolute())
    if scheme[1].lower() != "s3":
        raise _bad(f"Addresses with {scheme[1].lower()}:// are not known.")
    bucket, _, prefix = address[scheme.end() :].partition("/")
    prefix = prefix.strip("/")
    if "@" in bucket:
        raise _bad("An address carries no key.", "Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if not _BUCKET.fullmatch(bucket) or (prefix and not _PREFIX.fullmatch(prefix)) or ".." in prefix.split("/"):
        raise _bad("That is no bucket with a prefix.")
    if endpoint is not None and not re.fullmatch(r"https?://[^\s/@]+/?", endpoint):
        raise _bad("That is no endpoint.", "Write http:// or https://, host and port, and no key.")
    return S3Objects(bucket, prefix, endpoint.rstrip("/") if endpoint else None)


def _bad(message: str, hint: str = "Write s3://bucket/prefix or a folder.") -> InputError:
    return InputError("bad_address", message, hint)
