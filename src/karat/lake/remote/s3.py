"""Objects in a bucket of S3, or of anything that speaks like it; satisfies `karat.ports.objects.Objects`.

The client is obstore. It signs the digest of every body, adds a SHA-256 that the server checks, sends objects above
8 MiB in parts, and tries again a few times. Its errors quote whole answers of the server; ours say one thing and quote
the server's code at most.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from karat.core.errors import InputError, KaratError, RetryLater
from karat.lake.extras import need
from karat.lake.remote.credentials import s3_config
from karat.ports.objects import Held

PART_BYTES = 8 * 1024 * 1024  # S3 takes no part below 5 MiB but the last
_PARTS_AT_ONCE = 4
_RETRIES_MAX = 3
_RETRY_TIMEOUT = timedelta(seconds=30)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_REQUEST_TIMEOUT = timedelta(minutes=2)
_MACHINE = "http://169.254."  # where machines in a cloud are told of their roles
_WHERE_KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
_CODE = re.compile(r"<Code>(\w+)</Code>")
_FORBIDDEN_CODES = {
    "AccessDenied", "AllAccessDisabled", "AccountProblem", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
    "NotSignedUp", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
}  # fmt: skip
_ELSEWHERE_CODES = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}


class S3Objects:
    """Objects under a prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None = None) -> None:
        self._client = need("obstore", "s3", "S3")
        self.name = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        with self._told():
            self._store: Any = _store(bucket, prefix, endpoint)

    def read(self, key: str) -> Held | None:
        with self._told():
            try:
                found = self._client.get(self._store, key)
                return Held(bytes(found.bytes()), str(found.meta["e_tag"]))
            except FileNotFoundError as error:
                if _code(error) == "NoSuchBucket":
                    raise
                return None

    def write(self, key: str, content: bytes) -> None:
        with self._told():
            self._client.put(self._store, key, content, chunk_size=PART_BYTES, max_concurrency=_PARTS_AT_ONCE)

    def replace(self, key: str, content: bytes, version: str | None) -> None:
        with self._told():
            mode: Any = "create" if version is None else {"e_tag": version}
            self._client.put(self._store, key, content, mode=mode, use_multipart=False)

    def sizes(self) -> dict[str, int]:
        with self._told():
            return {item["path"]: item["size"] for page in self._client.list(self._store) for item in page}

    def delete(self, keys: Iterable[str]) -> None:
        with self._told():
            self._client.delete(self._store, list(keys))

    @contextmanager
    def _told(self) -> Generator[None]:
        """Turn the client's errors into ours."""
        try:
            yield
        except (OSError, self._client.exceptions.BaseError) as error:
            raise self._refusal(error) from None  # its text may hold what was signed; no log shall have it

    def _refusal(self, error: Exception) -> KaratError:
        known, code = self._client.exceptions, _code(error)
        if code == "NoSuchBucket":
            return InputError("no_bucket", f"There is no bucket '{self._bucket}'.", "Make it, or mend its name.")
        if isinstance(error, known.AlreadyExistsError | known.PreconditionError):
            return RetryLater("remote_changed", f"Another writer has changed {self.name} meanwhile.", "Try again.")
        if code in _ELSEWHERE_CODES or "301 Moved" in str(error):
            message = f"The bucket '{self._bucket}' is in another region ({code or 'moved'})."
            return InputError("wrong_region", message, "Name its region: AWS_REGION.")
        if code in _FORBIDDEN_CODES or isinstance(error, known.PermissionDeniedError | known.UnauthenticatedError):
            message = f"{self.name} refuses these credentials ({code or 'forbidden'})."
            return InputError("remote_forbidden", message, "Check the key, its rights and AWS_PROFILE.")
        if "AccessKey" in str(error).partition("\n")[0]:
            return InputError("no_credentials", "Only half a key for S3 is given.", _WHERE_KEYS)
        if _MACHINE in str(error).partition("\n")[0]:  # the machine was asked who we are, and does not know
            return InputError("no_credentials", "There are no credentials for S3.", _WHERE_KEYS)
        why = code or ("no answer" if "HTTP error" in str(error) else type(error).__name__)
        message = f"{self.name} cannot be reached or does not work now ({why})."
        return RetryLater("remote_unreachable", message, "Nothing was lost; run the same command again.")


def _store(bucket: str, prefix: str, endpoint: str | None, environment: Mapping[str, str] = os.environ) -> Any:
    config: dict[str, Any] = {"checksum_algorithm": "SHA256", **s3_config(environment, Path.home())}
    if endpoint is not None:
        config["endpoint"] = endpoint
    http = str(config.get("endpoint", "")).startswith("http://")
    stores = need("obstore.store", "s3", "S3")
    return stores.S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={"allow_http": http, "connect_timeout": _CONNECT_TIMEOUT, "timeout": _REQUEST_TIMEOUT},
        retry_config={"max_retries": _RETRIES_MAX, "retry_timeout": _RETRY_TIMEOUT},
    )


def _code(error: Exception) -> str | None:
    found = _CODE.search(str(error))
    return found[1] if found else None
